package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Heartbeat (key 12) says that a member of a classic group is alive, and tells it when the
// group rebalances. While the group is being loaded it is answered with success, as Kafka
// does: the member is known again in a moment, and has no need to join anew.
//
// Versions: 3 static members (KIP-345).
func (s *Shard) heartbeat(t *task.Task, q *request, body *kmsg.HeartbeatRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
