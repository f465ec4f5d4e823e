package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// OffsetDelete (key 47) removes a group's committed offsets of topics that none of its
// members subscribes to (KIP-496). Topics that are not there are refused one by one.
func (s *Shard) offsetDelete(t *task.Task, q *request,
	body *kmsg.OffsetDeleteRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
