package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeat decides on a Heartbeat.
func (c *Coordinator) heartbeat(s *Step, q *kmsg.HeartbeatRequest) {
	if g, ok := c.consumer(q.Group); ok {
		s.Decision.Add(g.ClassicHeartbeat(s.consumer(q.Group), s.Ticket, q))
		g.await(s)
		return
	}
	g := c.classic(q.Group)
	if g == nil {
		s.answer(Refuse(q, kafka.ErrUnknownMemberID))
		return
	}
	s.answer(Refuse(q, g.Heartbeat(s.classic(), q)))
}
