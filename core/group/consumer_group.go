package group

import (
	"iter"

	"odradek/core/group/consumer"
	"odradek/core/group/decision"
	"odradek/core/group/offset"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"
)

// consumerGroup is a group of KIP-848 among the others.
type consumerGroup struct {
	*consumer.Group
	timers *timer.Queue
	// due is the first of the group's time-outs.
	due *timer.Timer
}

var _ Group = consumerGroup{}

// Type is Consumer.
func (g consumerGroup) Type() Type { return Consumer }

// State is its name.
func (g consumerGroup) State() string { return string(g.Group.State()) }

// ProtocolType is that of consumers.
func (g consumerGroup) ProtocolType() string { return consumer.ClassicProtocolType }

// Begin implements Group.
func (g consumerGroup) Begin(s *Step) {
	g.Loaded(s.consumer(g.ID()))
	g.await(s)
}

// Expired implements Group.
func (g consumerGroup) Expired(s *Step, t *timer.Timer) {
	if t != g.due {
		return
	}
	d, down := g.Expire(s.consumer(g.ID()))
	s.Decision.Add(d)
	s.coordinator.settle(s, g, down)
}

// await sets the timer to the first of the group's time-outs. What is due by now is left
// to the next step: this one's records have to be applied first.
func (g consumerGroup) await(s *Step) {
	next := g.NextDeadline()
	if next == kafka.Never {
		g.timers.Stop(g.due)
		return
	}
	g.timers.Start(g.due, max(next, s.Now+1))
}

// Unload implements Group: nobody waits.
func (g consumerGroup) Unload(kafka.ErrorCode) []decision.Answer {
	g.Retire()
	return nil
}

// Retire implements Group.
func (g consumerGroup) Retire() { g.timers.Stop(g.due) }

// MayCommit implements Group. If a partition may not be committed, none may: as with
// Kafka the request then fails as a whole.
func (g consumerGroup) MayCommit(_ *Step, c offset.Committer,
	topics []offset.CommitTopic) kafka.ErrorCode {
	check, code := g.CheckCommit(consumer.Committer{MemberID: c.MemberID,
		Epoch: kafka.MemberEpoch(c.GenerationOrEpoch), Version: c.Version})
	for i := range topics {
		for j := range topics[i].Partitions {
			if code == kafka.None {
				code = check.Partition(topics[i].ID, kafka.Partition(topics[i].Partitions[j].Partition))
			}
		}
	}
	return code
}

// MayFetch implements Group.
func (g consumerGroup) MayFetch(memberID *string, epoch kafka.MemberEpoch) kafka.ErrorCode {
	return g.CheckFetch(memberID, epoch)
}

// MayDeleteOffsets implements Group: what nobody is subscribed to.
func (g consumerGroup) MayDeleteOffsets() kafka.ErrorCode { return kafka.None }

// MayDelete implements Group.
func (g consumerGroup) MayDelete() kafka.ErrorCode {
	if !g.Empty() {
		return kafka.ErrNonEmptyGroup
	}
	return kafka.None
}

// SubscribedTo implements Group.
func (g consumerGroup) SubscribedTo(topic string) bool { return g.Subscribed(topic) }

// Expiry implements Group: each offset's retention counts from its commit, as long as
// nobody is subscribed to its topic.
func (g consumerGroup) Expiry() (offset.Expiry, bool) { return offset.SinceCommit(), true }

// Idle implements Group.
func (g consumerGroup) Idle() bool { return g.Empty() }

// Stored implements Group.
func (g consumerGroup) Stored() iter.Seq[record.Record] { return g.Group.Stored() }

// consumer returns a group of KIP-848; ok is false when there is none of that id.
func (c *Coordinator) consumer(id string) (g consumerGroup, ok bool) {
	g, ok = c.group(id).(consumerGroup)
	return g, ok
}

// putConsumer puts a group of KIP-848 in the place of whatever has its id.
func (c *Coordinator) putConsumer(made *consumer.Group) consumerGroup {
	if old := c.group(made.ID()); old != nil {
		old.Retire()
	}
	g := consumerGroup{made, c.timers, &timer.Timer{Group: made.ID()}}
	c.groups.Put(made.ID(), g)
	return g
}

// applyConsumer notes what a record says of a group of KIP-848. In the place of a group
// that has only offsets it is simply put. A tombstone may come when there is a classic
// group again.
//
// Such a group is there as long as any record says something of it. It is taken out with
// its epoch, which goes last, and not in the middle of a batch: when its only member is
// replaced, for a moment there is nothing.
func (c *Coordinator) applyConsumer(id string, r record.Record, tombstone bool) {
	g, ok := c.consumer(id)
	if !ok {
		if tombstone {
			return
		}
		g = c.putConsumer(consumer.New(id))
	}
	g.Apply(r)
	if _, epoch := r.(*record.ConsumerGroupMetadata); epoch {
		c.dropConsumer(g)
	}
}

// dropConsumer takes a group out if no record says anything of it.
func (c *Coordinator) dropConsumer(g consumerGroup) {
	if g.Exists() {
		return
	}
	g.Retire()
	c.groups.Delete(g.ID())
	if c.offsets.Has(g.ID()) {
		c.newClassic(g.ID(), kafka.NoTimestamp)
	}
}

// dropConsumers takes out all groups that no record says anything of: of a log that was
// not written by us, the order in which tombstones come is not known.
func (c *Coordinator) dropConsumers() {
	var empty []consumerGroup
	for _, g := range c.groups.Entries() {
		if g, ok := g.(consumerGroup); ok && !g.Exists() {
			empty = append(empty, g)
		}
	}
	for _, g := range empty {
		c.dropConsumer(g)
	}
}

// applyConsumerRecord notes a record if it is one of KIP-848.
func (c *Coordinator) applyConsumerRecord(r record.Record) {
	switch r := r.(type) {
	case *record.ConsumerGroupMetadata:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupPartitionMetadata:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupMemberMetadata:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupTargetAssignmentMetadata:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupTargetAssignmentMember:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupCurrentMemberAssignment:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	case *record.ConsumerGroupRegularExpression:
		c.applyConsumer(r.GroupID, r, r.Value == nil)
	}
}
