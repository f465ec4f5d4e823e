package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// heartbeat decides on a Heartbeat.
func (c *Coordinator) heartbeat(s *Step, q *kmsg.HeartbeatRequest) {
	g := c.classic(q.Group)
	if g == nil {
		s.answer(Refuse(q, kafka.ErrUnknownMemberID))
		return
	}
	s.answer(Refuse(q, g.Heartbeat(s.classic(), q)))
}
