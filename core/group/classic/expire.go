package classic

import (
	"odradek/core/group/timer"
)

// Expired is told of a timer that came due, of this group or of one that had its name
// before.
func (g *Group) Expired(s *Step, t *timer.Timer) {
	if t.Member != "" {
		g.sessionDue(s, t)
		return
	}
	switch t {
	case &g.join:
		g.joinDue(s)
	case &g.sync:
		g.syncDue(s)
	}
}

// sessionDue removes a member that has not been heard of, or an id that was not joined
// with.
func (g *Group) sessionDue(s *Step, t *timer.Timer) {
	if p, ok := g.pending.Get(t.Member); ok && t == &p.session {
		s.Decision.Volatile = true
		g.dropPending(t.Member)
		if g.state == PreparingRebalance && g.allJoined() {
			g.completeJoin(s)
		}
		return
	}
	m := g.byID[t.Member]
	if m == nil || t != &m.session {
		return
	}
	// A member that waits for us sends no heartbeats, and need not: it is heard of when
	// it has been answered. A new one that has waited too long is not there any more.
	if !m.isNew && (m.join != nil || m.sync != nil) {
		return
	}
	s.Decision.Volatile = true
	g.remove(s, m.memberID)
	switch {
	case g.state == Stable || g.state == CompletingRebalance:
		g.rebalance(s)
	case g.allJoined():
		g.completeJoin(s)
	}
}

// syncDue removes the members that have not asked for their assignment: they may have
// gone with partitions assigned to them.
func (g *Group) syncDue(s *Step) {
	if g.owingSync == 0 || g.state != CompletingRebalance && g.state != Stable {
		return
	}
	g.removeWhere(s, func(m *member) bool { return m.owesSync })
	g.prepareRebalance(s)
}
