package classic

import (
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Apply notes what is in the log of the group. A group that is live has become that
// already, when it decided to write it: what changes here is what it would be loaded as.
func (g *Group) Apply(value *record.GroupMetadataValue) { g.stored = value }

// Begin makes a group that was loaded what its last record says, and lets the sessions
// of its members begin: they have as long to be heard of as if they had just been. If it
// has more members than it may, it is rebalanced, and the last to come are turned away.
func (g *Group) Begin(s *Step) {
	value := g.stored
	if value == nil {
		return
	}
	g.generation, g.protocolType, g.protocol = value.Generation, value.ProtocolType, value.Protocol
	g.currentStateTimestamp = value.CurrentStateTimestamp
	for i := range value.Members {
		g.load(value, &value.Members[i])
	}
	g.previous, g.state = Dead, Empty
	if len(g.members) > 0 {
		g.state = Stable
		if value.Leader != nil && g.byID[*value.Leader] != nil {
			g.leaderID = *value.Leader
		}
	}
	g.subscribe()
	for _, m := range g.members {
		g.prolong(s, m)
	}
	if len(g.members) > int(s.Settings.GroupMaxSize) {
		g.prepareRebalance(s)
	}
}

// load makes a member of what was written of it. A record may have been written by
// anything: what would break an invariant is passed over.
func (g *Group) load(value *record.GroupMetadataValue, r *record.GroupMember) {
	if g.byID[r.MemberID] != nil || r.MemberID == "" || value.Protocol == nil {
		return
	}
	if r.GroupInstanceID != nil && g.static[*r.GroupInstanceID] != "" {
		return
	}
	m := &member{
		memberID: r.MemberID, groupInstanceID: r.GroupInstanceID,
		clientID: r.ClientID, clientHost: r.ClientHost,
		rebalanceTimeoutMs: r.RebalanceTimeout, sessionTimeoutMs: r.SessionTimeout,
		protocols:  []record.ClassicProtocol{{Name: *value.Protocol, Metadata: r.Subscription}},
		assignment: r.Assignment, session: timer.Timer{Group: g.id, Member: r.MemberID},
	}
	// Brokers before 0.10.1 did not note it.
	if m.rebalanceTimeoutMs == -1 {
		m.rebalanceTimeoutMs = m.sessionTimeoutMs
	}
	g.add(m)
}

// Tombstone is the record by which the group is gone.
func (g *Group) Tombstone() record.Record { return &record.GroupMetadata{Group: g.id} }

// Retire stops the group's timers: it is gone, or another takes its place. Nobody waits
// in a group that may be deleted.
func (g *Group) Retire() { g.stopAll() }

// Unload answers whoever waits: the coordinator is elsewhere from now on.
func (g *Group) Unload(code kafka.ErrorCode) []decision.Answer {
	var d decision.Decision
	s := &Step{Decision: &d}
	for _, m := range g.members {
		if m.join != nil {
			s.refuseJoin(*m.join, m.memberID, code)
			g.setJoin(m, nil)
		}
		if m.sync != nil {
			s.refuseSync(*m.sync, code)
			m.sync = nil
		}
	}
	g.stopAll()
	return d.Answers
}

// Describe fills in what DescribeGroups tells of a group. What members subscribe to is
// only told of a settled group: before, they may not have the same protocol.
func (g *Group) Describe(into *kmsg.DescribeGroupsResponseGroup) {
	into.State, into.ProtocolType = g.state.String(), g.protocolType
	if g.state == Stable {
		into.Protocol = *g.protocol
	}
	for _, m := range g.members {
		member := kmsg.NewDescribeGroupsResponseGroupMember()
		member.MemberID, member.InstanceID = m.memberID, m.groupInstanceID
		member.ClientID, member.ClientHost = m.clientID, m.clientHost
		member.MemberAssignment = m.assignment
		if g.state == Stable {
			member.ProtocolMetadata = m.metadata(*g.protocol)
		}
		into.Members = append(into.Members, member)
	}
}
