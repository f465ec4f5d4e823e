package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// OffsetCommit (key 8) writes down how far a group has read. It is answered when that is
// durable.
//
// What names a topic or partition that is not there is refused by itself; the rest is
// committed all the same.
//
// Versions: 3 answers may be throttled; 5 no retention time of its own (KIP-211); 6 leader
// epoch (KIP-320); 7 static members (KIP-345); 9 consumer protocol (KIP-848); 10 topic ids.
func (s *Shard) offsetCommit(t *task.Task, q *request,
	body *kmsg.OffsetCommitRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
