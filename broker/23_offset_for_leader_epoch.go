package broker

import (
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// OffsetForLeaderEpoch (key 23) tells where a leader epoch ends: the largest
// epoch that is not above the one asked for, and the offset behind its last
// record. A consumer finds out by it whether the log was truncated under it.
//
// Sources: KIP-101, KIP-279, KIP-320.
func (s *Shard) offsetForLeaderEpoch(
	t *task.Task, q *kmsg.OffsetForLeaderEpochRequest,
) kmsg.Response {
	response := kmsg.NewPtrOffsetForLeaderEpochResponse()
	var ids []kafka.TopicPartition
	var asked []kmsg.OffsetForLeaderEpochRequestTopicPartition
	var answers []*kmsg.OffsetForLeaderEpochResponseTopicPartition
	for _, topic := range q.Topics {
		answer := kmsg.NewOffsetForLeaderEpochResponseTopic()
		answer.Topic = topic.Topic
		answer.Partitions = make([]kmsg.OffsetForLeaderEpochResponseTopicPartition, len(topic.Partitions))
		response.Topics = append(response.Topics, answer)
		for i, partition := range topic.Partitions {
			place := &answer.Partitions[i]
			*place = kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
			place.Partition, place.EndOffset = partition.Partition, int64(kafka.NoOffset)
			id, known := s.partitionNamed(topic.Topic, kafka.Partition(partition.Partition))
			if !known {
				place.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
				continue
			}
			ids, asked, answers = append(ids, id), append(asked, partition), append(answers, place)
		}
	}
	s.atPartitions(t, "OffsetForLeaderEpoch", ids, func(_ *task.Task, host *partition, i int) {
		host.epochEnd(asked[i], answers[i])
	})
	return response
}

// epochEnd answers for one partition, on the shard that owns it.
func (h *partition) epochEnd(q kmsg.OffsetForLeaderEpochRequestTopicPartition,
	answer *kmsg.OffsetForLeaderEpochResponseTopicPartition) {
	if h == nil {
		answer.ErrorCode = int16(offlineCode)
		return
	}
	if code := h.checkEpoch(kafka.LeaderEpoch(q.CurrentLeaderEpoch)); code != kafka.None {
		answer.ErrorCode = int16(code)
		return
	}
	asked := kafka.LeaderEpoch(q.LeaderEpoch)
	epoch, end := h.Log.EndOffsetForEpoch(asked)
	if asked < kafka.NoLeaderEpoch && h.Log.LastLeaderEpoch() != kafka.NoLeaderEpoch {
		// Older than all there are, as Kafka counts: it ends where they begin.
		epoch, end = asked, h.Log.LogStartOffset()
	}
	answer.LeaderEpoch, answer.EndOffset = int32(epoch), int64(end)
}
