package classic

import (
	"odradek/core/assert"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Heartbeat handles a Heartbeat of any version: the member is there, and is told if it
// has to join. While the leader divides it has not: it knows the generation already.
func (g *Group) Heartbeat(s *Step, q *kmsg.HeartbeatRequest) kafka.ErrorCode {
	if code := g.validate(q.MemberID, q.InstanceID); code != kafka.None {
		return code
	}
	if kafka.Generation(q.Generation) != g.generation {
		return kafka.ErrIllegalGeneration
	}
	assert.That(g.state != Empty, "an empty group has no member that could ask")
	s.Decision.Volatile = true
	g.prolong(s, g.byID[q.MemberID])
	if g.state == PreparingRebalance {
		return kafka.ErrRebalanceInProgress
	}
	return kafka.None
}
