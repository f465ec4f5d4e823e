package offset

import (
	"odradek/core/group/record"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Fetches are the groups an OffsetFetch asks for: since version 8 there can be several,
// before the request is about one.
func Fetches(q *kmsg.OffsetFetchRequest) []kmsg.OffsetFetchRequestGroup {
	if q.Version >= 8 {
		return q.Groups
	}
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = q.Group
	if q.Topics != nil {
		group.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
	}
	for i := range q.Topics {
		topic := kmsg.NewOffsetFetchRequestGroupTopic()
		topic.Topic, topic.Partitions = q.Topics[i].Topic, q.Topics[i].Partitions
		group.Topics = append(group.Topics, topic)
	}
	return []kmsg.OffsetFetchRequestGroup{group}
}

// FetchResponse puts together the answer to an OffsetFetch of one group or several.
func FetchResponse(version int16,
	groups []kmsg.OffsetFetchResponseGroup) *kmsg.OffsetFetchResponse {
	answer := kmsg.NewPtrOffsetFetchResponse()
	answer.Version = version
	if version >= 8 {
		answer.Groups = groups
		return answer
	}
	for i := range groups {
		answer.ErrorCode = groups[i].ErrorCode
		for _, t := range groups[i].Topics {
			topic := kmsg.NewOffsetFetchResponseTopic()
			topic.Topic = t.Topic
			for _, p := range t.Partitions {
				topic.Partitions = append(topic.Partitions, kmsg.OffsetFetchResponseTopicPartition(p))
			}
			answer.Topics = append(answer.Topics, topic)
		}
	}
	return answer
}

// RefuseFetch answers for one group with an error. Before version 2 there was no room
// for one but in the partitions.
func RefuseFetch(version int16, q *kmsg.OffsetFetchRequestGroup,
	code kafka.ErrorCode) kmsg.OffsetFetchResponseGroup {
	answer := kmsg.NewOffsetFetchResponseGroup()
	answer.Group, answer.ErrorCode = q.Group, int16(code)
	if version >= 2 {
		return answer
	}
	for i := range q.Topics {
		answer.Topics = append(answer.Topics, refusedTopic(&q.Topics[i], code))
	}
	return answer
}

func refusedTopic(q *kmsg.OffsetFetchRequestGroupTopic,
	code kafka.ErrorCode) kmsg.OffsetFetchResponseGroupTopic {
	answer := kmsg.NewOffsetFetchResponseGroupTopic()
	answer.Topic, answer.TopicID = q.Topic, q.TopicID
	for _, partition := range q.Partitions {
		none := fetched(kafka.Partition(partition), nil)
		none.ErrorCode = int16(code)
		answer.Partitions = append(answer.Partitions, none)
	}
	return answer
}

// Fetch answers for one group: how far it has read the partitions that are asked for, or
// all that it has read when no topics are named. A group that there is not has read
// nothing, which is no error.
func (s *Store) Fetch(topics Topics, version int16,
	q *kmsg.OffsetFetchRequestGroup) kmsg.OffsetFetchResponseGroup {
	answer := kmsg.NewOffsetFetchResponseGroup()
	answer.Group = q.Group
	if q.Topics == nil {
		answer.Topics = s.fetchAll(topics, version, q.Group)
		return answer
	}
	var unknown []kmsg.OffsetFetchResponseGroupTopic
	for i := range q.Topics {
		t := &q.Topics[i]
		name := t.Topic
		if version >= 10 {
			var known bool
			if name, known = topics.TopicName(t.TopicID); !known {
				unknown = append(unknown, refusedTopic(t, kafka.ErrUnknownTopicID))
				continue
			}
		}
		topic := kmsg.NewOffsetFetchResponseGroupTopic()
		topic.Topic, topic.TopicID = name, t.TopicID
		for _, partition := range t.Partitions {
			p := kafka.Partition(partition)
			value := s.Get(q.Group, Key{name, p})
			if value != nil && another(value.TopicID, t.TopicID) {
				value = nil
			}
			topic.Partitions = append(topic.Partitions, fetched(p, value))
		}
		answer.Topics = append(answer.Topics, topic)
	}
	answer.Topics = append(answer.Topics, unknown...)
	return answer
}

// another reports whether an offset was committed for a topic that had the name before:
// both ids are known, and differ.
func another(committed, asked kafka.TopicID) bool {
	return !committed.IsZero() && !asked.IsZero() && committed != asked
}

// fetchAll is all offsets of a group. In version 10 there is no room for a topic whose
// id nobody knows.
func (s *Store) fetchAll(topics Topics, version int16,
	group string) []kmsg.OffsetFetchResponseGroupTopic {
	var answer []kmsg.OffsetFetchResponseGroupTopic
	last := ""
	for key, value := range s.Of(group) {
		if len(answer) == 0 || last != key.Topic {
			topic := kmsg.NewOffsetFetchResponseGroupTopic()
			topic.Topic, last = key.Topic, key.Topic
			if version >= 10 {
				topic.TopicID, _ = topics.TopicID(key.Topic)
			}
			answer = append(answer, topic)
		}
		topic := &answer[len(answer)-1]
		topic.Partitions = append(topic.Partitions, fetched(key.Partition, value))
	}
	if version < 10 {
		return answer
	}
	known := answer[:0]
	for _, topic := range answer {
		if !kafka.TopicID(topic.TopicID).IsZero() {
			known = append(known, topic)
		}
	}
	return known
}

// fetched is an offset as it is answered; nil: none.
func fetched(partition kafka.Partition,
	value *record.OffsetCommitValue) kmsg.OffsetFetchResponseGroupTopicPartition {
	answer := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	answer.Partition, answer.Offset = int32(partition), int64(kafka.NoOffset)
	answer.LeaderEpoch = int32(kafka.NoLeaderEpoch)
	metadata := ""
	if value != nil {
		answer.Offset, answer.LeaderEpoch = int64(value.Offset), int32(value.LeaderEpoch)
		metadata = value.Metadata
	}
	answer.Metadata = &metadata
	return answer
}
