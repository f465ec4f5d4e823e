package image

import (
	"iter"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// metadataVersion comes first in a snapshot: how the others are read may depend
// on it.
const metadataVersion = "metadata.version"

// Records yields the records that make this image out of the empty one, in the
// order in which Kafka writes a snapshot: features, brokers, controllers, topics
// with their partitions, configurations, producer ids. Source: KIP-630.
func (i *Image) Records() iter.Seq[metadata.Record] {
	return func(yield func(metadata.Record) bool) {
		_ = i.writeFeatures(yield) && i.writeNodes(yield) && i.writeTopics(yield) &&
			i.writeConfigs(yield) && i.writeProducerIDs(yield)
	}
}

// Load makes an image of a snapshot's records.
func Load(records iter.Seq[metadata.Record], provenance Provenance) (*Image, error) {
	delta := Empty().Begin()
	for record := range records {
		if err := delta.Apply(record); err != nil {
			return nil, err
		}
	}
	image, _, err := delta.Finish(provenance)
	return image, err
}

func (i *Image) writeFeatures(yield func(metadata.Record) bool) bool {
	if level, ok := i.features.get(metadataVersion); ok {
		if !yield(&metadata.FeatureLevelRecord{Name: metadataVersion, Level: level}) {
			return false
		}
	}
	for name, level := range i.features.all() {
		if name == metadataVersion {
			continue
		}
		if !yield(&metadata.FeatureLevelRecord{Name: name, Level: level}) {
			return false
		}
	}
	return true
}

func (i *Image) writeNodes(yield func(metadata.Record) bool) bool {
	for broker := range i.Brokers() {
		if !yield(broker.record()) {
			return false
		}
	}
	for controller := range i.Controllers() {
		if !yield(controller) {
			return false
		}
	}
	return true
}

func (i *Image) writeTopics(yield func(metadata.Record) bool) bool {
	for topic := range i.TopicsByID() {
		if !yield(&metadata.TopicRecord{Name: topic.Name, TopicID: topic.ID}) {
			return false
		}
		for p, partition := range topic.partitions {
			if !yield(partition.record(topic.ID, p)) {
				return false
			}
		}
	}
	return true
}

func (i *Image) writeConfigs(yield func(metadata.Record) bool) bool {
	for resource, config := range i.Configs() {
		for _, entry := range config.entries {
			record := &metadata.ConfigRecord{ResourceType: resource.Type,
				ResourceName: resource.Name, Name: entry.Name, Value: &entry.Value}
			if !yield(record) {
				return false
			}
		}
	}
	return true
}

func (i *Image) writeProducerIDs(yield func(metadata.Record) bool) bool {
	if i.nextProducerID == kafka.NoProducerID {
		return true
	}
	return yield(&metadata.ProducerIDsRecord{BrokerID: kafka.NoBroker, BrokerEpoch: -1,
		NextProducerID: i.nextProducerID})
}
