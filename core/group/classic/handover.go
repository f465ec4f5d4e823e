package classic

import (
	"odradek/core/assert"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"
)

// Member is a member on its way between this group and one of another protocol (KIP-848).
type Member struct {
	MemberID             string
	GroupInstanceID      *string
	ClientID, ClientHost string
	RebalanceTimeoutMs   int32
	SessionTimeoutMs     int32
	// Protocols are those it supports, the one it likes best first.
	Protocols []record.ClassicProtocol
	// Assignment is what the leader has given it; empty if it is in no generation yet.
	Assignment []byte
}

// Members are the group's members, in the order in which they joined, to be handed over.
func (g *Group) Members() []Member {
	members := make([]Member, 0, len(g.members))
	for _, m := range g.members {
		members = append(members, Member{
			MemberID: m.memberID, GroupInstanceID: m.groupInstanceID,
			ClientID: m.clientID, ClientHost: m.clientHost,
			RebalanceTimeoutMs: m.rebalanceTimeoutMs, SessionTimeoutMs: m.sessionTimeoutMs,
			Protocols: m.protocols, Assignment: m.assignment,
		})
	}
	return members
}

// HandedOver says that the members are somebody else's from now on. Who waits is told to
// join anew, which is where it learns what has become of it.
func (g *Group) HandedOver(s *Step) {
	s.Decision.Volatile = true
	for _, m := range g.members {
		if m.join != nil {
			s.refuseJoin(*m.join, m.memberID, kafka.ErrRebalanceInProgress)
			g.setJoin(m, nil)
		}
		if m.sync != nil {
			s.refuseSync(*m.sync, kafka.ErrRebalanceInProgress)
			m.sync = nil
		}
	}
	g.stopAll()
}

// TakeOver makes a group of members that were consumers of another protocol, and writes
// it: stable, at a generation, each with its assignment. With rebalance they are asked to
// join anew. All support one protocol at least.
// Source: Kafka, ClassicGroup.fromConsumerGroup.
func TakeOver(id string, timers *timer.Queue, s *Step, generation kafka.Generation,
	members []Member, rebalance bool) *Group {
	assert.That(len(members) > 0, "a group that is taken over has members")
	s.Decision.Volatile = true
	g := New(id, timers, s.Wall)
	g.generation, g.protocolType = generation, ProtocolType
	for _, handed := range members {
		m := &member{
			memberID: handed.MemberID, groupInstanceID: handed.GroupInstanceID,
			clientID: handed.ClientID, clientHost: handed.ClientHost,
			rebalanceTimeoutMs: handed.RebalanceTimeoutMs, sessionTimeoutMs: handed.SessionTimeoutMs,
			protocols: distinct(handed.Protocols), assignment: handed.Assignment,
			session: timer.Timer{Group: id, Member: handed.MemberID},
		}
		g.add(m)
		g.prolong(s, m)
	}
	protocol := g.selectProtocol()
	g.protocol = &protocol
	g.subscribe()
	g.state = Stable
	g.write(s, func(m *member) []byte { return m.assignment })
	if rebalance {
		g.prepareRebalance(s)
	}
	return g
}

// Generation is that of the last rebalance.
func (g *Group) Generation() kafka.Generation { return g.generation }

// Size is the number of members, without those that have yet to join with their id.
func (g *Group) Size() int { return len(g.members) }
