package classic

import (
	"fmt"

	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Join handles a JoinGroup of any version. The caller has checked what does not depend
// on the group: its id, the bounds of the session time-out, and that no protocol is named
// twice.
//
// Since version 4 a member without an id is told one first and joins with it in a
// second step, so that a client which never sees its answers does not leave members
// behind (KIP-394). Reasons (version 8, KIP-800) are for the reader of a log; there is
// none here.
func (g *Group) Join(s *Step, q *kmsg.JoinGroupRequest) {
	w := waiter{s.Ticket, q.Version}
	s.Decision.Volatile = true
	switch {
	case !g.accepts(s, q.MemberID):
		g.remove(s, q.MemberID)
		s.refuseJoin(w, "", kafka.ErrGroupMaxSizeReached)
	case q.MemberID == "":
		g.joinNew(s, q)
	default:
		g.joinKnown(s, q)
	}
}

// accepts reports whether there is room. While a group prepares, those that have joined
// count: when the limit was lowered, the last to come back are turned away.
func (g *Group) accepts(s *Step, memberID string) bool {
	m := g.byID[memberID]
	switch g.state {
	case PreparingRebalance:
		return m != nil && m.join != nil || g.awaitingJoin < int(s.Settings.GroupMaxSize)
	case CompletingRebalance, Stable:
		return m != nil || len(g.members) < int(s.Settings.GroupMaxSize)
	}
	return true
}

// joinNew handles the JoinGroup of a member without an id.
func (g *Group) joinNew(s *Step, q *kmsg.JoinGroupRequest) {
	w := waiter{s.Ticket, q.Version}
	if !g.supports(q.ProtocolType, q.Protocols) {
		s.refuseJoin(w, "", kafka.ErrInconsistentGroupProtocol)
		return
	}
	if q.InstanceID != nil {
		newID := newMemberID(s, *q.InstanceID)
		if oldID := g.static[*q.InstanceID]; oldID != "" {
			g.replaceStatic(s, q, g.byID[oldID], newID)
			return
		}
		g.addAndRebalance(s, q, newID)
		return
	}
	newID := newMemberID(s, s.From.ID)
	if q.Version < 4 {
		g.addAndRebalance(s, q, newID)
		return
	}
	if g.pending.Len() >= pendingMembersMax {
		s.refuseJoin(w, "", kafka.ErrGroupMaxSizeReached)
		return
	}
	p := &pendingMember{timer.Timer{Group: g.id, Member: newID}}
	g.pending.Put(newID, p)
	g.timers.Start(&p.session, s.after(q.SessionTimeoutMillis))
	s.refuseJoin(w, newID, kafka.ErrMemberIDRequired)
}

// newMemberID makes an id that nobody else has: a name, and a random UUID.
func newMemberID(s *Step, name string) string {
	high, low := s.Random.Uint64(), s.Random.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%s-%08x-%04x-%04x-%04x-%012x", name, high>>32, high>>16&0xffff, high&0xffff,
		low>>48, low&(1<<48-1))
}

// MemberIDSuffixBytes is by how much a member's id is longer than its client's or its
// instance's.
const MemberIDSuffixBytes = 37

// joinKnown handles the JoinGroup of a member with an id.
func (g *Group) joinKnown(s *Step, q *kmsg.JoinGroupRequest) {
	w := waiter{s.Ticket, q.Version}
	if !g.supports(q.ProtocolType, q.Protocols) {
		s.refuseJoin(w, q.MemberID, kafka.ErrInconsistentGroupProtocol)
		return
	}
	if g.pending.Has(q.MemberID) {
		if q.InstanceID != nil {
			// A static member is never told an id to join with. Kafka stumbles over one.
			s.refuseJoin(w, "", kafka.ErrUnknownServerError)
			return
		}
		g.addAndRebalance(s, q, q.MemberID)
		return
	}
	if code := g.validate(q.MemberID, q.InstanceID); code != kafka.None {
		s.refuseJoin(w, q.MemberID, code)
		return
	}
	g.rejoin(s, q, g.byID[q.MemberID])
}

// rejoin handles the JoinGroup of a member of the group. One that has nothing new to say
// is told of the generation that it is in: its answer was lost. In a Stable group the
// leader always begins a rebalance: it may have seen topics change.
func (g *Group) rejoin(s *Step, q *kmsg.JoinGroupRequest, m *member) {
	protocols := protocolsOf(q)
	leader := g.leaderID == m.memberID
	unchanged := m.matches(protocols)
	if g.state == CompletingRebalance && unchanged || g.state == Stable && unchanged && !leader {
		s.answerJoin(waiter{s.Ticket, q.Version}, g.joinResponse(m.memberID, leader))
		return
	}
	g.update(s, q, m, protocols)
	g.rebalance(s)
}

// update notes what a member says in its JoinGroup, and that it waits.
func (g *Group) update(s *Step, q *kmsg.JoinGroupRequest, m *member,
	protocols []record.ClassicProtocol) {
	g.setProtocols(m, protocols)
	m.rebalanceTimeoutMs, m.sessionTimeoutMs = timeoutsOf(q)
	if m.join != nil {
		// The member has asked again, on another connection most likely. Kafka leaves the
		// first request without an answer; this one makes whoever still waits ask anew.
		s.refuseJoin(*m.join, m.memberID, kafka.ErrRebalanceInProgress)
	}
	g.setJoin(m, &waiter{s.Ticket, q.Version})
}

// timeoutsOf are the time-outs of a JoinGroup, in milliseconds. Version 0 has only one.
func timeoutsOf(q *kmsg.JoinGroupRequest) (rebalance, session int32) {
	if q.Version == 0 {
		return q.SessionTimeoutMillis, q.SessionTimeoutMillis
	}
	return q.RebalanceTimeoutMillis, q.SessionTimeoutMillis
}

// addAndRebalance takes in a new member, which waits.
func (g *Group) addAndRebalance(s *Step, q *kmsg.JoinGroupRequest, memberID string) {
	rebalance, session := timeoutsOf(q)
	m := &member{
		memberID: memberID, groupInstanceID: q.InstanceID,
		clientID: s.From.ID, clientHost: s.From.Host,
		rebalanceTimeoutMs: rebalance, sessionTimeoutMs: session,
		protocols: protocolsOf(q), isNew: true, join: &waiter{s.Ticket, q.Version},
		session: timer.Timer{Group: g.id, Member: memberID},
	}
	if g.state == PreparingRebalance && g.previous == Empty {
		g.delay.extended = true
	}
	if len(g.members) == 0 {
		g.protocolType = q.ProtocolType
	}
	g.add(m)
	g.timers.Start(&m.session, s.after(newMemberJoinTimeoutMs))
	g.rebalance(s)
}

// joinResponse tells a member of the present generation; the leader is told of all
// members, to divide.
func (g *Group) joinResponse(memberID string, withMembers bool) kmsg.JoinGroupResponse {
	answer := kmsg.NewJoinGroupResponse()
	answer.Generation = int32(g.generation)
	answer.ProtocolType, answer.Protocol = g.protocolTypeNow(), g.protocol
	answer.LeaderID, answer.MemberID = g.leaderID, memberID
	answer.Members = []kmsg.JoinGroupResponseMember{}
	if !withMembers {
		return answer
	}
	for _, m := range g.members {
		member := kmsg.NewJoinGroupResponseMember()
		member.MemberID, member.InstanceID = m.memberID, m.groupInstanceID
		member.ProtocolMetadata = m.metadata(*g.protocol)
		answer.Members = append(answer.Members, member)
	}
	return answer
}
