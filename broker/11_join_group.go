package broker

import (
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// JoinGroup (key 11) makes a client a member of a classic group, or has a member take part
// in a rebalance. It is answered when the members of the next generation are known, so it
// may wait for as long as the slowest member's rebalance time-out.
//
// Versions: 1 rebalance time-out; 4 the member's id is given before it joins (KIP-394); 5
// static members (KIP-345); 7 protocol type (KIP-559); 8 reason (KIP-800); 9 the leader may
// leave the assignment as it is (KIP-814).
func (s *Shard) joinGroup(t *task.Task, q *request, body *kmsg.JoinGroupRequest) kmsg.Response {
	return s.askCoordinator(t, q, body.Group)
}
