package broker

import (
	"odradek/core/group"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ConsumerGroupHeartbeat (key 68) is all that a member of the consumer protocol says to its
// group: that it joins, is alive, which partitions it holds, and that it leaves. The answer
// brings its assignment when that has changed (KIP-848). A node whose
// group.coordinator.rebalance.protocols has no consumer refuses.
//
// Versions: 1 the member makes its own id (KIP-1082), subscriptions by regular expression.
func (s *Shard) consumerGroupHeartbeat(t *task.Task, q *request,
	body *kmsg.ConsumerGroupHeartbeatRequest) kmsg.Response {
	if !s.node.Groups.ConsumerProtocol {
		return group.Refuse(body, kafka.ErrUnsupportedVersion)
	}
	return s.askCoordinator(t, q, body.Group)
}
