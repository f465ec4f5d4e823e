package group

import (
	"odradek/core/group/offset"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Refuse is the answer to a request that fails as a whole: its coordinator is elsewhere
// (NOT_COORDINATOR), is being loaded (COORDINATOR_LOAD_IN_PROGRESS), or could not write
// (see WriteError). Each API has its own place for the code.
//
// A Heartbeat while the coordinator is being loaded is answered without an error, so
// that the member need not do anything about it.
func Refuse(q kmsg.Request, code kafka.ErrorCode) kmsg.Response {
	answer := refuse(q, code)
	answer.SetVersion(q.GetVersion())
	return answer
}

func refuse(q kmsg.Request, code kafka.ErrorCode) kmsg.Response {
	switch q := q.(type) {
	case *kmsg.JoinGroupRequest:
		answer := kmsg.NewPtrJoinGroupResponse()
		answer.ErrorCode, answer.MemberID = int16(code), q.MemberID
		return answer
	case *kmsg.SyncGroupRequest:
		answer := kmsg.NewPtrSyncGroupResponse()
		answer.ErrorCode = int16(code)
		return answer
	case *kmsg.HeartbeatRequest:
		answer := kmsg.NewPtrHeartbeatResponse()
		if code != kafka.ErrCoordinatorLoadInProgress {
			answer.ErrorCode = int16(code)
		}
		return answer
	case *kmsg.LeaveGroupRequest:
		answer := kmsg.NewPtrLeaveGroupResponse()
		answer.ErrorCode = int16(code)
		return answer
	case *kmsg.OffsetCommitRequest:
		return refuseCommit(q, code)
	case *kmsg.OffsetFetchRequest:
		return refuseFetch(q, code)
	case *kmsg.DescribeGroupsRequest:
		return refuseDescribe(q, code)
	case *kmsg.DeleteGroupsRequest:
		return refuseDelete(q, code)
	case *kmsg.ConsumerGroupDescribeRequest:
		return refuseConsumerDescribe(q, code)
	}
	return refuseWhole(q, code)
}

// refuseWhole is for the APIs that have one code for all that is asked.
func refuseWhole(q kmsg.Request, code kafka.ErrorCode) kmsg.Response {
	switch answer := q.ResponseKind().(type) {
	case *kmsg.ListGroupsResponse:
		answer.ErrorCode = int16(code)
		return answer
	case *kmsg.OffsetDeleteResponse:
		answer.ErrorCode = int16(code)
		return answer
	case *kmsg.ConsumerGroupHeartbeatResponse:
		answer.ErrorCode = int16(code)
		return answer
	default:
		return answer
	}
}

func refuseCommit(q *kmsg.OffsetCommitRequest, code kafka.ErrorCode) kmsg.Response {
	answer := kmsg.NewPtrOffsetCommitResponse()
	for i := range q.Topics {
		t := &q.Topics[i]
		topic := kmsg.NewOffsetCommitResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			partition := kmsg.NewOffsetCommitResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, int16(code)
			topic.Partitions = append(topic.Partitions, partition)
		}
		answer.Topics = append(answer.Topics, topic)
	}
	return answer
}

func refuseFetch(q *kmsg.OffsetFetchRequest, code kafka.ErrorCode) kmsg.Response {
	var groups []kmsg.OffsetFetchResponseGroup
	fetches := offset.Fetches(q)
	for i := range fetches {
		groups = append(groups, offset.RefuseFetch(q.Version, &fetches[i], code))
	}
	return offset.FetchResponse(q.Version, groups)
}

func refuseDescribe(q *kmsg.DescribeGroupsRequest, code kafka.ErrorCode) kmsg.Response {
	answer := kmsg.NewPtrDescribeGroupsResponse()
	for _, id := range q.Groups {
		group := kmsg.NewDescribeGroupsResponseGroup()
		group.Group, group.ErrorCode = id, int16(code)
		answer.Groups = append(answer.Groups, group)
	}
	return answer
}

func refuseConsumerDescribe(q *kmsg.ConsumerGroupDescribeRequest,
	code kafka.ErrorCode) kmsg.Response {
	answer := kmsg.NewPtrConsumerGroupDescribeResponse()
	for _, id := range q.Groups {
		group := kmsg.NewConsumerGroupDescribeResponseGroup()
		group.Group, group.ErrorCode = id, int16(code)
		answer.Groups = append(answer.Groups, group)
	}
	return answer
}

func refuseDelete(q *kmsg.DeleteGroupsRequest, code kafka.ErrorCode) kmsg.Response {
	answer := kmsg.NewPtrDeleteGroupsResponse()
	for _, id := range q.Groups {
		group := kmsg.NewDeleteGroupsResponseGroup()
		group.Group, group.ErrorCode = id, int16(code)
		answer.Groups = append(answer.Groups, group)
	}
	return answer
}

// WriteError is what a client of a group is told when records could not be written: it
// knows of coordinators, not of the partitions they write to. Old consumers do not
// expect COORDINATOR_NOT_AVAILABLE of an OffsetFetch.
func WriteError(q kmsg.Request, code kafka.ErrorCode) kafka.ErrorCode {
	switch code {
	case kafka.ErrUnknownTopicOrPartition, kafka.ErrNotEnoughReplicas, kafka.ErrRequestTimedOut:
		if _, fetch := q.(*kmsg.OffsetFetchRequest); fetch {
			return kafka.ErrNotCoordinator
		}
		return kafka.ErrCoordinatorNotAvailable
	case kafka.ErrNotLeaderOrFollower, kafka.ErrKafkaStorageError:
		return kafka.ErrNotCoordinator
	case kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge, kafka.ErrInvalidFetchSize:
		return kafka.ErrUnknownServerError
	}
	return code
}
