package kafka

import (
	"bytes"
	"encoding/base64"
	"errors"
)

// TopicID is a topic's 16-byte identity: a name that is created again gets a
// new one. The zero id is never valid. Source: KIP-516.
type TopicID [16]byte

// MetadataTopicID is the fixed id of __cluster_metadata.
func MetadataTopicID() TopicID { return TopicID{15: 1} }

// IsZero reports whether the id is the invalid one.
func (id TopicID) IsZero() bool { return id == TopicID{} }

// Compare orders ids by their bytes.
func (id TopicID) Compare(other TopicID) int { return bytes.Compare(id[:], other[:]) }

// String writes the id as Kafka does: URL-safe base64 without padding.
func (id TopicID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// ErrTopicID is returned for text that is not 16 bytes of URL-safe base64.
var ErrTopicID = errors.New("not a topic id: want 22 characters of URL-safe base64")

// ParseTopicID reads what String writes.
func ParseTopicID(text string) (TopicID, error) {
	var id TopicID
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != len(id) {
		return TopicID{}, ErrTopicID
	}
	copy(id[:], raw)
	return id, nil
}

// TopicPartition names one partition by its topic's id, so that a topic which
// is deleted and made again is another one.
type TopicPartition struct {
	Topic     TopicID
	Partition Partition
}

// Compare orders by topic id, then partition.
func (p TopicPartition) Compare(other TopicPartition) int {
	if c := p.Topic.Compare(other.Topic); c != 0 {
		return c
	}
	return int(p.Partition) - int(other.Partition)
}

// Names and limits of topics. Source: Kafka, Topic class.
const (
	// MetadataTopic is the name of the metadata log.
	MetadataTopic = "__cluster_metadata"
	// ConsumerOffsetsTopic is the name of the topic that keeps groups and offsets.
	ConsumerOffsetsTopic = "__consumer_offsets"
	// TransactionStateTopic is the name of the topic that keeps transactions.
	TransactionStateTopic = "__transaction_state"
	// ShareGroupStateTopic is the name of the topic where Kafka keeps the state of
	// share groups.
	ShareGroupStateTopic = "__share_group_state"
	// TopicNameMax is the longest legal topic name, in bytes: directory names
	// must leave room for the partition and a suffix.
	TopicNameMax = 249
)
