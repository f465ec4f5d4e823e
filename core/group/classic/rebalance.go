package classic

import (
	"odradek/core/assert"
	"odradek/core/kafka"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// initialDelay is the wait of a group that was empty for its members: most come at once
// when an application is started, and each that came later would cost a rebalance.
type initialDelay struct {
	// running is true while the join timer stands for the delay.
	running bool
	// extended is true when a member has come since the timer was started.
	extended bool
	// delayMs is what the timer was started with, remainingMs what may be added to it:
	// together no more than the members' rebalance time-out.
	delayMs, remainingMs int32
}

// rebalance begins a rebalance; if one has begun, it ends if this was the last member
// it waited for.
func (g *Group) rebalance(s *Step) {
	if g.state == PreparingRebalance {
		g.maybeCompleteJoin(s)
		return
	}
	g.prepareRebalance(s)
}

// prepareRebalance asks all members to join. Those that wait for their assignment are
// told at once, the others by their next heartbeat.
func (g *Group) prepareRebalance(s *Step) {
	s.Decision.Volatile = true
	if g.state == CompletingRebalance {
		for _, m := range g.members {
			m.assignment = nil
			if m.sync != nil {
				s.refuseSync(*m.sync, kafka.ErrRebalanceInProgress)
				m.sync = nil
				g.prolong(s, m)
			}
		}
	}
	g.clearOwedSync()
	if g.state == Empty {
		delay := s.Settings.GroupInitialRebalanceDelayMs
		g.delay = initialDelay{running: true, delayMs: delay,
			remainingMs: max(g.rebalanceTimeoutMs()-delay, 0)}
		g.timers.Start(&g.join, s.after(delay))
		g.transition(PreparingRebalance, s.Wall)
		return
	}
	g.transition(PreparingRebalance, s.Wall)
	if g.allJoined() {
		g.completeJoin(s)
		return
	}
	g.timers.Start(&g.join, s.after(g.rebalanceTimeoutMs()))
}

// clearOwedSync forgets who has to send its SyncGroup.
func (g *Group) clearOwedSync() {
	g.timers.Stop(&g.sync)
	if g.owingSync == 0 {
		return
	}
	for _, m := range g.members {
		g.setOwesSync(m, false)
	}
}

// maybeCompleteJoin ends the wait for members when all have joined. A group that was
// empty waits for its delay in any case.
func (g *Group) maybeCompleteJoin(s *Step) {
	if g.state == PreparingRebalance && g.previous != Empty && g.allJoined() {
		g.completeJoin(s)
	}
}

// joinDue is what the end of the join timer comes to.
func (g *Group) joinDue(s *Step) {
	if g.delay.running && g.delay.extended && g.delay.remainingMs > 0 {
		d := &g.delay
		delay := min(s.Settings.GroupInitialRebalanceDelayMs, d.remainingMs)
		*d = initialDelay{running: true, delayMs: delay, remainingMs: max(d.remainingMs-d.delayMs, 0)}
		g.timers.Start(&g.join, s.after(delay))
		return
	}
	g.completeJoin(s)
}

// completeJoin ends the wait for members. Those that have not joined are out, except
// static ones, which may be about to come back. Whoever is there makes the next
// generation; if nobody is, the group is empty.
func (g *Group) completeJoin(s *Step) {
	assert.That(g.state == PreparingRebalance, "members are waited for while a rebalance is prepared")
	s.Decision.Volatile = true
	g.timers.Stop(&g.join)
	g.delay = initialDelay{}
	g.removeWhere(s, func(m *member) bool { return m.join == nil && !m.isStatic() })
	if len(g.members) > 0 && !g.electJoinedLeader() {
		// Only static members are left, and none of them has come. They get as long again,
		// unless their sessions end first.
		g.timers.Start(&g.join, s.after(g.rebalanceTimeoutMs()))
		return
	}
	g.generation++
	if len(g.members) == 0 {
		g.protocol = nil
		g.subscribe()
		g.transition(Empty, s.Wall)
		g.write(s, nil)
		return
	}
	protocol := g.selectProtocol()
	g.protocol = &protocol
	g.subscribe()
	g.transition(CompletingRebalance, s.Wall)
	for _, m := range g.members {
		g.tell(s, m)
	}
	g.timers.Start(&g.sync, s.after(g.rebalanceTimeoutMs()))
	s.Trace.Event("group-generation", g.id, int64(g.generation), int64(len(g.members)))
}

// tell answers a member's JoinGroup with the generation that has begun.
func (g *Group) tell(s *Step, m *member) {
	if m.join != nil {
		s.answerJoin(*m.join, g.joinResponse(m.memberID, m.memberID == g.leaderID))
		g.setJoin(m, nil)
	}
	g.prolong(s, m)
	m.isNew = false
	g.setOwesSync(m, true)
}

// electJoinedLeader makes sure that the leader is one who has joined, and reports
// whether anybody has.
func (g *Group) electJoinedLeader() bool {
	if g.byID[g.leaderID].join != nil {
		return true
	}
	for _, m := range g.members {
		if m.join != nil {
			g.leaderID = m.memberID
			return true
		}
	}
	return false
}

// syncResponse is a member's assignment.
func (g *Group) syncResponse(m *member) kmsg.SyncGroupResponse {
	answer := kmsg.NewSyncGroupResponse()
	answer.ProtocolType, answer.Protocol = g.protocolTypeNow(), g.protocol
	answer.MemberAssignment = m.assignment
	return answer
}
