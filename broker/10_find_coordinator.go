package broker

import (
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// FindCoordinator (key 10) says which broker keeps a group or a transaction.
//
// No broker does, yet: every well-formed key is answered with
// COORDINATOR_NOT_AVAILABLE, which is true and which clients try again.
//
// Versions: 1 coordinator type (KIP-98); 4 many keys at once (KIP-699); 6 share
// groups (KIP-932).
func (s *Shard) findCoordinator(q *kmsg.FindCoordinatorRequest) kmsg.Response {
	response := kmsg.NewPtrFindCoordinatorResponse()
	const message = "This broker has no group or transaction coordinator yet."
	if q.Version < 4 {
		response.ErrorCode = int16(coordinatorCode(q.CoordinatorType, q.CoordinatorKey, q.Version))
		response.ErrorMessage = kmsg.StringPtr(message)
		response.NodeID, response.Port = int32(kafka.NoBroker), -1
		return response
	}
	for _, key := range q.CoordinatorKeys {
		c := kmsg.NewFindCoordinatorResponseCoordinator()
		c.Key, c.NodeID, c.Port = key, int32(kafka.NoBroker), -1
		c.ErrorCode = int16(coordinatorCode(q.CoordinatorType, key, q.Version))
		c.ErrorMessage = kmsg.StringPtr(message)
		response.Coordinators = append(response.Coordinators, c)
	}
	return response
}

// Coordinator types of the protocol.
const (
	coordinatorOfGroup       = 0
	coordinatorOfTransaction = 1
	coordinatorOfShare       = 2
)

func coordinatorCode(kind int8, _ string, version int16) kafka.ErrorCode {
	if kind < coordinatorOfGroup || kind > coordinatorOfShare ||
		kind == coordinatorOfShare && version < 6 {
		return kafka.ErrInvalidRequest
	}
	return kafka.ErrCoordinatorNotAvailable
}
