package assign

import (
	"slices"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// Set is a set of partitions: topics in the order of their ids, none twice and none
// without a partition, the partitions of each ascending, none twice. The empty set is
// nil. A Set is not changed once it is made; sets may share memory.
type Set []TopicPartitions

// TopicPartitions are some partitions of one topic, ascending.
type TopicPartitions struct {
	Topic      kafka.TopicID
	Partitions []kafka.Partition
}

// MakeSet makes a set of partitions that are in no order and may be named twice. It does
// not keep the slice.
func MakeSet(topics []TopicPartitions) Set {
	var set Set
	for _, t := range topics {
		if len(t.Partitions) > 0 {
			set = append(set, TopicPartitions{t.Topic, slices.Clone(t.Partitions)})
		}
	}
	slices.SortStableFunc(set, func(a, b TopicPartitions) int { return a.Topic.Compare(b.Topic) })
	merged := set[:0]
	for _, t := range set {
		if last := len(merged) - 1; last >= 0 && merged[last].Topic == t.Topic {
			merged[last].Partitions = append(merged[last].Partitions, t.Partitions...)
			continue
		}
		merged = append(merged, t)
	}
	for i := range merged {
		slices.Sort(merged[i].Partitions)
		merged[i].Partitions = slices.Compact(merged[i].Partitions)
	}
	return merged
}

// Of returns the set's partitions of a topic, ascending; nil if there are none.
func (s Set) Of(topic kafka.TopicID) []kafka.Partition {
	i, found := slices.BinarySearchFunc(s, topic, func(t TopicPartitions, id kafka.TopicID) int {
		return t.Topic.Compare(id)
	})
	if !found {
		return nil
	}
	return s[i].Partitions
}

// Has reports whether a partition is in the set.
func (s Set) Has(topic kafka.TopicID, partition kafka.Partition) bool {
	_, found := slices.BinarySearch(s.Of(topic), partition)
	return found
}

// Len is the number of partitions.
func (s Set) Len() int {
	count := 0
	for _, t := range s {
		count += len(t.Partitions)
	}
	return count
}

// Equal reports whether two sets have the same partitions.
func (s Set) Equal(other Set) bool {
	return slices.EqualFunc(s, other, func(a, b TopicPartitions) bool {
		return a.Topic == b.Topic && slices.Equal(a.Partitions, b.Partitions)
	})
}

// add appends a partition that comes after all that are in the set.
func (s Set) add(topic kafka.TopicID, partition kafka.Partition) Set {
	last := len(s) - 1
	if last >= 0 && s[last].Topic == topic {
		held := s[last].Partitions
		assert.That(held[len(held)-1] < partition, "a set is filled in order")
		s[last].Partitions = append(held, partition)
		return s
	}
	assert.That(last < 0 || s[last].Topic.Compare(topic) < 0, "a set is filled in order")
	return append(s, TopicPartitions{topic, []kafka.Partition{partition}})
}
