package offset

import (
	"odradek/core/group/decision"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Delete decides on an OffsetDelete that the group permits (KIP-496): the offsets of
// topics that it does not read.
func (s *Store) Delete(topics Topics, q *kmsg.OffsetDeleteRequest, subscribed func(string) bool,
	d *decision.Decision) *kmsg.OffsetDeleteResponse {
	answer := kmsg.NewPtrOffsetDeleteResponse()
	answer.Version = q.Version
	var there []kmsg.OffsetDeleteResponseTopic
	for i := range q.Topics {
		t := &q.Topics[i]
		count := int32(0)
		if id, known := topics.TopicID(t.Topic); known {
			count = topics.PartitionCount(id)
		}
		refused, taken := kmsg.NewOffsetDeleteResponseTopic(), kmsg.NewOffsetDeleteResponseTopic()
		refused.Topic, taken.Topic = t.Topic, t.Topic
		code := kafka.None
		if subscribed(t.Topic) {
			code = kafka.ErrGroupSubscribedToTopic
		}
		for _, p := range t.Partitions {
			if p.Partition < 0 || p.Partition >= count {
				refused.Partitions = append(refused.Partitions,
					deleted(p.Partition, kafka.ErrUnknownTopicOrPartition))
				continue
			}
			taken.Partitions = append(taken.Partitions, deleted(p.Partition, code))
			key := Key{t.Topic, kafka.Partition(p.Partition)}
			if code == kafka.None && s.Get(q.Group, key) != nil {
				d.Write(tombstone(q.Group, key))
			}
		}
		switch {
		case len(refused.Partitions) > 0:
			refused.Partitions = append(refused.Partitions, taken.Partitions...)
			answer.Topics = append(answer.Topics, refused)
		case len(taken.Partitions) > 0:
			there = append(there, taken)
		case count == 0:
			answer.Topics = append(answer.Topics, refused)
		}
	}
	answer.Topics = append(answer.Topics, there...)
	return answer
}

func deleted(partition int32, code kafka.ErrorCode) kmsg.OffsetDeleteResponseTopicPartition {
	answer := kmsg.NewOffsetDeleteResponseTopicPartition()
	answer.Partition, answer.ErrorCode = partition, int16(code)
	return answer
}
