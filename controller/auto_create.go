package controller

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller/config"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// AutoCreateTopics decides about topics that a Metadata request asked for and
// that do not exist. It returns the records that make those which may come into
// being, and for each name the error to answer at once:
//
//   - UNKNOWN_TOPIC_OR_PARTITION: it is not made, or it is being made and the
//     client shall ask again, as Kafka does it;
//   - INVALID_TOPIC_EXCEPTION: it cannot have that name;
//   - INVALID_REPLICATION_FACTOR: there are not enough brokers for it.
//
// Nothing is made unless the request allows it (Metadata v4) and the node's
// auto.create.topics.enable is on. __consumer_offsets is made as CreateOffsetsTopic
// makes it; the internal topics of transactions and share groups are not made.
// Names must be those asked for, each once.
func AutoCreateTopics(v View, names []string, allowed bool,
	random Random) ([]metadata.Record, []kafka.ErrorCode) {
	codes := make([]kafka.ErrorCode, len(names))
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Version = 7
	for i, name := range names {
		codes[i] = kafka.ErrUnknownTopicOrPartition
		if CheckTopicName(name) != "" || name == kafka.MetadataTopic {
			codes[i] = kafka.ErrInvalidTopicException
		} else if allowed && v.enabled(config.AutoCreateTopicsEnable) {
			if topic, ok := autoTopic(v, name); ok {
				request.Topics = append(request.Topics, topic)
			}
		}
	}
	if len(request.Topics) == 0 {
		return nil, codes
	}
	records, response := CreateTopics(v, request, random)
	for _, topic := range response.Topics {
		code := kafka.ErrorCode(topic.ErrorCode)
		if code != kafka.ErrInvalidReplicationFactor && code != kafka.ErrInvalidTopicException {
			continue
		}
		for i, name := range names {
			if name == topic.Topic {
				codes[i] = code
			}
		}
	}
	return records, codes
}
