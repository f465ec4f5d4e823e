package offset

import "odradek/core/kafka"

// Topics is what there is, as the image has it at present.
type Topics interface {
	// TopicID returns the id of the topic of a name; ok is false when there is none.
	TopicID(name string) (id kafka.TopicID, ok bool)
	// TopicName returns the name of the topic of an id; ok is false when there is none.
	TopicName(id kafka.TopicID) (name string, ok bool)
	// PartitionCount is the number of partitions of a topic, 0 when there is none.
	PartitionCount(id kafka.TopicID) int32
}
