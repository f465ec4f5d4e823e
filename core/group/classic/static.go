package classic

import (
	"odradek/core/assert"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// replaceStatic handles the JoinGroup, without a member id, of a static member that the
// group knows under another: the client was started again. It takes the place of the
// old one, whose requests are fenced from now on. If the group is Stable and its
// protocol stays what it is, nobody else needs to know. Source: KIP-345.
func (g *Group) replaceStatic(s *Step, q *kmsg.JoinGroupRequest, old *member, newID string) {
	assert.That(g.state != Empty, "an empty group has no static member")
	oldLeader := g.leaderID
	m := g.succeed(s, old, newID)
	g.update(s, q, m, protocolsOf(q))
	g.prolong(s, m)
	if g.state == Stable && g.selectProtocol() == *g.protocol {
		g.writeReplaced(s, m, oldLeader)
		return
	}
	// In CompletingRebalance, too: the leader may already divide among members of which one
	// no longer is.
	g.rebalance(s)
}

// succeed gives a member's place to one with another id.
func (g *Group) succeed(s *Step, old *member, newID string) *member {
	if old.join != nil {
		s.refuseJoin(*old.join, old.memberID, kafka.ErrFencedInstanceID)
		g.setJoin(old, nil)
	}
	if old.sync != nil {
		s.refuseSync(*old.sync, kafka.ErrFencedInstanceID)
	}
	g.timers.Stop(&old.session)
	m := &member{
		memberID: newID, groupInstanceID: old.groupInstanceID,
		clientID: old.clientID, clientHost: old.clientHost,
		rebalanceTimeoutMs: old.rebalanceTimeoutMs, sessionTimeoutMs: old.sessionTimeoutMs,
		protocols: old.protocols, assignment: old.assignment,
		session: timer.Timer{Group: g.id, Member: newID},
	}
	g.unindex(old)
	for i := range g.members {
		if g.members[i] == old {
			g.members[i] = m
		}
	}
	g.index(m)
	if g.leaderID == old.memberID {
		g.leaderID = newID
	}
	return m
}

// writeReplaced writes the generation with the member's new id and answers the member,
// which goes on with the old one's assignment. If it leads, it is told not to divide:
// since version 9 in so many words (KIP-814), before by another leader's id.
func (g *Group) writeReplaced(s *Step, m *member, oldLeader string) {
	g.write(s, func(m *member) []byte { return m.assignment })
	w := *m.join
	g.setJoin(m, nil)
	if w.version < 9 {
		answer := g.joinResponse(m.memberID, false)
		answer.LeaderID = oldLeader
		s.answerJoin(w, answer)
		return
	}
	leads := g.leaderID == m.memberID
	answer := g.joinResponse(m.memberID, leads)
	answer.SkipAssignment = leads
	s.answerJoin(w, answer)
}

// write writes the present generation, with what each member is assigned.
func (g *Group) write(s *Step, assignment func(*member) []byte) {
	value := &record.GroupMetadataValue{
		ProtocolType: g.protocolType, Generation: g.generation, Protocol: g.protocol,
		CurrentStateTimestamp: g.currentStateTimestamp,
	}
	if g.leaderID != "" {
		leader := g.leaderID
		value.Leader = &leader
	}
	for _, m := range g.members {
		value.Members = append(value.Members, m.record(*g.protocol, assignment(m)))
	}
	s.Decision.Write(&record.GroupMetadata{Group: g.id, Value: value})
}

// WriteEmpty writes that there is a group without a member, which has never had a
// generation. Kafka does so for every group that a JoinGroup makes, whatever becomes of
// the member.
func (g *Group) WriteEmpty(s *Step) {
	s.Decision.Write(&record.GroupMetadata{Group: g.id,
		Value: &record.GroupMetadataValue{CurrentStateTimestamp: g.currentStateTimestamp}})
}
