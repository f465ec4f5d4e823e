package consumer

import (
	"odradek/core/assert"
	"odradek/core/group/assign"
	"odradek/core/group/record"
)

// Apply takes a record of this group in: the only change of what the group is. It is for
// the kinds of KIP-848 and takes them in any order; a tombstone of what is not there
// changes nothing.
func (g *Group) Apply(r record.Record) {
	switch r := r.(type) {
	case *record.ConsumerGroupMetadata:
		g.applyEpoch(r.Value)
	case *record.ConsumerGroupPartitionMetadata:
		g.facts.partitionMetadata = r.Value
	case *record.ConsumerGroupMemberMetadata:
		g.applyMetadata(r.MemberID, r.Value)
	case *record.ConsumerGroupTargetAssignmentMetadata:
		g.applyAssignmentEpoch(r.Value)
	case *record.ConsumerGroupTargetAssignmentMember:
		g.applyTarget(r.MemberID, r.Value)
	case *record.ConsumerGroupCurrentMemberAssignment:
		g.applyCurrent(r.MemberID, r.Value)
	case *record.ConsumerGroupRegularExpression:
		g.applyRegex(r.RegularExpression, r.Value)
	default:
		assert.Unreachable("a consumer group is made of the records of KIP-848")
	}
}

func (g *Group) applyEpoch(value *record.ConsumerGroupMetadataValue) {
	g.facts.epoch = value != nil
	if value == nil {
		value = &record.ConsumerGroupMetadataValue{Epoch: initialEpoch}
	}
	g.epoch, g.metadataHash = value.Epoch, value.MetadataHash
}

func (g *Group) applyAssignmentEpoch(value *record.ConsumerGroupTargetAssignmentMetadataValue) {
	g.facts.assignment = value != nil
	if value == nil {
		value = &record.ConsumerGroupTargetAssignmentMetadataValue{AssignmentEpoch: initialEpoch}
	}
	g.assignmentEpoch, g.assignmentTimestamp = value.AssignmentEpoch, value.AssignmentTimestamp
}

func (g *Group) applyTarget(id string, value *record.ConsumerGroupTargetAssignmentMemberValue) {
	if value == nil {
		g.targets.Delete(id)
		return
	}
	var topics []assign.TopicPartitions
	for _, t := range value.TopicPartitions {
		topics = append(topics, assign.TopicPartitions{Topic: t.TopicID, Partitions: t.Partitions})
	}
	g.targets.Put(id, assign.MakeSet(topics))
}

// applyMetadata takes in what a member has told. With it the member begins, and ends.
func (g *Group) applyMetadata(id string, value *record.ConsumerGroupMemberMetadataValue) {
	old, known := g.members.Get(id)
	if value == nil {
		if !known {
			return
		}
		g.counts.removeMember(old)
		g.members.Delete(id)
		if old.hasCurrent() {
			g.facts.strays.Put(id, old.bare())
		}
		return
	}
	next := newMember(id)
	if known {
		g.counts.removeMember(old)
		*next = *old
	} else if stray, found := g.facts.strays.Get(id); found {
		*next = *stray
		g.facts.strays.Delete(id)
	}
	next.metadata = *value
	next.SubscribedTopicNames = sortedNames(value.SubscribedTopicNames)
	g.members.Put(id, next)
	g.counts.addMember(next)
}

// applyCurrent takes in what a member has.
func (g *Group) applyCurrent(id string,
	value *record.ConsumerGroupCurrentMemberAssignmentValue) {
	old, isMember := g.members.Get(id)
	if !isMember {
		old, _ = g.facts.strays.Get(id)
	}
	next := newMember(id)
	if old != nil {
		next.metadata = old.metadata
		g.counts.release(old)
	}
	if value != nil {
		next.epoch, next.previousEpoch = value.MemberEpoch, value.PreviousMemberEpoch
		next.state = memberState(value.State)
		next.assigned = makeOwned(value.AssignedPartitions, value.MemberEpoch)
		next.revoking = makeOwned(value.PartitionsPendingRevocation, value.MemberEpoch)
	}
	g.counts.hold(next)
	switch {
	case isMember:
		g.members.Put(id, next)
	case value == nil:
		g.facts.strays.Delete(id)
	default:
		g.facts.strays.Put(id, next)
	}
}

func (g *Group) applyRegex(regex string, value *record.ConsumerGroupRegularExpressionValue) {
	if old, known := g.regexes.Get(regex); known {
		g.counts.subtractRegex(old.Topics)
		g.regexes.Delete(regex)
	}
	if value == nil {
		return
	}
	resolved := *value
	resolved.Topics = sortedNames(value.Topics)
	g.regexes.Put(regex, &resolved)
	g.counts.addRegex(resolved.Topics)
}

// memberState reads a state as a record has it.
func memberState(value int8) MemberState {
	switch s := MemberState(value); s {
	case Stable, UnrevokedPartitions, UnreleasedPartitions:
		return s
	}
	return UnknownState
}

// hasCurrent reports whether a record says what the member has.
func (m *member) hasCurrent() bool {
	fresh := newMember(m.id)
	return !m.sameCurrent(fresh)
}

// bare is the member without what it has told of itself.
func (m *member) bare() *member {
	bare := *m
	bare.metadata = newMember(m.id).metadata
	return &bare
}
