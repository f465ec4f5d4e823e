package consumer

import (
	"cmp"
	"time"

	"odradek/core/group/decision"
	"odradek/core/kafka"
	"odradek/core/order"
)

// timerKind is what a group waits for.
type timerKind int8

const (
	// timerSession: that a member is heard of. It is set for every member.
	timerSession timerKind = iota
	// timerRebalance: that a member gives up what it shall no longer have.
	timerRebalance
	// timerJoin: that a classic member joins anew, having been told to.
	timerJoin
	// timerSync: that a classic member comes for its assignment, having joined.
	timerSync
	// timerResolve: nothing, regular expressions are to be resolved at once.
	timerResolve
)

// timer is one wait: until when and for whom.
type timer struct {
	at     kafka.Instant
	kind   timerKind
	member string
}

// timers are the waits of a group, at most one of a kind for each member. They are in no
// record. A wait that finds nobody, because a member's records were not written after all,
// is over.
type timers struct {
	byTime *order.Map[timer, kafka.MemberEpoch]
	// set has when each ends. It is never ranged over.
	set map[timer]kafka.Instant // keys have at = 0
}

func newTimers() timers {
	return timers{
		byTime: order.NewMap[timer, kafka.MemberEpoch](func(a, b timer) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind),
				cmp.Compare(a.member, b.member))
		}),
		set: map[timer]kafka.Instant{},
	}
}

// start begins a wait, or begins it anew. epoch is the member's at that time.
func (t *timers) start(kind timerKind, memberID string, at kafka.Instant,
	epoch kafka.MemberEpoch) {
	t.stop(kind, memberID)
	t.set[timer{kind: kind, member: memberID}] = at
	t.byTime.Put(timer{at, kind, memberID}, epoch)
}

// startIfAbsent begins a wait unless it has begun before.
func (t *timers) startIfAbsent(kind timerKind, memberID string, at kafka.Instant) {
	if !t.runs(kind, memberID) {
		t.start(kind, memberID, at, 0)
	}
}

// runs reports whether there is such a wait.
func (t *timers) runs(kind timerKind, memberID string) bool {
	_, found := t.set[timer{kind: kind, member: memberID}]
	return found
}

// stop ends a wait.
func (t *timers) stop(kind timerKind, memberID string) {
	key := timer{kind: kind, member: memberID}
	if at, found := t.set[key]; found {
		delete(t.set, key)
		t.byTime.Delete(timer{at, kind, memberID})
	}
}

// forget ends all waits for a member.
func (t *timers) forget(memberID string) {
	for kind := timerSession; kind <= timerSync; kind++ {
		t.stop(kind, memberID)
	}
}

// next is when the first wait ends.
func (t *timers) next() kafka.Instant {
	first, _, ok := t.byTime.First()
	if !ok {
		return kafka.Never
	}
	return first.at
}

// NextDeadline is when Expire is to be called: kafka.Never if there is nothing to wait
// for.
func (g *Group) NextDeadline() kafka.Instant { return g.timers.next() }

// Loaded begins the sessions of all members: the log was read, and from now on they have
// to be heard of.
func (g *Group) Loaded(c *Call) {
	for id, m := range g.members.Entries() {
		g.startSession(c, id)
		if m.state == UnrevokedPartitions && !m.classic() {
			g.startRebalance(c, m)
		}
	}
}

// Expire does what is due: members that were not heard of in time leave, all in one step;
// if there are none, regular expressions are resolved, as many as a step may. Call it
// until NextDeadline is in the future.
func (g *Group) Expire(c *Call) (decision.Decision, *Downgrade) {
	var gone []*member
	resolve := false
	for g.timers.next() <= c.Moment.Now {
		t, epoch, _ := g.timers.byTime.First()
		if t.kind == timerResolve && len(gone) > 0 {
			break
		}
		g.timers.stop(t.kind, t.member)
		if t.kind == timerResolve {
			resolve = true
			break
		}
		if m, found := g.members.Get(t.member); found && m.missed(t.kind, epoch) {
			gone = append(gone, m)
		}
	}
	switch {
	case len(gone) > 0:
		return g.fence(c, distinct(gone))
	case resolve:
		return g.resolve(c), nil
	}
	return decision.Decision{}, nil
}

// missed reports whether the end of a wait, begun at an epoch of the member's, means that
// it is out. A wait may outlive what it was for: another member under the same id, or one
// that has changed its protocol.
func (m *member) missed(kind timerKind, epoch kafka.MemberEpoch) bool {
	switch kind {
	case timerRebalance:
		return m.epoch == epoch && m.state == UnrevokedPartitions && !m.classic()
	case timerJoin, timerSync:
		return m.classic()
	}
	return true
}

// distinct drops members that are named twice, having missed two time-outs.
func distinct(members []*member) []*member {
	seen := order.NewMap[string, *member](cmp.Compare[string])
	for _, m := range members {
		seen.Put(m.id, m)
	}
	var once []*member
	for _, m := range seen.Entries() {
		once = append(once, m)
	}
	return once
}

// startSession begins a member's session anew.
func (g *Group) startSession(c *Call, memberID string) {
	g.timers.start(timerSession, memberID, c.Moment.Now.Plus(c.Settings.SessionTimeout), 0)
}

// startRebalance begins the time that a member has to give up partitions at its epoch.
func (g *Group) startRebalance(c *Call, m *member) {
	g.timers.start(timerRebalance, m.id, c.Moment.Now.Plus(m.rebalanceTimeout()), m.epoch)
}

// rebalanceTimeout is how long the member may take to give up partitions or to join anew.
func (m *member) rebalanceTimeout() time.Duration {
	return time.Duration(m.RebalanceTimeoutMs) * time.Millisecond
}
