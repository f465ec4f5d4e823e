package broker

import (
	"math"

	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ListOffsets (key 2) finds offsets by timestamp, or by one of the special
// numbers that stand for an end of the log.
//
// Strict: the answer is true of the moment it is given. "Latest" is the
// highWatermark (the lastStableOffset with read_committed). There is no tiered
// storage, so the earliest local offset is the earliest of all, and nothing is
// tiered or waits for it.
//
// Versions: 2 isolation level; 4 leader epochs (KIP-320); 7 largest timestamp
// (KIP-734); 8, 9, 11 tiered storage.
func (s *Shard) listOffsets(t *task.Task, q *kmsg.ListOffsetsRequest) kmsg.Response {
	response := kmsg.NewPtrListOffsetsResponse()
	var ids []kafka.TopicPartition
	var asked []kmsg.ListOffsetsRequestTopicPartition
	var answers []*kmsg.ListOffsetsResponseTopicPartition
	for _, topic := range q.Topics {
		if len(topic.Partitions) == 0 {
			continue // Kafka leaves it out, too
		}
		answer := kmsg.NewListOffsetsResponseTopic()
		answer.Topic = topic.Topic
		answer.Partitions = make([]kmsg.ListOffsetsResponseTopicPartition, 0, len(topic.Partitions))
		repeats := countPartitions(topic.Partitions)
		for _, partition := range topic.Partitions {
			times := repeats[partition.Partition]
			if times == 0 {
				continue // named before, and answered once
			}
			repeats[partition.Partition] = 0
			answer.Partitions = append(answer.Partitions, kmsg.NewListOffsetsResponseTopicPartition())
			place := &answer.Partitions[len(answer.Partitions)-1]
			place.Partition = partition.Partition
			id, known := s.partitionNamed(topic.Topic, kafka.Partition(partition.Partition))
			switch {
			case q.IsolationLevel < 0 || q.IsolationLevel > 1:
				place.ErrorCode = int16(kafka.ErrUnknownServerError)
				continue
			case times > 1:
				place.ErrorCode = int16(kafka.ErrInvalidRequest)
				continue
			case !known:
				place.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
				continue
			}
			ids, asked, answers = append(ids, id), append(asked, partition), append(answers, place)
		}
		response.Topics = append(response.Topics, answer)
	}
	committed := q.IsolationLevel == 1
	s.atPartitions(t, "ListOffsets", ids, func(t *task.Task, host *partition, i int) {
		found, code := host.listOffset(t, q.Version, asked[i], committed)
		if code != kafka.None {
			answers[i].ErrorCode = int16(code)
			return
		}
		answers[i].Offset = int64(found.offset)
		answers[i].Timestamp = int64(found.timestamp)
		answers[i].LeaderEpoch = int32(found.epoch)
	})
	return response
}

// countPartitions counts how often each partition is named.
func countPartitions(partitions []kmsg.ListOffsetsRequestTopicPartition) map[int32]int {
	counts := make(map[int32]int, len(partitions))
	for i := range partitions {
		counts[partitions[i].Partition]++
	}
	return counts
}

// partitionNamed finds a partition by its topic's name.
func (s *Shard) partitionNamed(topic string, p kafka.Partition) (kafka.TopicPartition, bool) {
	route := s.routes.byName[topic]
	if route == nil || route.partition(p) == nil {
		return kafka.TopicPartition{}, false
	}
	return kafka.TopicPartition{Topic: route.id, Partition: p}, true
}

// listedOffset is what ListOffsets finds.
type listedOffset struct {
	offset    kafka.Offset
	timestamp kafka.Timestamp
	epoch     kafka.LeaderEpoch
}

func nothingListed() listedOffset {
	return listedOffset{kafka.NoOffset, kafka.NoTimestamp, kafka.NoLeaderEpoch}
}

// listOffset answers for one partition, on the shard that owns it.
func (h *partition) listOffset(t *task.Task, version int16,
	q kmsg.ListOffsetsRequestTopicPartition, committed bool) (listedOffset, kafka.ErrorCode) {
	if h == nil {
		return nothingListed(), offlineCode
	}
	if h.Log.Failed() != nil {
		return nothingListed(), kafka.ErrKafkaStorageError
	}
	if code := h.checkEpoch(kafka.LeaderEpoch(q.CurrentLeaderEpoch)); code != kafka.None {
		return nothingListed(), code
	}
	if version < specialTimestampSince(kafka.Timestamp(q.Timestamp)) {
		return nothingListed(), kafka.ErrUnsupportedVersion
	}
	switch kafka.Timestamp(q.Timestamp) {
	case kafka.LatestTimestamp:
		return listedOffset{h.fetchable(committed), kafka.NoTimestamp, h.Epoch()}, kafka.None
	case kafka.EarliestTimestamp, kafka.EarliestLocalTimestamp:
		start := h.Log.FlushedStartOffset()
		return listedOffset{start, kafka.NoTimestamp, h.Log.EpochAt(start)}, kafka.None
	case kafka.LatestTieredTimestamp, kafka.EarliestPendingUpload:
		return nothingListed(), kafka.None
	case kafka.MaxTimestamp:
		return listed(h.Log.OffsetOfMaxTimestamp(t, h.fetchable(committed)))
	}
	return listed(h.Log.OffsetForTimestamp(t, kafka.Timestamp(q.Timestamp), h.fetchable(committed)))
}

func listed(found log.Found, err error) (listedOffset, kafka.ErrorCode) {
	switch {
	case err != nil:
		return nothingListed(), kafka.ErrKafkaStorageError
	case !found.Found:
		return nothingListed(), kafka.None
	}
	return listedOffset{found.Offset, found.Timestamp, found.Epoch}, kafka.None
}

// specialTimestampSince is the version that introduced a special number.
func specialTimestampSince(timestamp kafka.Timestamp) int16 {
	switch timestamp {
	case kafka.MaxTimestamp:
		return 7
	case kafka.EarliestLocalTimestamp:
		return 8
	case kafka.LatestTieredTimestamp:
		return 9
	case kafka.EarliestPendingUpload:
		return 11
	}
	if timestamp < kafka.EarliestPendingUpload {
		return math.MaxInt16 // no version has it
	}
	return 0
}
