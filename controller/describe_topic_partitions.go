package controller

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/core/kafka"
)

// DescribeTopicPartitions answers a DescribeTopicPartitions request, version 0:
// topics and their partitions in pages. Topics come in the order of their names,
// all of them when none is named. A page ends after response_partition_limit
// partitions, or after max.request.partition.size.limit; its cursor says where
// the next one begins.
//
// A cursor that names none of the topics asked for, or no partition, is
// INVALID_REQUEST, which every topic of the request gets: the response has no
// other place for it. Source: KIP-966.
func DescribeTopicPartitions(v View,
	request *kmsg.DescribeTopicPartitionsRequest) *kmsg.DescribeTopicPartitionsResponse {
	first, firstPartition := "", kafka.Partition(0)
	if request.Cursor != nil {
		first, firstPartition = request.Cursor.Topic, kafka.Partition(request.Cursor.Partition)
	}
	if firstPartition < 0 {
		return refusePage(request)
	}
	p := topicPage{view: v, first: first, firstPartition: firstPartition,
		response: request.ResponseKind().(*kmsg.DescribeTopicPartitionsResponse)}
	limit := v.setting(config.MaxRequestPartitions)
	p.remaining = int(max(1, min(limit, int64(request.ResponsePartitionLimit))))

	if len(request.Topics) == 0 {
		for topic := range v.Image.TopicsFrom(first) {
			if !p.add(topic.Name, topic) {
				break
			}
		}
		return p.response
	}
	names := make([]string, 0, len(request.Topics))
	for _, topic := range request.Topics {
		if topic.Topic >= first {
			names = append(names, topic.Topic)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if request.Cursor != nil && (len(names) == 0 || names[0] != first) {
		return refusePage(request)
	}
	for _, name := range names {
		if !p.add(name, v.Image.Topic(name)) {
			break
		}
	}
	return p.response
}

// refusePage answers every topic of a request with INVALID_REQUEST.
func refusePage(
	request *kmsg.DescribeTopicPartitionsRequest) *kmsg.DescribeTopicPartitionsResponse {
	response := request.ResponseKind().(*kmsg.DescribeTopicPartitionsResponse)
	for i := range request.Topics {
		entry := kmsg.NewDescribeTopicPartitionsResponseTopic()
		entry.Topic = &request.Topics[i].Topic
		entry.ErrorCode = int16(kafka.ErrInvalidRequest)
		response.Topics = append(response.Topics, entry)
	}
	return response
}

// topicPage is one answer in work.
type topicPage struct {
	view     View
	response *kmsg.DescribeTopicPartitionsResponse
	// first and firstPartition are where the page begins.
	first          string
	firstPartition kafka.Partition
	// remaining is how many partitions still fit.
	remaining int
}

// add puts a topic on the page; topic is nil when there is none of that name. It
// reports whether there is room for another.
func (p *topicPage) add(name string, topic *image.Topic) (more bool) {
	if p.remaining == 0 {
		p.end(name, 0)
		return false
	}
	entry := kmsg.NewDescribeTopicPartitionsResponseTopic()
	entry.Topic = &name
	entry.IsInternal = IsInternal(name)
	entry.AuthorizedOperations = TopicOperations
	if topic == nil {
		entry.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
		if CheckTopicName(name) != "" {
			entry.ErrorCode = int16(kafka.ErrInvalidTopicException)
		}
		p.response.Topics = append(p.response.Topics, entry)
		return true
	}
	entry.TopicID = topic.ID
	begin := 0
	if name == p.first {
		begin = min(int(p.firstPartition), topic.PartitionCount())
	}
	end := min(begin+p.remaining, topic.PartitionCount())
	for i := begin; i < end; i++ {
		entry.Partitions = append(entry.Partitions, p.partition(topic, i))
	}
	p.response.Topics = append(p.response.Topics, entry)
	p.remaining -= end - begin
	if end < topic.PartitionCount() {
		p.end(name, end)
		return false
	}
	return true
}

func (p *topicPage) end(name string, partition int) {
	cursor := kmsg.NewDescribeTopicPartitionsResponseNextCursor()
	cursor.Topic, cursor.Partition = name, int32(partition)
	p.response.NextCursor = &cursor
}

func (p *topicPage) partition(topic *image.Topic,
	index int) kmsg.DescribeTopicPartitionsResponseTopicPartition {
	partition := topic.Partitions()[index]
	entry := kmsg.NewDescribeTopicPartitionsResponseTopicPartition()
	entry.Partition = int32(index)
	entry.LeaderID = int32(partition.Leader)
	entry.LeaderEpoch = int32(partition.LeaderEpoch)
	entry.Replicas = rawIDs(partition.Replicas)
	entry.ISR = rawIDs(partition.ISR)
	entry.EligibleLeaderReplicas = rawIDs(partition.ELR)
	entry.LastKnownELR = rawIDs(partition.LastKnownELR)
	entry.OfflineReplicas = rawIDs(OfflineReplicas(p.view.Image, partition))
	if leader := p.view.Image.Broker(partition.Leader); leader == nil || leader.Fenced {
		entry.LeaderID = int32(kafka.NoBroker)
	}
	return entry
}

// OfflineReplicas returns the replicas of a partition whose broker is not there
// or fenced, as Metadata reports them.
func OfflineReplicas(img *image.Image, partition *image.Partition) []kafka.BrokerID {
	var offline []kafka.BrokerID
	for _, id := range partition.Replicas {
		if broker := img.Broker(id); broker == nil || broker.Fenced {
			offline = append(offline, id)
		}
	}
	return offline
}

func rawIDs(ids []kafka.BrokerID) []int32 {
	raw := make([]int32, len(ids))
	for i, id := range ids {
		raw[i] = int32(id)
	}
	return raw
}
