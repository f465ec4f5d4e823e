package group

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetDelete decides on an OffsetDelete (KIP-496).
func (c *Coordinator) offsetDelete(s *Step, q *kmsg.OffsetDeleteRequest) {
	g := c.group(q.Group)
	if g == nil {
		s.answer(Refuse(q, kafka.ErrGroupIDNotFound))
		return
	}
	if code := g.MayDeleteOffsets(); code != kafka.None {
		s.answer(Refuse(q, code))
		return
	}
	s.answer(c.offsets.Delete(s.Topics, q, g.SubscribedTo, s.Decision))
}
