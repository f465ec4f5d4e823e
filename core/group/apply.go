package group

import (
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// Apply notes what a record says. It is given every record of the partition in the order
// of the log: all that are there before Loaded, and then each that the coordinator has
// decided on, when it is in the log. A compacted log may lack any record that a later
// one of its key has made old: tombstones of what is not there, and members of groups
// that are not there yet, are taken as they come.
func (c *Coordinator) Apply(r record.Record) {
	switch r := r.(type) {
	case *record.OffsetCommit:
		c.applyOffsetCommit(r)
	case *record.GroupMetadata:
		c.applyGroupMetadata(r)
	default:
		c.applyConsumerRecord(r)
	}
}

// applyOffsetCommit notes an offset. A group that has one is there, if only for that.
func (c *Coordinator) applyOffsetCommit(r *record.OffsetCommit) {
	c.offsets.Apply(r)
	if r.Value != nil && c.group(r.Group) == nil {
		c.newClassic(r.Group, kafka.NoTimestamp)
	}
}

// applyGroupMetadata notes a generation of a classic group, or that the group is gone.
func (c *Coordinator) applyGroupMetadata(r *record.GroupMetadata) {
	g := c.classic(r.Group)
	if r.Value != nil {
		if g == nil {
			if old := c.group(r.Group); old != nil {
				old.Retire()
			}
			g = c.newClassic(r.Group, kafka.NoTimestamp)
		}
		g.Apply(r.Value)
		return
	}
	if g == nil {
		return
	}
	g.Retire()
	c.groups.Delete(r.Group)
	if c.offsets.Has(r.Group) {
		// A tombstone for the group alone: it becomes one of another kind, or a log was
		// compacted in between.
		c.newClassic(r.Group, kafka.NoTimestamp)
	}
}
