package consumer

import (
	"cmp"

	"odradek/core/env"
	"odradek/core/group/assign"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/order"
)

// Group is one group. What its records say is changed by Apply alone; the time-outs are
// beside.
type Group struct {
	id string
	// epoch is the group epoch. A group begins with 1.
	epoch kafka.MemberEpoch
	// metadataHash is what the subscribed topics were like at that epoch.
	metadataHash int64
	// assignmentEpoch is the group epoch that the targets were computed for. Invariant:
	// assignmentEpoch <= epoch.
	assignmentEpoch kafka.MemberEpoch
	// assignmentTimestamp is when they were; 0 is not known.
	assignmentTimestamp kafka.Timestamp
	// members are those whose metadata is known.
	members *order.Map[string, *member]
	// targets are what members shall have, by their ids. A target may be there before its
	// member, while a log is read.
	targets *order.Map[string, assign.Set]
	// regexes are the regular expressions that are resolved.
	regexes *order.Map[string, *record.ConsumerGroupRegularExpressionValue]

	facts  facts
	counts counts
	timers timers
	// refresh is when topics were looked at.
	refresh refresh
	// resolving is the resolution of regular expressions that is under way, or nil.
	resolving *resolution
}

// facts are what records have said that makes no member and no target, but is there and
// has a tombstone to come.
type facts struct {
	// epoch and assignment are set when there is a record of the group epoch, of the
	// assignment epoch.
	epoch, assignment bool
	// partitionMetadata is of the kind of record that was given up in Kafka 4.1, nil when
	// there is none. Its tombstone is written with the next group epoch.
	partitionMetadata *record.ConsumerGroupPartitionMetadataValue
	// strays are what members have whose metadata is not known (yet), by their ids: while
	// a log is read, one record of a member comes before the other.
	strays *order.Map[string, *member]
}

// initialEpoch is what a group and its assignment begin with: the first member that is
// subscribed to something has a group of epoch 2. Source: Kafka, ModernGroup.
const initialEpoch kafka.MemberEpoch = 1

// New makes a group of which no record is known: it does not exist yet.
func New(id string) *Group {
	return &Group{
		id: id, epoch: initialEpoch, assignmentEpoch: initialEpoch,
		members: order.NewMap[string, *member](cmp.Compare[string]),
		targets: order.NewMap[string, assign.Set](cmp.Compare[string]),
		regexes: order.NewMap[string, *record.ConsumerGroupRegularExpressionValue](
			cmp.Compare[string]),
		facts:  facts{strays: order.NewMap[string, *member](cmp.Compare[string])},
		counts: newCounts(),
		timers: newTimers(),
	}
}

// Call is who asks for a step, when, and what the node knows at that moment.
type Call struct {
	Moment decision.Moment
	Client decision.Client
	// Settings are the group's: see Settings.For.
	Settings Settings
	Topics   Topics
	// Hashes are the caller's, of these Topics and earlier ones.
	Hashes *TopicHashes
	Random env.Random
}

// Exists reports whether any record says something of the group. One that does not exist
// may be forgotten unless it has time-outs.
func (g *Group) Exists() bool {
	return g.facts.epoch || g.facts.assignment || g.facts.partitionMetadata != nil ||
		g.members.Len() > 0 || g.facts.strays.Len() > 0 || g.targets.Len() > 0 || g.regexes.Len() > 0
}

// ID is the group's id.
func (g *Group) ID() string { return g.id }

// Empty reports whether the group has no members: it may be deleted, become a classic
// group, and have its offsets reset.
func (g *Group) Empty() bool { return g.members.Len() == 0 }

// Size is the number of members.
func (g *Group) Size() int { return g.members.Len() }

// GroupState is the state of a group as a whole, by Kafka's name.
type GroupState string

// The states of a consumer group.
const (
	GroupEmpty       GroupState = "Empty"
	GroupAssigning   GroupState = "Assigning"
	GroupReconciling GroupState = "Reconciling"
	GroupStable      GroupState = "Stable"
)

// State is the group's state. It looks at all members.
func (g *Group) State() GroupState {
	if g.Empty() {
		return GroupEmpty
	}
	if g.epoch > g.assignmentEpoch {
		return GroupAssigning
	}
	for _, m := range g.members.Entries() {
		if !m.reconciledTo(g.assignmentEpoch) {
			return GroupReconciling
		}
	}
	return GroupStable
}

// Subscribed reports whether a member is subscribed to a topic, by its name or by a
// regular expression: such a topic's offsets do not expire.
func (g *Group) Subscribed(topic string) bool { return g.counts.names.Has(topic) }

// staticMember returns the member with an instance id, nil when there is none.
func (g *Group) staticMember(instance string) *member {
	id, found := g.counts.instances[instance]
	if !found {
		return nil
	}
	m, _ := g.members.Get(id)
	return m
}

// target is what a member shall have.
func (g *Group) target(memberID string) assign.Set {
	set, _ := g.targets.Get(memberID)
	return set
}
