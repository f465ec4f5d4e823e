package consumer

import (
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// Downgrade is a group that goes on as a classic one. Its tombstones are among the records
// of the step; the caller adds the classic group's, whose Members are these.
type Downgrade struct {
	// Generation is the one that the classic group begins with: the group epoch.
	Generation kafka.Generation
	Members    []ClassicMember
	// Rebalance is set when the members have to join anew: what they have is not what
	// they shall have.
	Rebalance bool
}

// ClassicMember is a member on its way between a classic and a consumer group.
type ClassicMember struct {
	MemberID             string
	InstanceID           *string
	ClientID, ClientHost string
	RebalanceTimeoutMs   int32
	SessionTimeoutMs     int32
	// Protocols are those that it supports, the one it likes best first.
	Protocols []record.ClassicProtocol
	// Assignment is what it has, as the consumer's assignors write it.
	Assignment []byte
}

// downgradesWithout reports whether the group becomes a classic one when some members go.
func (g *Group) downgradesWithout(s *Settings, gone []*member) bool {
	classic, size := g.counts.classic, g.members.Len()-len(gone)
	for _, m := range gone {
		if m.classic() {
			classic--
		}
	}
	return classic == size && size > 0 && s.MigrationPolicy.Downgrade() && size <= s.ClassicMaxSize
}

// downgradesFor reports whether the group becomes a classic one when a classic member
// takes the place of the one that has an instance id.
func (g *Group) downgradesFor(s *Settings, instance *string) bool {
	if instance == nil {
		return false
	}
	replaced := g.staticMember(*instance)
	return replaced != nil && !replaced.classic() && g.counts.classic == g.members.Len()-1 &&
		s.MigrationPolicy.Downgrade() && g.members.Len() <= s.ClassicMaxSize
}

// becomeClassic writes that there is no consumer group of that id any more, and nothing else
// of this step: its members are handed over as they are after it. joining takes the place
// of the one that has its instance id.
func (s *step) becomeClassic(gone []*member, joining *member, rebalance bool) {
	down := &Downgrade{Generation: kafka.Generation(s.g.epoch), Rebalance: rebalance}
	left := map[string]bool{}
	for _, m := range gone {
		left[m.id] = true
	}
	add := func(m *member, targetOf string) {
		handed := ClassicMember{MemberID: m.id, InstanceID: m.InstanceID, ClientID: m.ClientID,
			ClientHost: m.ClientHost, RebalanceTimeoutMs: m.RebalanceTimeoutMs,
			SessionTimeoutMs: m.ClassicMemberMetadata.SessionTimeoutMs,
			Protocols:        m.ClassicMemberMetadata.SupportedProtocols}
		handed.Assignment = assignmentBytes(s.g.target(targetOf), m.protocol().Metadata, s.Topics)
		down.Members = append(down.Members, handed)
	}
	replaced := ""
	if joining != nil {
		replaced = s.g.staticMember(*joining.InstanceID).id
	}
	for id, m := range s.g.members.Entries() {
		if !left[id] && id != replaced {
			add(m, id)
		}
	}
	if joining != nil {
		add(joining, replaced)
	}
	s.records = s.g.Tombstones()
	s.downgrade = down
}

// Tombstones are the records by which the group is gone, its offsets aside.
// Source: Kafka, ConsumerGroup.createGroupTombstoneRecords.
func (g *Group) Tombstones() []record.Record {
	var records []record.Record
	for id := range g.members.Entries() {
		records = append(records,
			&record.ConsumerGroupCurrentMemberAssignment{GroupID: g.id, MemberID: id})
	}
	for id := range g.facts.strays.Entries() {
		records = append(records,
			&record.ConsumerGroupCurrentMemberAssignment{GroupID: g.id, MemberID: id})
	}
	for id := range g.targets.Entries() {
		records = append(records,
			&record.ConsumerGroupTargetAssignmentMember{GroupID: g.id, MemberID: id})
	}
	records = append(records, &record.ConsumerGroupTargetAssignmentMetadata{GroupID: g.id})
	for id := range g.members.Entries() {
		records = append(records, &record.ConsumerGroupMemberMetadata{GroupID: g.id, MemberID: id})
	}
	for regex := range g.regexes.Entries() {
		records = append(records, regexTombstone(g.id, regex))
	}
	return append(records, &record.ConsumerGroupPartitionMetadata{GroupID: g.id},
		&record.ConsumerGroupMetadata{GroupID: g.id})
}
