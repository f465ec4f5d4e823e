package image

import (
	"cmp"
	"iter"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// Image is all of a cluster's metadata as of one offset. It never changes, and
// neither may anything be changed that it gives out.
type Image struct {
	provenance  Provenance
	features    tree[string, int16]
	brokers     tree[kafka.BrokerID, *Broker]
	controllers tree[kafka.BrokerID, *metadata.RegisterControllerRecord]
	// topics and topicsByID hold the same pointers.
	topics     tree[string, *Topic]
	topicsByID tree[kafka.TopicID, *Topic]
	// collisions holds the names that have a dot or an underscore, by what
	// they become when both are written alike.
	collisions tree[string, []string]
	configs    tree[Resource, *Config]
	// nextProducerID is the first that was given to nobody, or NoProducerID
	// while none was given.
	nextProducerID kafka.ProducerID
	partitionCount int
}

// Provenance says up to where an image has read the log.
type Provenance struct {
	// LastOffset is that of the last record taken in, NoOffset for none.
	LastOffset kafka.Offset
	// LeaderEpoch is the epoch of the quorum's leader who wrote it.
	LeaderEpoch kafka.LeaderEpoch
	// Timestamp is that of its batch.
	Timestamp kafka.Timestamp
}

// Empty is the image before the first record.
func Empty() *Image {
	return &Image{
		provenance:     Provenance{kafka.NoOffset, kafka.NoLeaderEpoch, kafka.NoTimestamp},
		features:       newTree[string, int16](cmp.Compare[string]),
		brokers:        newTree[kafka.BrokerID, *Broker](cmp.Compare[kafka.BrokerID]),
		controllers:    newTree[kafka.BrokerID, *metadata.RegisterControllerRecord](cmp.Compare),
		topics:         newTree[string, *Topic](cmp.Compare[string]),
		topicsByID:     newTree[kafka.TopicID, *Topic](kafka.TopicID.Compare),
		collisions:     newTree[string, []string](cmp.Compare[string]),
		configs:        newTree[Resource, *Config](Resource.Compare),
		nextProducerID: kafka.NoProducerID,
	}
}

// Provenance says up to where the image has read the log.
func (i *Image) Provenance() Provenance { return i.provenance }

// Topic returns the topic of a name, nil when there is none.
func (i *Image) Topic(name string) *Topic {
	topic, _ := i.topics.get(name)
	return topic
}

// TopicByID returns the topic of an id, nil when there is none.
func (i *Image) TopicByID(id kafka.TopicID) *Topic {
	topic, _ := i.topicsByID.get(id)
	return topic
}

// Topics yields every topic in the order of names.
func (i *Image) Topics() iter.Seq[*Topic] { return values(i.topics.all()) }

// TopicsFrom yields the topics whose names are not less than first, in order.
func (i *Image) TopicsFrom(first string) iter.Seq[*Topic] { return values(i.topics.from(first)) }

// TopicsByID yields every topic in the order of ids.
func (i *Image) TopicsByID() iter.Seq[*Topic] { return values(i.topicsByID.all()) }

// TopicCount is how many topics there are.
func (i *Image) TopicCount() int { return i.topics.len() }

// PartitionCount is how many partitions all topics have together.
func (i *Image) PartitionCount() int { return i.partitionCount }

// Partition returns a partition, nil when there is none.
func (i *Image) Partition(of kafka.TopicPartition) *Partition {
	topic := i.TopicByID(of.Topic)
	if topic == nil {
		return nil
	}
	return topic.Partition(of.Partition)
}

// Colliding returns the least of the topics whose name becomes the same as this
// one when dots and underscores are written alike: metrics would mix them up.
func (i *Image) Colliding(name string) (other string, ok bool) {
	if !hasCollisionChars(name) {
		return "", false
	}
	names, _ := i.collisions.get(unifyCollisionChars(name))
	if len(names) == 0 {
		return "", false
	}
	return names[0], true
}

// Broker returns a registered broker, nil when there is none.
func (i *Image) Broker(id kafka.BrokerID) *Broker {
	broker, _ := i.brokers.get(id)
	return broker
}

// Brokers yields every registered broker in the order of ids.
func (i *Image) Brokers() iter.Seq[*Broker] { return values(i.brokers.all()) }

// BrokerCount is how many brokers are registered.
func (i *Image) BrokerCount() int { return i.brokers.len() }

// Controllers yields every registered controller in the order of ids.
func (i *Image) Controllers() iter.Seq[*metadata.RegisterControllerRecord] {
	return values(i.controllers.all())
}

// Config returns a resource's configuration: empty when nothing is set.
func (i *Image) Config(of Resource) *Config {
	if config, ok := i.configs.get(of); ok {
		return config
	}
	return &Config{}
}

// Configs yields every resource that has a configuration, ordered.
func (i *Image) Configs() iter.Seq2[Resource, *Config] { return i.configs.all() }

// Feature returns the level at which a feature is finalized; ok is false when
// it is not.
func (i *Image) Feature(name string) (level int16, ok bool) { return i.features.get(name) }

// Features yields every finalized feature and its level, by name.
func (i *Image) Features() iter.Seq2[string, int16] { return i.features.all() }

// NextProducerID is the first producer id that was given to nobody.
func (i *Image) NextProducerID() kafka.ProducerID { return max(i.nextProducerID, 0) }

func values[K, V any](pairs iter.Seq2[K, V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, value := range pairs {
			if !yield(value) {
				return
			}
		}
	}
}
