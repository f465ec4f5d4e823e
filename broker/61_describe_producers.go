package broker

import (
	"odradek/controller"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// DescribeProducers (key 61) tells which idempotent producers a partition
// remembers, and where each of them is. Source: KIP-664.
func (s *Shard) describeProducers(t *task.Task, q *kmsg.DescribeProducersRequest) kmsg.Response {
	response := kmsg.NewPtrDescribeProducersResponse()
	var ids []kafka.TopicPartition
	var answers []*kmsg.DescribeProducersResponseTopicPartition
	for _, topic := range q.Topics {
		answer := kmsg.NewDescribeProducersResponseTopic()
		answer.Topic = topic.Topic
		answer.Partitions = make([]kmsg.DescribeProducersResponseTopicPartition, len(topic.Partitions))
		response.Topics = append(response.Topics, answer)
		for i, partition := range topic.Partitions {
			place := &answer.Partitions[i]
			*place = kmsg.NewDescribeProducersResponseTopicPartition()
			place.Partition = partition
			if problem := controller.CheckTopicName(topic.Topic); problem != "" {
				place.ErrorCode, place.ErrorMessage = int16(kafka.ErrInvalidTopicException), &problem
				continue
			}
			id, known := s.partitionNamed(topic.Topic, kafka.Partition(partition))
			if !known {
				place.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
				if s.routes.byName[topic.Topic] == nil {
					place.ErrorMessage = kmsg.StringPtr("This server does not host this topic-partition.")
				}
				continue
			}
			ids, answers = append(ids, id), append(answers, place)
		}
	}
	s.atPartitions(t, "DescribeProducers", ids, func(_ *task.Task, host *partition, i int) {
		if host == nil {
			answers[i].ErrorCode = int16(offlineCode)
			return
		}
		for _, p := range host.Log.Producers() {
			active := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
			active.ProducerID, active.ProducerEpoch = int64(p.ID), int32(p.Epoch)
			active.LastSequence, active.LastTimestamp = int32(p.LastSequence), int64(p.LastTimestamp)
			// No transaction was ever open here.
			active.CoordinatorEpoch, active.CurrentTxnStartOffset = -1, int64(kafka.NoOffset)
			answers[i].ActiveProducers = append(answers[i].ActiveProducers, active)
		}
	})
	return response
}
