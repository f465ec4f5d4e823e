package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// deleteGroups decides on a DeleteGroups: groups without members go, with their offsets.
// One that is named twice is answered once.
func (c *Coordinator) deleteGroups(s *Step, q *kmsg.DeleteGroupsRequest) {
	answer := kmsg.NewPtrDeleteGroupsResponse()
	answer.Version = q.Version
	seen := make(map[string]bool, len(q.Groups))
	for _, id := range q.Groups {
		if seen[id] {
			continue
		}
		seen[id] = true
		group := kmsg.NewDeleteGroupsResponseGroup()
		group.Group, group.ErrorCode = id, int16(c.deleteGroup(s, id))
		answer.Groups = append(answer.Groups, group)
	}
	s.answer(answer)
}

func (c *Coordinator) deleteGroup(s *Step, id string) kafka.ErrorCode {
	g := c.group(id)
	if g == nil {
		return kafka.ErrGroupIDNotFound
	}
	if code := g.MayDelete(); code != kafka.None {
		return code
	}
	s.Decision.Write(c.offsets.Tombstones(id)...)
	s.Decision.Write(g.Tombstones()...)
	return kafka.None
}
