package broker

import (
	"strings"

	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// FindCoordinator (key 10) says which broker keeps a group or a transaction.
//
// No broker does, yet. A well-formed key is answered with UNSUPPORTED_VERSION, which
// ends a client with an error: with COORDINATOR_NOT_AVAILABLE, a Java consumer tries
// again for ever and says nothing.
//
// Versions: 1 coordinator type (KIP-98); 4 many keys at once (KIP-699); 6 share
// groups (KIP-932).
func (s *Shard) findCoordinator(q *kmsg.FindCoordinatorRequest) kmsg.Response {
	response := kmsg.NewPtrFindCoordinatorResponse()
	if q.Version < 4 {
		code, message := coordinatorOf(q.CoordinatorType, q.CoordinatorKey, q.Version)
		response.ErrorCode, response.ErrorMessage = int16(code), &message
		response.NodeID, response.Port = int32(kafka.NoBroker), -1
		return response
	}
	for _, key := range q.CoordinatorKeys {
		code, message := coordinatorOf(q.CoordinatorType, key, q.Version)
		c := kmsg.NewFindCoordinatorResponseCoordinator()
		c.Key, c.NodeID, c.Port = key, int32(kafka.NoBroker), -1
		c.ErrorCode, c.ErrorMessage = int16(code), &message
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

// coordinatorOf is what is said of a key.
func coordinatorOf(kind int8, key string, version int16) (kafka.ErrorCode, string) {
	missing := [...]string{
		coordinatorOfGroup:       "This broker has no consumer groups yet: name the partitions to read.",
		coordinatorOfTransaction: "This broker has no transactions yet.",
		coordinatorOfShare:       "This broker has no share groups yet.",
	}
	switch {
	case kind < coordinatorOfGroup || kind > coordinatorOfShare ||
		kind == coordinatorOfShare && version < 4:
		return kafka.ErrInvalidRequest, "This most likely occurs because of a request being " +
			"malformed by the client library or the message was sent to an incompatible broker. " +
			"See the broker logs for more details."
	case kind == coordinatorOfShare && (version < 6 || strings.Count(key, ":") < 2):
		return kafka.ErrInvalidRequest, ""
	}
	return kafka.ErrUnsupportedVersion, missing[kind]
}
