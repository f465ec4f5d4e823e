package image

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"odradek/controller/metadata"
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Errors of Apply and Finish: the log contradicts itself, so that it must have
// been damaged or written by something else. The node must not go on with it.
var (
	// ErrContradiction: a record cannot follow those before it.
	ErrContradiction = errors.New("metadata record contradicts those before it")
	// ErrUnknown: a record of a kind that this image has no place for.
	ErrUnknown = errors.New("metadata record of a kind that is not supported")
)

// Delta takes in records that follow an image. It belongs to one owner, and
// after Finish nobody may use it.
type Delta struct {
	base *Image
	// next is the base with all changes except those of topics in hand.
	next Image
	// topics in hand are private copies that may still be changed; nil is a
	// topic that was removed. They are looked up, never ranged over.
	topics map[kafka.TopicID]*Topic
	// named are the ids of the topics in hand that were made here.
	named map[string]kafka.TopicID
	// touched are the topics, resources and brokers that changed.
	touched   noted[kafka.TopicID]
	resources noted[Resource]
	brokers   noted[kafka.BrokerID]
	// saved is the delta as the open transaction found it, nil when none is.
	saved *Delta
}

// Begin makes a delta that follows the image.
func (i *Image) Begin() *Delta {
	return &Delta{base: i, next: *i,
		topics: map[kafka.TopicID]*Topic{}, named: map[string]kafka.TopicID{}}
}

// InTransaction reports whether a transaction is open, within which Finish
// must not be called: its records are to take effect together.
func (d *Delta) InTransaction() bool { return d.saved != nil }

// Apply takes in one record. After an error the delta is of no use.
func (d *Delta) Apply(record metadata.Record) error {
	var err error
	switch r := record.(type) {
	case *metadata.NoOpRecord, *metadata.ZkMigrationStateRecord:
	case *metadata.TopicRecord:
		err = d.addTopic(r)
	case *metadata.RemoveTopicRecord:
		err = d.removeTopic(r)
	case *metadata.PartitionRecord:
		err = d.addPartition(r)
	case *metadata.PartitionChangeRecord:
		err = d.changePartition(r)
	case *metadata.ClearELRRecord:
		err = d.clearELR(r)
	case *metadata.ConfigRecord:
		d.setConfig(r)
	case *metadata.RegisterBrokerRecord:
		d.setBroker(newBroker(r))
	case *metadata.UnregisterBrokerRecord:
		err = d.unregister(r)
	case *metadata.BrokerRegistrationChangeRecord:
		err = d.changeBroker(r)
	case *metadata.FenceBrokerRecord:
		err = d.changeBroker(fence(r.BrokerID, r.BrokerEpoch, metadata.Set))
	case *metadata.UnfenceBrokerRecord:
		err = d.changeBroker(fence(r.BrokerID, r.BrokerEpoch, metadata.Clear))
	case *metadata.RegisterControllerRecord:
		d.next.controllers = d.next.controllers.set(r.ControllerID, r)
	case *metadata.FeatureLevelRecord:
		d.setFeature(r)
	case *metadata.ProducerIDsRecord:
		err = d.setNextProducerID(r)
	case *metadata.BeginTransactionRecord:
		err = d.begin()
	case *metadata.EndTransactionRecord:
		err = d.end()
	case *metadata.AbortTransactionRecord:
		err = d.abort()
	default:
		err = fmt.Errorf("%w: %s", ErrUnknown, record.Key())
	}
	return err
}

// Finish ends the delta in the next image. It fails with ErrContradiction when
// a topic has a hole among its partitions or a transaction is open.
func (d *Delta) Finish(provenance Provenance) (*Image, Changes, error) {
	if d.InTransaction() {
		return nil, Changes{}, contradiction("a transaction was not ended")
	}
	if err := d.settle(); err != nil {
		return nil, Changes{}, err
	}
	next := d.next
	next.provenance = provenance
	assert.That(next.topics.len() == next.topicsByID.len(), "each topic has one name and one id")
	return &next, d.changes(&next), nil
}

// settle moves the topics in hand into the trees. All old ones leave before a
// new one comes, since it may have the name of one that was removed.
func (d *Delta) settle() error {
	for _, id := range d.touched.keys {
		old, existed := d.next.topicsByID.get(id)
		if _, inHand := d.topics[id]; inHand && existed {
			d.next.partitionCount -= old.PartitionCount()
			d.next.dropName(old.Name)
			d.next.topicsByID = d.next.topicsByID.delete(id)
		}
	}
	for _, id := range d.touched.keys {
		topic := d.topics[id]
		if topic == nil {
			continue
		}
		if slices.Contains(topic.partitions, nil) {
			return contradiction("topic %s (%s) lacks a partition", topic.Name, id)
		}
		d.next.addName(topic)
		d.next.topicsByID = d.next.topicsByID.set(id, topic)
		d.next.partitionCount += topic.PartitionCount()
	}
	clear(d.topics)
	clear(d.named)
	return nil
}

func (d *Delta) begin() error {
	if d.InTransaction() {
		return contradiction("a transaction begins within another")
	}
	if err := d.settle(); err != nil {
		return err
	}
	saved := *d
	saved.topics = maps.Clone(d.topics)
	saved.named = maps.Clone(d.named)
	saved.touched = d.touched.clone()
	saved.resources = d.resources.clone()
	saved.brokers = d.brokers.clone()
	d.saved = &saved
	return nil
}

func (d *Delta) end() error {
	if !d.InTransaction() {
		return contradiction("a transaction ends that did not begin")
	}
	d.saved = nil
	return nil
}

func (d *Delta) abort() error {
	if !d.InTransaction() {
		return contradiction("a transaction is aborted that did not begin")
	}
	*d = *d.saved
	return nil
}

func contradiction(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrContradiction, fmt.Sprintf(format, arguments...))
}
