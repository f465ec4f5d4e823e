package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// LeaveGroup (key 13) takes members out of a classic group at once, instead of after their
// session time-out.
//
// Versions: 3 several members, also by their instance ids (KIP-345); 5 reason (KIP-800).
func (s *Shard) leaveGroup(t *task.Task, q *request, body *kmsg.LeaveGroupRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
