package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// syncGroup decides on a SyncGroup.
func (c *Coordinator) syncGroup(s *Step, q *kmsg.SyncGroupRequest) {
	if g, ok := c.consumer(q.Group); ok {
		s.Decision.Add(g.Sync(s.consumer(q.Group), s.Ticket, q))
		g.await(s)
		return
	}
	g := c.classic(q.Group)
	if g == nil {
		s.answer(Refuse(q, kafka.ErrUnknownMemberID))
		return
	}
	g.Sync(s.classic(), q)
}
