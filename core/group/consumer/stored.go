package consumer

import (
	"iter"

	"odradek/core/group/record"
)

// Stored yields the records that the log comes to, of this group: the last one of every
// key that is not a tombstone, in the order in which Kafka writes a group anew.
func (g *Group) Stored() iter.Seq[record.Record] {
	return func(yield func(record.Record) bool) {
		for _, r := range g.stored() {
			if !yield(r) {
				return
			}
		}
	}
}

func (g *Group) stored() (records []record.Record) {
	if g.facts.partitionMetadata != nil {
		records = append(records, &record.ConsumerGroupPartitionMetadata{GroupID: g.id,
			Value: g.facts.partitionMetadata})
	}
	for _, m := range g.members.Entries() {
		records = append(records, m.metadataRecord(g.id))
	}
	for regex, value := range g.regexes.Entries() {
		records = append(records, &record.ConsumerGroupRegularExpression{GroupID: g.id,
			RegularExpression: regex, Value: value})
	}
	if g.facts.epoch {
		records = append(records, g.epochRecord(g.epoch, g.metadataHash))
	}
	for id, set := range g.targets.Entries() {
		records = append(records, targetRecord(g.id, id, set))
	}
	if g.facts.assignment {
		records = append(records, assignmentRecord(g.id, g.assignmentEpoch, g.assignmentTimestamp))
	}
	for _, m := range g.members.Entries() {
		if m.hasCurrent() {
			records = append(records, m.currentRecord(g.id))
		}
	}
	for _, m := range g.facts.strays.Entries() {
		records = append(records, m.currentRecord(g.id))
	}
	return records
}
