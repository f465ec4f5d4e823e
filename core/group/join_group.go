package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// joinGroup decides on a JoinGroup. A group that there is not yet is made by a member
// without an id, and written at once, whatever becomes of the member: so it is with
// Kafka, whose tools show it. A member that comes with an id to a group that there is
// not has been forgotten together with it.
func (c *Coordinator) joinGroup(s *Step, q *kmsg.JoinGroupRequest) {
	q.Protocols = distinctProtocols(q.Protocols)
	if g, ok := c.consumer(q.Group); ok {
		if !g.Empty() {
			d, down := g.Join(s.consumer(q.Group), s.Ticket, q)
			s.Decision.Add(d)
			c.settle(s, g, down)
			return
		}
		if q.MemberID == "" {
			// Without members the group may be of any kind.
			g.Retire()
			s.Decision.Write(g.Tombstones()...)
		}
	}
	g := c.classic(q.Group)
	made := g == nil
	if made {
		if q.MemberID != "" {
			s.answer(Refuse(q, kafka.ErrUnknownMemberID))
			return
		}
		g = c.newClassic(q.Group, s.Wall)
	}
	step := s.classic()
	if made {
		g.WriteEmpty(step)
	}
	g.Join(step, q)
}

// distinctProtocols leaves out protocols whose name has come before. Kafka counts them
// twice, finds no protocol that all members support, and answers nobody any more.
func distinctProtocols(protocols []kmsg.JoinGroupRequestProtocol) []kmsg.JoinGroupRequestProtocol {
	seen := make(map[string]bool, len(protocols))
	left := make([]kmsg.JoinGroupRequestProtocol, 0, len(protocols))
	for _, p := range protocols {
		if !seen[p.Name] {
			seen[p.Name] = true
			left = append(left, p)
		}
	}
	return left
}
