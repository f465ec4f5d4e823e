package image

import (
	"slices"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// topic returns the private copy of a topic, making it if there is none; nil
// when there is no such topic.
func (d *Delta) topic(id kafka.TopicID) *Topic {
	if topic, inHand := d.topics[id]; inHand {
		return topic
	}
	old, ok := d.next.topicsByID.get(id)
	if !ok {
		return nil
	}
	private := &Topic{old.Name, old.ID, slices.Clone(old.partitions)}
	d.topics[id] = private
	d.touched.add(id)
	return private
}

// idOf returns the id of the topic that has a name at this point of the log.
func (d *Delta) idOf(name string) (id kafka.TopicID, ok bool) {
	if id, ok := d.named[name]; ok {
		return id, true
	}
	old, ok := d.next.topics.get(name)
	if !ok {
		return id, false
	}
	if topic, inHand := d.topics[old.ID]; inHand && topic == nil {
		return id, false
	}
	return old.ID, true
}

func (d *Delta) addTopic(r *metadata.TopicRecord) error {
	if r.TopicID.IsZero() || r.Name == "" {
		return contradiction("topic %q has the id %s", r.Name, r.TopicID)
	}
	if other, taken := d.idOf(r.Name); taken {
		return contradiction("topic %s exists as %s", r.Name, other)
	}
	if d.topic(r.TopicID) != nil {
		return contradiction("topic id %s is taken", r.TopicID)
	}
	d.topics[r.TopicID] = &Topic{Name: r.Name, ID: r.TopicID}
	d.named[r.Name] = r.TopicID
	d.touched.add(r.TopicID)
	return nil
}

func (d *Delta) removeTopic(r *metadata.RemoveTopicRecord) error {
	topic := d.topic(r.TopicID)
	if topic == nil {
		return contradiction("topic %s is removed and does not exist", r.TopicID)
	}
	d.topics[r.TopicID] = nil
	delete(d.named, topic.Name)
	if resource := TopicResource(topic.Name); len(d.next.Config(resource).entries) > 0 {
		d.next.configs = d.next.configs.delete(resource)
		d.resources.add(resource)
	}
	return nil
}

// partitionIndexMax bounds the index of a partition record, so that a damaged
// one cannot ask for gigabytes. No topic of Kafka's has that many partitions.
const partitionIndexMax = 1 << 20

func (d *Delta) addPartition(r *metadata.PartitionRecord) error {
	topic := d.topic(r.TopicID)
	if topic == nil {
		return contradiction("partition %d of topic %s, which does not exist",
			r.PartitionID, r.TopicID)
	}
	if r.PartitionID < 0 || r.PartitionID > partitionIndexMax {
		return contradiction("partition %d of topic %s", r.PartitionID, topic.Name)
	}
	for int(r.PartitionID) >= len(topic.partitions) {
		topic.partitions = append(topic.partitions, nil)
	}
	topic.partitions[r.PartitionID] = newPartition(r)
	return nil
}

func (d *Delta) changePartition(r *metadata.PartitionChangeRecord) error {
	topic := d.topic(r.TopicID)
	if topic == nil || topic.Partition(r.PartitionID) == nil {
		return contradiction("partition %d of topic %s changes and does not exist",
			r.PartitionID, r.TopicID)
	}
	topic.partitions[r.PartitionID] = topic.partitions[r.PartitionID].changed(r)
	return nil
}

// clearELR is rare and touches every topic it concerns.
func (d *Delta) clearELR(r *metadata.ClearELRRecord) error {
	if r.TopicName != "" {
		id, ok := d.idOf(r.TopicName)
		if !ok {
			return contradiction("topic %s does not exist", r.TopicName)
		}
		d.clearTopicELR(id)
		return nil
	}
	if err := d.settle(); err != nil {
		return err
	}
	for id := range d.next.topicsByID.all() {
		d.clearTopicELR(id)
	}
	return nil
}

func (d *Delta) clearTopicELR(id kafka.TopicID) {
	topic := d.topic(id)
	for p, partition := range topic.partitions {
		if partition != nil && (partition.ELR != nil || partition.LastKnownELR != nil) {
			next := *partition
			next.ELR, next.LastKnownELR = nil, nil
			topic.partitions[p] = &next
		}
	}
}

func (d *Delta) setConfig(r *metadata.ConfigRecord) {
	resource := Resource{r.ResourceType, r.ResourceName}
	config := d.next.Config(resource).With(r.Name, r.Value)
	if len(config.entries) == 0 {
		d.next.configs = d.next.configs.delete(resource)
	} else {
		d.next.configs = d.next.configs.set(resource, config)
	}
	d.resources.add(resource)
}

func (d *Delta) setBroker(broker *Broker) {
	d.next.brokers = d.next.brokers.set(broker.ID, broker)
	d.brokers.add(broker.ID)
}

// registered returns the broker of an id and epoch.
func (d *Delta) registered(id kafka.BrokerID, epoch kafka.BrokerEpoch) (*Broker, error) {
	broker, ok := d.next.brokers.get(id)
	if !ok {
		return nil, contradiction("broker %d is not registered", id)
	}
	if broker.Epoch != epoch {
		return nil, contradiction("broker %d has epoch %d, not %d", id, broker.Epoch, epoch)
	}
	return broker, nil
}

func (d *Delta) unregister(r *metadata.UnregisterBrokerRecord) error {
	if _, err := d.registered(r.BrokerID, r.BrokerEpoch); err != nil {
		return err
	}
	d.next.brokers = d.next.brokers.delete(r.BrokerID)
	d.brokers.add(r.BrokerID)
	return nil
}

func (d *Delta) changeBroker(r *metadata.BrokerRegistrationChangeRecord) error {
	broker, err := d.registered(r.BrokerID, r.BrokerEpoch)
	if err != nil {
		return err
	}
	d.setBroker(broker.changed(r))
	return nil
}

// fence is the new form of the two old records.
func fence(id kafka.BrokerID, epoch kafka.BrokerEpoch,
	change metadata.Change) *metadata.BrokerRegistrationChangeRecord {
	return &metadata.BrokerRegistrationChangeRecord{BrokerID: id, BrokerEpoch: epoch, Fenced: change}
}

func (d *Delta) setFeature(r *metadata.FeatureLevelRecord) {
	if r.Level == 0 {
		d.next.features = d.next.features.delete(r.Name)
	} else {
		d.next.features = d.next.features.set(r.Name, r.Level)
	}
}

func (d *Delta) setNextProducerID(r *metadata.ProducerIDsRecord) error {
	if r.NextProducerID < d.next.nextProducerID {
		return contradiction("the next producer id falls from %d to %d",
			d.next.nextProducerID, r.NextProducerID)
	}
	d.next.nextProducerID = r.NextProducerID
	return nil
}

// addName and dropName keep the trees by name.
func (i *Image) addName(topic *Topic) {
	i.topics = i.topics.set(topic.Name, topic)
	if !hasCollisionChars(topic.Name) {
		return
	}
	unified := unifyCollisionChars(topic.Name)
	names, _ := i.collisions.get(unified)
	at, _ := slices.BinarySearch(names, topic.Name)
	i.collisions = i.collisions.set(unified, slices.Insert(slices.Clone(names), at, topic.Name))
}

func (i *Image) dropName(name string) {
	i.topics = i.topics.delete(name)
	if !hasCollisionChars(name) {
		return
	}
	unified := unifyCollisionChars(name)
	names, _ := i.collisions.get(unified)
	rest := slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
	if len(rest) == 0 {
		i.collisions = i.collisions.delete(unified)
	} else {
		i.collisions = i.collisions.set(unified, rest)
	}
}
