package consumer

import (
	"slices"

	"odradek/core/assert"
	"odradek/core/group/assign"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// owned are partitions that a member has, each with the epoch at which it got it: topics
// in the order of their ids, none without a partition, the partitions of each ascending,
// with as many AssignmentEpochs. It is not changed once it is made.
//
// A commit of an older epoch than a partition's is by somebody who had the partition
// before (KIP-1251).
type owned []record.AssignedPartitions

// makeOwned makes what a record says into order. A partition whose epoch was not noted,
// as before Kafka 4.3, was assigned at the member's.
func makeOwned(topics []record.AssignedPartitions, unnoted kafka.MemberEpoch) owned {
	var b ownedBuilder
	for _, t := range topics {
		noted := len(t.AssignmentEpochs) == len(t.Partitions)
		for i, p := range t.Partitions {
			epoch := max(unnoted, 0)
			if noted {
				epoch = t.AssignmentEpochs[i]
			}
			b.add(t.TopicID, p, epoch)
		}
	}
	return b.build()
}

// epoch returns the epoch at which a partition was got; ok is false if it is not there.
func (o owned) epoch(topic kafka.TopicID, partition kafka.Partition) (epoch kafka.MemberEpoch,
	ok bool) {
	t, found := slices.BinarySearchFunc(o, topic, func(a record.AssignedPartitions,
		id kafka.TopicID) int {
		return a.TopicID.Compare(id)
	})
	if !found {
		return 0, false
	}
	p, found := slices.BinarySearch(o[t].Partitions, partition)
	if !found {
		return 0, false
	}
	return o[t].AssignmentEpochs[p], true
}

func (o owned) has(topic kafka.TopicID, partition kafka.Partition) bool {
	_, ok := o.epoch(topic, partition)
	return ok
}

func (o owned) equal(other owned) bool {
	return slices.EqualFunc(o, other, func(a, b record.AssignedPartitions) bool {
		return a.TopicID == b.TopicID && slices.Equal(a.Partitions, b.Partitions) &&
			slices.Equal(a.AssignmentEpochs, b.AssignmentEpochs)
	})
}

// set is the partitions without their epochs.
func (o owned) set() assign.Set {
	var set assign.Set
	for _, t := range o {
		set = append(set, assign.TopicPartitions{Topic: t.TopicID, Partitions: t.Partitions})
	}
	return set
}

// own is a set of partitions that all were got at one epoch.
func own(set assign.Set, epoch kafka.MemberEpoch) owned {
	var o owned
	for _, t := range set {
		o = append(o, record.AssignedPartitions{TopicID: t.Topic, Partitions: t.Partitions,
			AssignmentEpochs: slices.Repeat([]kafka.MemberEpoch{epoch}, len(t.Partitions))})
	}
	return o
}

// ownedBuilder collects partitions in any order.
type ownedBuilder struct {
	partitions []ownedPartition
}

type ownedPartition struct {
	at    kafka.TopicPartition
	epoch kafka.MemberEpoch
}

func (b *ownedBuilder) add(topic kafka.TopicID, partition kafka.Partition,
	epoch kafka.MemberEpoch) {
	b.partitions = append(b.partitions,
		ownedPartition{kafka.TopicPartition{Topic: topic, Partition: partition}, epoch})
}

func (b *ownedBuilder) addAll(o owned) {
	for _, t := range o {
		for i, p := range t.Partitions {
			b.add(t.TopicID, p, t.AssignmentEpochs[i])
		}
	}
}

// build makes the collection; of a partition that was added twice the first epoch holds.
func (b *ownedBuilder) build() owned {
	order := func(x, y ownedPartition) int { return x.at.Compare(y.at) }
	slices.SortStableFunc(b.partitions, order)
	var o owned
	for i, p := range b.partitions {
		if i > 0 && b.partitions[i-1].at == p.at {
			continue
		}
		if last := len(o) - 1; last < 0 || o[last].TopicID != p.at.Topic {
			o = append(o, record.AssignedPartitions{TopicID: p.at.Topic})
		}
		last := &o[len(o)-1]
		last.Partitions = append(last.Partitions, p.at.Partition)
		last.AssignmentEpochs = append(last.AssignmentEpochs, p.epoch)
	}
	for _, t := range o {
		assert.That(len(t.Partitions) == len(t.AssignmentEpochs), "every partition has its epoch")
	}
	return o
}
