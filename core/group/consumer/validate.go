package consumer

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/kafka"
)

// clientMadeID is the version of ConsumerGroupHeartbeat from which members bring an id
// with them when they join.
const clientMadeID = 1

// validate checks what can be checked of a heartbeat without looking at its group.
// Source: Kafka, GroupCoordinatorService.throwIfConsumerGroupHeartbeatRequestIsInvalid.
func validate(q *kmsg.ConsumerGroupHeartbeatRequest, s *Settings) *fault {
	epoch := kafka.MemberEpoch(q.MemberEpoch)
	needsID := q.Version >= clientMadeID || epoch > kafka.JoinEpoch || epoch == kafka.LeaveEpoch
	for _, field := range []struct {
		name  string
		value *string
		skip  bool
	}{
		{"MemberId", &q.MemberID, !needsID}, {"GroupId", &q.Group, false},
		{"InstanceId", q.InstanceID, false}, {"RackId", q.RackID, false},
	} {
		if !field.skip && field.value != nil && strings.TrimSpace(*field.value) == "" {
			return refuse(kafka.ErrInvalidRequest, "%s can't be empty.", field.name)
		}
	}
	if f := validateEpoch(q, epoch); f != nil {
		return f
	}
	if q.ServerAssignor != nil && !s.supports(*q.ServerAssignor) {
		return refuse(kafka.ErrUnsupportedAssignor,
			"ServerAssignor %s is not supported. Supported assignors: %s.",
			*q.ServerAssignor, strings.Join(s.Assignors, ", "))
	}
	return nil
}

// validateEpoch checks what depends on whether the member joins, stays or leaves.
func validateEpoch(q *kmsg.ConsumerGroupHeartbeatRequest, epoch kafka.MemberEpoch) *fault {
	switch {
	case epoch == kafka.JoinEpoch:
		switch {
		case q.RebalanceTimeoutMillis == -1:
			return refuse(kafka.ErrInvalidRequest,
				"RebalanceTimeoutMs must be provided in first request.")
		case q.Topics == nil || len(q.Topics) > 0:
			return refuse(kafka.ErrInvalidRequest, "TopicPartitions must be empty when (re-)joining.")
		case q.SubscribedTopicNames == nil && q.SubscribedTopicRegex == nil:
			return refuse(kafka.ErrInvalidRequest,
				"Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.")
		}
	case epoch == kafka.StaticLeaveEpoch && q.InstanceID == nil:
		return refuse(kafka.ErrInvalidRequest, "InstanceId can't be null.")
	case epoch < kafka.StaticLeaveEpoch:
		return refuse(kafka.ErrInvalidRequest, "MemberEpoch is invalid.")
	}
	return nil
}
