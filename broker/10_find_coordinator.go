package broker

import (
	"strings"

	"odradek/controller"
	"odradek/controller/metadata"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// FindCoordinator (key 10) says which broker keeps a group or a transaction.
//
// The first who asks about a group makes __consumer_offsets. Kafka answers
// COORDINATOR_NOT_AVAILABLE meanwhile; here the answer waits until the topic is there.
//
// Transactions and share groups have no coordinator yet. A well-formed key of theirs is
// answered with UNSUPPORTED_VERSION, which ends a client with an error: with
// COORDINATOR_NOT_AVAILABLE, a Java client tries again for ever and says nothing.
//
// Versions: 1 coordinator type (KIP-98); 4 many keys at once (KIP-699); 6 share
// groups (KIP-932).
func (s *Shard) findCoordinator(t *task.Task, q *request, body *kmsg.FindCoordinatorRequest,
) kmsg.Response {
	response := kmsg.NewPtrFindCoordinatorResponse()
	if body.Version < 4 {
		found := s.coordinatorOf(t, q, body.CoordinatorType, body.CoordinatorKey, body.Version)
		response.ErrorCode = int16(found.code)
		response.NodeID, response.Host, response.Port = found.node.id, found.node.host, found.node.port
		response.ErrorMessage = found.message
		if found.code == kafka.None {
			response.ErrorMessage = kmsg.StringPtr("NONE") // as Kafka does
		}
		return response
	}
	for _, key := range body.CoordinatorKeys {
		found := s.coordinatorOf(t, q, body.CoordinatorType, key, body.Version)
		c := kmsg.NewFindCoordinatorResponseCoordinator()
		c.Key, c.NodeID, c.Host, c.Port = key, found.node.id, found.node.host, found.node.port
		c.ErrorCode, c.ErrorMessage = int16(found.code), found.message
		if found.code == kafka.None {
			c.ErrorMessage = new(string) // as Kafka does
		}
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

// foundCoordinator is what is said of one key.
type foundCoordinator struct {
	node    reachableBroker
	code    kafka.ErrorCode
	message *string
}

func noCoordinator(code kafka.ErrorCode, message string) foundCoordinator {
	return foundCoordinator{reachableBroker{id: int32(kafka.NoBroker), port: -1}, code, &message}
}

func (s *Shard) coordinatorOf(t *task.Task, q *request, kind int8, key string,
	version int16) foundCoordinator {
	switch {
	case kind < coordinatorOfGroup || kind > coordinatorOfShare ||
		kind == coordinatorOfShare && version < 4:
		return noCoordinator(kafka.ErrInvalidRequest, "This most likely occurs because of a request"+
			" being malformed by the client library or the message was sent to an incompatible"+
			" broker. See the broker logs for more details.")
	case kind == coordinatorOfShare && (version < 6 || strings.Count(key, ":") < 2):
		return noCoordinator(kafka.ErrInvalidRequest, "")
	case kind == coordinatorOfTransaction:
		return noCoordinator(kafka.ErrUnsupportedVersion, "This broker has no transactions yet.")
	case kind == coordinatorOfShare:
		return noCoordinator(kafka.ErrUnsupportedVersion, "This broker has no share groups yet.")
	}
	home, ok := s.homeOfGroup(key)
	if !ok {
		s.createOffsetsTopic(t)
		home, ok = s.homeOfGroup(key)
	}
	if !ok {
		return noCoordinator(kafka.ErrCoordinatorNotAvailable, coordinatorNotAvailable)
	}
	leader := s.image.Topic(kafka.ConsumerOffsetsTopic).Partition(home.partition).Leader
	for _, b := range s.reachableBrokers(q.session) {
		if b.id == int32(leader) {
			return foundCoordinator{node: b}
		}
	}
	return noCoordinator(kafka.ErrCoordinatorNotAvailable, coordinatorNotAvailable)
}

const coordinatorNotAvailable = "The coordinator is not available."

// createOffsetsTopic makes __consumer_offsets. If that cannot be done, the client asks again.
func (s *Shard) createOffsetsTopic(t *task.Task) {
	_ = s.change(t, "create "+kafka.ConsumerOffsetsTopic, func(v controller.View,
		ids controller.Random) []metadata.Record {
		records, _ := controller.CreateOffsetsTopic(v, ids)
		return records
	})
}
