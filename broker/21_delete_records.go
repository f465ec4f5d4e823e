package broker

import (
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DeleteRecords (key 21) moves the logStartOffset of partitions up: records
// before it are gone. The move is durable before it is answered.
//
// Offset -1 is the highWatermark. A topic that is only compacted refuses
// (POLICY_VIOLATION). Source: KIP-107.
func (s *Shard) deleteRecords(t *task.Task, q *kmsg.DeleteRecordsRequest) kmsg.Response {
	response := kmsg.NewPtrDeleteRecordsResponse()
	var ids []kafka.TopicPartition
	var before []kafka.Offset
	var answers []*kmsg.DeleteRecordsResponseTopicPartition
	for _, topic := range q.Topics {
		if len(topic.Partitions) == 0 {
			continue
		}
		partitions := lastMentions(topic.Partitions)
		answer := kmsg.NewDeleteRecordsResponseTopic()
		answer.Topic = topic.Topic
		answer.Partitions = make([]kmsg.DeleteRecordsResponseTopicPartition, len(partitions))
		response.Topics = append(response.Topics, answer)
		for i, partition := range partitions {
			place := &answer.Partitions[i]
			*place = kmsg.NewDeleteRecordsResponseTopicPartition()
			place.Partition, place.LowWatermark = partition.Partition, int64(kafka.NoOffset)
			id, known := s.partitionNamed(topic.Topic, kafka.Partition(partition.Partition))
			if !known {
				place.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
				continue
			}
			ids, answers = append(ids, id), append(answers, place)
			before = append(before, kafka.Offset(partition.Offset))
		}
	}
	s.atPartitions(t, "DeleteRecords", ids, func(t *task.Task, host *partition, i int) {
		start, code := host.deleteRecords(t, before[i])
		answers[i].ErrorCode = int16(code)
		if code == kafka.None {
			answers[i].LowWatermark = int64(start)
		}
	})
	return response
}

// lastMentions returns each partition once: the last time that it is named
// counts, in the place of the first.
func lastMentions(
	named []kmsg.DeleteRecordsRequestTopicPartition,
) []kmsg.DeleteRecordsRequestTopicPartition {
	places := make(map[int32]int, len(named))
	var once []kmsg.DeleteRecordsRequestTopicPartition
	for _, p := range named {
		if at, again := places[p.Partition]; again {
			once[at] = p
			continue
		}
		places[p.Partition] = len(once)
		once = append(once, p)
	}
	return once
}

// deleteRecords moves one partition's logStartOffset, on the shard that owns it.
func (h *partition) deleteRecords(
	t *task.Task, before kafka.Offset,
) (kafka.Offset, kafka.ErrorCode) {
	switch {
	case h == nil:
		return 0, offlineCode
	case h.Log.Failed() != nil:
		return 0, kafka.ErrKafkaStorageError
	case h.compactOnly:
		return 0, kafka.ErrPolicyViolation
	}
	if before == kafka.NoOffset {
		before = h.HighWatermark()
	}
	if before < 0 || before > h.HighWatermark() {
		return 0, kafka.ErrOffsetOutOfRange
	}
	if err := h.Log.DeleteRecordsAndWait(t, before); err != nil {
		return 0, kafka.ErrKafkaStorageError
	}
	return h.Log.FlushedStartOffset(), kafka.None
}
