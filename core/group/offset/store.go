package offset

import (
	"cmp"
	"iter"

	"odradek/core/assert"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/order"
)

// Key names a partition as a commit does: by its topic's name.
type Key struct {
	Topic     string
	Partition kafka.Partition
}

// Compare orders by topic, then by partition.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Topic, other.Topic), cmp.Compare(k.Partition, other.Partition))
}

// Store is the committed offsets. The zero value is not usable: see NewStore.
type Store struct {
	groups *order.Map[string, *offsets]
	count  int
}

// offsets are those of one group.
type offsets = order.Map[Key, *record.OffsetCommitValue]

// NewStore makes a store without offsets.
func NewStore() *Store {
	return &Store{groups: order.NewMap[string, *offsets](cmp.Compare[string])}
}

// Apply notes what a record says. A tombstone of what is not there says nothing.
func (s *Store) Apply(r *record.OffsetCommit) {
	key := Key{r.Topic, r.Partition}
	of, ok := s.groups.Get(r.Group)
	if r.Value == nil {
		if ok && of.Delete(key) {
			s.count--
			if of.Len() == 0 {
				s.groups.Delete(r.Group)
			}
		}
		return
	}
	if !ok {
		of = order.NewMap[Key, *record.OffsetCommitValue](Key.Compare)
		s.groups.Put(r.Group, of)
	}
	before := of.Len()
	of.Put(key, r.Value)
	s.count += of.Len() - before
	assert.That(s.count >= s.groups.Len(), "a group in the store has an offset")
}

// Count is the number of offsets of all groups.
func (s *Store) Count() int { return s.count }

// Has reports whether a group has an offset.
func (s *Store) Has(group string) bool { return s.groups.Has(group) }

// Of yields the offsets of a group, in the order of their keys. The store must not be
// changed meanwhile.
func (s *Store) Of(group string) iter.Seq2[Key, *record.OffsetCommitValue] {
	of, ok := s.groups.Get(group)
	if !ok {
		return func(func(Key, *record.OffsetCommitValue) bool) {}
	}
	return of.Entries()
}

// Get returns a group's offset in a partition, nil when there is none.
func (s *Store) Get(group string, key Key) *record.OffsetCommitValue {
	of, ok := s.groups.Get(group)
	if !ok {
		return nil
	}
	value, _ := of.Get(key)
	return value
}

// topic yields the offsets of a group in one topic.
func (s *Store) topic(group, topic string) iter.Seq2[Key, *record.OffsetCommitValue] {
	return func(yield func(Key, *record.OffsetCommitValue) bool) {
		of, ok := s.groups.Get(group)
		if !ok {
			return
		}
		for key, value := range of.From(Key{topic, -1 << 31}) {
			if key.Topic != topic || !yield(key, value) {
				return
			}
		}
	}
}

// tombstone is the record by which an offset is gone.
func tombstone(group string, key Key) record.Record {
	return &record.OffsetCommit{Group: group, Topic: key.Topic, Partition: key.Partition}
}

// Tombstones are the records by which all offsets of a group are gone.
func (s *Store) Tombstones(group string) []record.Record {
	var records []record.Record
	for key := range s.Of(group) {
		records = append(records, tombstone(group, key))
	}
	return records
}
