package group

import (
	"iter"

	"odradek/core/group/record"
)

// Stored yields the records that the log comes to: the last one of every key that is not
// a tombstone. Whoever is given these and no others is the same coordinator, but for
// what is in no record. For tests, and for whoever looks into a coordinator.
func (c *Coordinator) Stored() iter.Seq[record.Record] {
	return func(yield func(record.Record) bool) {
		for id, g := range c.groups.Entries() {
			for r := range g.Stored() {
				if !yield(r) {
					return
				}
			}
			for key, value := range c.offsets.Of(id) {
				if !yield(&record.OffsetCommit{Group: id, Topic: key.Topic, Partition: key.Partition,
					Value: value}) {
					return
				}
			}
		}
	}
}
