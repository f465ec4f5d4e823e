package groups

import (
	"fmt"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// join has a client ask for membership.
func (m *model) join(c *modelClient) {
	m.lose(c)
	if m.consumer || c.id == "" {
		m.values++
		c.id = MemberID(fmt.Sprintf("m%d", m.values))
	}
	id, instance := c.id, c.instance
	var f *modelFlight
	f = m.ask(c, Joins, func(a *Ask) {
		for other, member := range m.members {
			if instance != "" && member.instance == instance && other != id {
				if m.consumer {
					a.Code = kafka.ErrUnreleasedInstanceID
					return
				}
				if member.joining != nil {
					member.joining.held = false
				}
				delete(m.members, other) // the older one is fenced
			}
		}
		member := m.members[id]
		if member == nil {
			member = &modelMember{id: id, instance: instance, seen: m.now}
			m.members[id] = member
			m.epoch += map[bool]Epoch{true: 1}[m.consumer]
		}
		member.seen = m.now
		if m.consumer {
			m.reconcile(member, nil)
			a.Told = member.epoch
			return
		}
		member.joining, member.synced = f, false
		if m.preparing == 0 {
			m.preparing = m.now
		}
		f.held = true
	}, func(a *Ask) {
		if m.consumer {
			m.heard(c, a)
			return
		}
		member := m.members[c.id]
		if a.Code != kafka.None || member == nil || member.epoch == 0 {
			a.Outcome, a.Code = check.Failed, kafka.ErrUnknownMemberID
			c.id = ""
			return
		}
		// The generation that it was told of is the one that it joined.
		a.Told = member.epoch
		c.epoch = a.Told
	})
}

// complete ends a rebalance that waits for nobody.
func (m *model) complete() {
	if m.consumer || m.preparing == 0 || len(m.members) == 0 {
		return
	}
	for _, member := range m.members {
		if member.joining == nil {
			return
		}
	}
	m.epoch++
	m.preparing = 0
	for _, member := range m.members {
		member.joining.held = false
		member.joining, member.epoch, member.seen = nil, m.epoch, m.now
		member.owned = nil
	}
	m.drop()
}

// sync has a client of the classic protocol ask for its partitions.
func (m *model) sync(c *modelClient) {
	id, epoch := c.id, c.epoch
	var given []kafka.Partition
	m.ask(c, Syncs, func(a *Ask) {
		member := m.members[id]
		switch {
		case member == nil:
			a.Code = kafka.ErrUnknownMemberID
			return
		case member.epoch != epoch:
			a.Code = kafka.ErrIllegalGeneration
			return
		case m.preparing != 0:
			a.Code = kafka.ErrRebalanceInProgress
			return
		}
		member.seen, a.Told = m.now, epoch
		for p := range kafka.Partition(modelPartitions) {
			if m.wanted(p) == id {
				given = append(given, p)
			}
		}
		member.owned = given
	}, func(a *Ask) {
		if a.Code != kafka.None {
			m.refused(c, a.Code)
			return
		}
		c.synced = true
		for _, p := range given {
			m.take(c, p)
		}
	})
}

// refused has a client do what it must after an error.
func (m *model) refused(c *modelClient, code kafka.ErrorCode) {
	id := c.id
	m.lose(c)
	if m.consumer || code == kafka.ErrUnknownMemberID || code == kafka.ErrFencedInstanceID {
		id = ""
	}
	c.id = id
}

func (m *model) beat(c *modelClient) {
	id, epoch := c.id, c.epoch
	owned := m.ownedBy(c)
	m.ask(c, Beats, func(a *Ask) {
		member := m.members[id]
		switch {
		case member == nil:
			a.Code = kafka.ErrUnknownMemberID
		case m.consumer && member.epoch != epoch:
			a.Code = kafka.ErrFencedMemberEpoch
		case m.consumer:
			member.seen = m.now
			m.reconcile(member, owned)
			a.Told = member.epoch
		case member.epoch != epoch:
			a.Code = kafka.ErrIllegalGeneration
		case m.preparing != 0:
			member.seen = m.now
			a.Code = kafka.ErrRebalanceInProgress
		default:
			member.seen, a.Told = m.now, epoch
		}
	}, func(a *Ask) {
		switch {
		case m.consumer:
			m.heard(c, a)
		case a.Code != kafka.None:
			m.refused(c, a.Code)
		}
	})
}

// reconcile moves a member of the consumer protocol towards its target: it gives up
// first, and gets only what nobody has.
func (m *model) reconcile(member *modelMember, reported []kafka.Partition) {
	taken := func(p kafka.Partition) bool {
		for _, other := range m.members {
			if slices.Contains(other.owned, p) || slices.Contains(other.revoking, p) {
				return true
			}
		}
		return false
	}
	member.revoking = slices.DeleteFunc(member.revoking, func(p kafka.Partition) bool {
		return !slices.Contains(reported, p)
	})
	if len(member.revoking) > 0 {
		return
	}
	for _, p := range slices.Clone(member.owned) {
		if m.wanted(p) != member.id {
			member.owned = slices.DeleteFunc(member.owned, func(o kafka.Partition) bool { return o == p })
			if slices.Contains(reported, p) {
				member.revoking = append(member.revoking, p)
				member.since = m.now
			}
		}
	}
	if len(member.revoking) > 0 {
		return
	}
	member.epoch = m.epoch
	for p := range kafka.Partition(modelPartitions) {
		if m.wanted(p) == member.id && !taken(p) {
			member.owned = append(member.owned, p)
		}
	}
}

// heard has a client of the consumer protocol take in an answer.
func (m *model) heard(c *modelClient, a *Ask) {
	if a.Code != kafka.None {
		m.refused(c, a.Code)
		return
	}
	c.epoch = a.Told
	member := m.members[c.id]
	if member == nil || member.epoch != c.epoch {
		c.owes = true // the answer is older than what the coordinator has by now
		return
	}
	for p := range kafka.Partition(modelPartitions) {
		if !slices.Contains(member.owned, p) {
			m.release(c, p)
		}
	}
	for _, p := range member.owned {
		m.take(c, p)
	}
	c.owes = len(member.revoking) > 0
}

// leave has a client go.
func (m *model) leave(c *modelClient) {
	id := c.id
	m.lose(c)
	m.ask(c, Leaves, func(a *Ask) {
		if m.members[id] == nil {
			a.Code = kafka.ErrUnknownMemberID
			return
		}
		m.remove(id)
	}, func(*Ask) { c.id = "" })
}

// commit has a client commit where it is, or was.
func (m *model) commit(c *modelClient, p kafka.Partition, at kafka.Offset) {
	m.values++
	index := len(m.h.Commits)
	one := Commit{Operation: m.operation(c.process), Group: "g", Member: c.id, Instance: c.instance,
		Consumer: m.consumer, Epoch: c.epoch, Partition: partition(p),
		Value: Value{at, fmt.Sprint("c", m.values)}}
	m.h.Commits = append(m.h.Commits, one)
	code := kafka.None
	m.send(c, func() {
		switch member := m.members[one.Member]; {
		case member == nil:
			code = kafka.ErrUnknownMemberID
		case member.epoch != one.Epoch:
			code = kafka.ErrIllegalGeneration
		default:
			m.committed[p] = one.Value
		}
	}, func(lost bool) {
		got := &m.h.Commits[index]
		switch {
		case lost:
		case code == kafka.None:
			got.Outcome, got.Return = check.OK, m.tick()
		default:
			got.Outcome, got.Return, got.Code = check.Failed, m.tick(), code
		}
	})
}

// fetchOffset has somebody ask for a committed offset; an owner begins to read there.
func (m *model) fetchOffset(c *modelClient, p kafka.Partition) {
	if c.busy {
		return
	}
	k, id := c.owned[p], c.id
	index := len(m.h.Reads)
	m.h.Reads = append(m.h.Reads, Read{Operation: m.operation(c.process), Group: "g",
		Partition: partition(p)})
	value := None()
	m.send(c, func() {
		if committed, is := m.committed[p]; is {
			value = committed
		}
	}, func(lost bool) {
		if lost {
			return
		}
		r := &m.h.Reads[index]
		r.Outcome, r.Return, r.Value = check.OK, m.tick(), value
		if k != nil && c.owned[p] == k && !k.started {
			k.started, k.at = true, max(0, value.Offset)
			m.ids++
			m.h.Starts = append(m.h.Starts, Start{ID: m.ids, Group: "g", Member: id,
				Partition: partition(p), At: m.tick(), Offset: k.at})
		}
	})
}
