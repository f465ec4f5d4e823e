package broker

import (
	"odradek/core/kafka"
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
	response := s.askCoordinator(t, q, body.Group)
	if answer, ok := response.(*kmsg.OffsetCommitResponse); ok && namesUnknown(answer) &&
		s.metadataSettles(t) {
		// Its shard knows now what another may have told the client before. To commit
		// the rest once more changes nothing.
		response = s.askCoordinator(t, q, body.Group)
	}
	return response
}

// namesUnknown reports whether a commit was refused for a partition that is not there.
// Clients take that for final.
func namesUnknown(answer *kmsg.OffsetCommitResponse) bool {
	for i := range answer.Topics {
		for _, p := range answer.Topics[i].Partitions {
			switch kafka.ErrorCode(p.ErrorCode) {
			case kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID:
				return true
			}
		}
	}
	return false
}
