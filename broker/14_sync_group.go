package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// SyncGroup (key 14) brings the leader's assignment, and fetches the member's own. It is
// answered when the leader's has come.
//
// Versions: 3 static members (KIP-345); 5 protocol type and name (KIP-559).
func (s *Shard) syncGroup(t *task.Task, q *request, body *kmsg.SyncGroupRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
