package group

import (
	"odradek/core/group/classic"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// acceptable checks a request as far as no group is needed for it. Strings that are
// longer than Kafka's protocol has them could not be written.
func (c *Coordinator) acceptable(from decision.Client, q kmsg.Request) kafka.ErrorCode {
	if !c.loaded {
		return kafka.ErrCoordinatorLoadInProgress
	}
	for _, text := range textsOf(q) {
		if len(text) > record.StringBytesMax {
			return kafka.ErrInvalidRequest
		}
	}
	switch q := q.(type) {
	case *kmsg.JoinGroupRequest:
		return c.acceptableJoin(from, q)
	case *kmsg.SyncGroupRequest:
		if q.Version >= 5 && (q.ProtocolType == nil || q.Protocol == nil) {
			return kafka.ErrInconsistentGroupProtocol
		}
		return groupNamed(q.Group)
	case *kmsg.HeartbeatRequest:
		return groupNamed(q.Group)
	case *kmsg.LeaveGroupRequest:
		return groupNamed(q.Group)
	case *kmsg.OffsetDeleteRequest:
		return groupNamed(q.Group)
	}
	return kafka.None
}

// groupNamed checks a group id. That of offsets alone may be empty: clients that name no
// group have always been able to commit.
func groupNamed(id string) kafka.ErrorCode {
	if id == "" {
		return kafka.ErrInvalidGroupID
	}
	return kafka.None
}

// acceptableJoin checks a JoinGroup.
func (c *Coordinator) acceptableJoin(from decision.Client,
	q *kmsg.JoinGroupRequest) kafka.ErrorCode {
	if q.Group == "" {
		return kafka.ErrInvalidGroupID
	}
	settings := c.options.Settings().Classic
	if q.SessionTimeoutMillis < settings.GroupMinSessionTimeoutMs ||
		q.SessionTimeoutMillis > settings.GroupMaxSessionTimeoutMs {
		return kafka.ErrInvalidSessionTimeout
	}
	name := from.ID
	if q.InstanceID != nil {
		name = *q.InstanceID
	}
	if len(name)+classic.MemberIDSuffixBytes > record.StringBytesMax {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}

// textsOf are the strings of a request that may come to be written.
func textsOf(q kmsg.Request) []string {
	switch q := q.(type) {
	case *kmsg.JoinGroupRequest:
		texts := []string{q.Group, q.MemberID, q.ProtocolType}
		for i := range q.Protocols {
			texts = append(texts, q.Protocols[i].Name)
		}
		return texts
	case *kmsg.OffsetCommitRequest:
		return []string{q.Group}
	case *kmsg.ConsumerGroupHeartbeatRequest:
		return []string{q.Group, q.MemberID}
	}
	return nil
}
