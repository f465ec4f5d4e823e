package controller

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// CreateOffsetsTopic returns the records that make __consumer_offsets, with the
// partitions, replicas and segment size that the node's offsets.topic settings
// say; none when it exists, with whatever partitions that has. The
// group coordinator asks for it, when somebody first looks for a group; it does
// not need auto.create.topics.enable. The error is why it cannot be made:
//
//   - INVALID_REPLICATION_FACTOR: there are not enough brokers;
//   - INVALID_TOPIC_EXCEPTION: a topic is in the way whose name differs in dots
//     and underscores only;
//   - POLICY_VIOLATION: the cluster has too many partitions.
//
// Source: Kafka, AutoTopicCreationManager.
func CreateOffsetsTopic(v View, random Random) ([]metadata.Record, kafka.ErrorCode) {
	if v.Image.Topic(kafka.ConsumerOffsetsTopic) != nil {
		return nil, kafka.None
	}
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Version = 7
	request.Topics = append(request.Topics, offsetsTopic(v))
	records, response := CreateTopics(v, request, random)
	return records, kafka.ErrorCode(response.Topics[0].ErrorCode)
}

// offsetsTopic is what __consumer_offsets is made with. Its batches stay as the
// coordinator compressed them.
func offsetsTopic(v View) kmsg.CreateTopicsRequestTopic {
	settings := v.Layers().GroupSettings().Offsets
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic = kafka.ConsumerOffsetsTopic
	topic.NumPartitions = settings.TopicPartitions
	topic.ReplicationFactor = settings.TopicReplicationFactor
	set := func(name, value string) {
		setting := kmsg.NewCreateTopicsRequestTopicConfig()
		setting.Name, setting.Value = name, &value
		topic.Configs = append(topic.Configs, setting)
	}
	set(config.CleanupPolicy, config.CleanupCompact)
	set(config.CompressionType, config.CompressionProducer)
	set(config.SegmentBytes, strconv.Itoa(settings.TopicSegmentBytes))
	return topic
}

// autoTopic is what a topic is made with that was asked for and does not exist.
// There is nothing for internal topics whose part of the broker is missing: they
// would get partitions that do not fit it later.
func autoTopic(v View, name string) (topic kmsg.CreateTopicsRequestTopic, ok bool) {
	if name == kafka.ConsumerOffsetsTopic {
		return offsetsTopic(v), true
	}
	topic = kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, -1, -1
	return topic, !IsInternal(name)
}
