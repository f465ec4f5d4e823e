package classic

import (
	"odradek/core/assert"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Sync handles a SyncGroup of any version: a member asks for its assignment, and the
// leader brings those of all.
func (g *Group) Sync(s *Step, q *kmsg.SyncGroupRequest) {
	w := waiter{s.Ticket, q.Version}
	if code := g.validateSync(q); code != kafka.None {
		s.refuseSync(w, code)
		return
	}
	m := g.byID[q.MemberID]
	switch g.state {
	case PreparingRebalance:
		s.refuseSync(w, kafka.ErrRebalanceInProgress)
	case CompletingRebalance:
		s.Decision.Volatile = true
		if m.sync != nil {
			// The member has asked again, on another connection most likely.
			s.refuseSync(*m.sync, kafka.ErrRebalanceInProgress)
		}
		m.sync = &w
		g.synced(m)
		if g.leaderID == m.memberID {
			g.assign(s, q)
		}
	case Stable:
		s.Decision.Volatile = true
		g.synced(m)
		s.answerSync(w, g.syncResponse(m))
	default:
		assert.Unreachable("an empty group has no member that could ask")
	}
}

// validateSync checks who asks, for which generation, and, since version 5, that it
// means the same protocol (KIP-559).
func (g *Group) validateSync(q *kmsg.SyncGroupRequest) kafka.ErrorCode {
	if code := g.validate(q.MemberID, q.InstanceID); code != kafka.None {
		return code
	}
	if kafka.Generation(q.Generation) != g.generation {
		return kafka.ErrIllegalGeneration
	}
	if q.ProtocolType != nil && *q.ProtocolType != g.protocolType {
		return kafka.ErrInconsistentGroupProtocol
	}
	if q.Protocol != nil && (g.protocol == nil || *q.Protocol != *g.protocol) {
		return kafka.ErrInconsistentGroupProtocol
	}
	return kafka.None
}

// synced notes that a member has sent its SyncGroup.
func (g *Group) synced(m *member) {
	g.setOwesSync(m, false)
	if g.owingSync == 0 {
		g.timers.Stop(&g.sync)
	}
}

// assign takes what the leader has divided, writes the generation, and gives every
// member that waits its part. A member the leader has forgotten gets nothing, and who
// is not a member is passed over. Of a member that comes twice the last counts.
func (g *Group) assign(s *Step, q *kmsg.SyncGroupRequest) {
	assignments := make(map[string][]byte, len(q.GroupAssignment))
	for i := range q.GroupAssignment {
		a := &q.GroupAssignment[i]
		assignments[a.MemberID] = a.MemberAssignment
	}
	for _, m := range g.members {
		// A copy, as the bytes are the connection's; and never nil, which kmsg writes as
		// null.
		m.assignment = append([]byte{}, assignments[m.memberID]...)
	}
	g.write(s, func(m *member) []byte { return m.assignment })
	for _, m := range g.members {
		if m.sync == nil {
			continue
		}
		s.answerSync(*m.sync, g.syncResponse(m))
		m.sync = nil
		// A session that ended while the member waited was let pass: it begins again.
		g.prolong(s, m)
	}
	g.transition(Stable, s.Wall)
}
