package groups

import (
	"cmp"
	"fmt"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// view is one group's part of a history, with what follows from it.
type view struct {
	group   Group
	history *History
	// consumer and classic say which protocols its members speak.
	consumer, classic bool
	asks              []*Ask // by call
	tenures           []*Tenure
	commits           []*Commit
	descriptions      []*Description // by return
	starts            []*Start
	takes             []*Take // by time
	settlements       []*Settlement
	loads             []*Load
	lives             []*life // by first call
	byMember          map[MemberID]*life
	registers         []*register // by partition
	open              []string
}

// life is what one member id did in a group.
type life struct {
	member   MemberID
	instance InstanceID
	consumer bool
	asks     []*Ask    // by call
	commits  []*Commit // that were answered without error, by call
	// first is when the group certainly had the member, in its log: check.Never if
	// that was never proven.
	first check.Event
	// last is when a question was sent that proves that the group still had it.
	last check.Event
}

// views splits a history by group, in the order of names.
func views(h *History) []*view {
	byName := map[Group]*view{}
	of := func(group Group) *view {
		v := byName[group]
		if v == nil {
			v = &view{group: group, history: h, byMember: map[MemberID]*life{}}
			byName[group] = v
		}
		return v
	}
	for i := range h.Asks {
		of(h.Asks[i].Group).asks = append(of(h.Asks[i].Group).asks, &h.Asks[i])
	}
	for i := range h.Tenures {
		of(h.Tenures[i].Group).tenures = append(of(h.Tenures[i].Group).tenures, &h.Tenures[i])
	}
	for i := range h.Descriptions {
		if d := &h.Descriptions[i]; d.Outcome == check.OK {
			of(d.Group).descriptions = append(of(d.Group).descriptions, d)
		}
	}
	for i := range h.Starts {
		of(h.Starts[i].Group).starts = append(of(h.Starts[i].Group).starts, &h.Starts[i])
	}
	for i := range h.Takes {
		of(h.Takes[i].Group).takes = append(of(h.Takes[i].Group).takes, &h.Takes[i])
	}
	for i := range h.Settlements {
		v := of(h.Settlements[i].Group)
		v.settlements = append(v.settlements, &h.Settlements[i])
	}
	for i := range h.Loads {
		of(h.Loads[i].Group).loads = append(of(h.Loads[i].Group).loads, &h.Loads[i])
	}
	splitRegisters(h, of)
	all := make([]*view, 0, len(byName))
	for _, v := range byName {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *view) int { return cmp.Compare(a.group, b.group) })
	for _, v := range all {
		v.derive()
	}
	return all
}

// derive works out who was a member when.
func (v *view) derive() {
	slices.SortFunc(v.asks, func(a, b *Ask) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortFunc(v.tenures, func(a, b *Tenure) int { return cmp.Compare(a.Begin, b.Begin) })
	slices.SortFunc(v.commits, func(a, b *Commit) int { return cmp.Compare(a.Call, b.Call) })
	slices.SortFunc(v.takes, func(a, b *Take) int { return cmp.Compare(a.At, b.At) })
	slices.SortFunc(v.starts, func(a, b *Start) int { return cmp.Compare(a.At, b.At) })
	slices.SortFunc(v.descriptions, func(a, b *Description) int {
		return cmp.Compare(a.Return, b.Return)
	})
	for _, a := range v.asks {
		v.consumer, v.classic = v.consumer || a.Consumer, v.classic || !a.Consumer
		if a.Member == "" {
			continue // it was never told who it is
		}
		l := v.byMember[a.Member]
		if l == nil {
			l = &life{member: a.Member, instance: a.Instance, consumer: a.Consumer,
				first: check.Never}
			v.byMember[a.Member] = l
			v.lives = append(v.lives, l)
		}
		l.asks = append(l.asks, a)
	}
	for _, c := range v.commits {
		if l := v.byMember[c.Member]; l != nil && c.Outcome == check.OK && c.Epoch > NoEpoch {
			l.commits = append(l.commits, c)
		}
	}
	for _, l := range v.lives {
		l.derive()
	}
}

// derive finds the time of a certain membership.
func (l *life) derive() {
	for _, a := range l.asks {
		if a.fine() && (a.Kind == Syncs || a.Consumer && a.Kind <= Beats) {
			l.first = min(l.first, a.Return)
		}
		if a.fine() && a.Kind != Leaves && a.Told > 0 {
			l.last = max(l.last, a.Call)
		}
	}
	for _, c := range l.commits {
		l.last = max(l.last, c.Call)
	}
}

// wants reports whether all that a member ever said is that it subscribes to a topic.
func (l *life) wants(topic kafka.TopicID) bool {
	said := false
	for _, a := range l.asks {
		if a.Subscribed == nil {
			continue
		}
		if said = slices.Contains(a.Subscribed, topic); !said {
			return false
		}
	}
	return said
}

// memberships are the times in which the group certainly had a member. One of the consumer
// protocol keeps its id when it was thrown out and joins again, so each joining begins
// another.
func (l *life) memberships() []span {
	var all []span
	now := span{from: check.Never}
	end := func() {
		if now.to > now.from {
			all = append(all, now)
		}
		now = span{from: check.Never}
	}
	for _, a := range l.asks {
		if a.Consumer && a.Kind == Joins {
			end()
		}
		switch {
		case !a.fine() || a.Kind == Leaves:
		case now.from == check.Never && (a.Consumer || a.Kind == Syncs):
			now.from = a.Return
		case now.from < a.Call && a.Told > 0:
			now.to = a.Call
		}
	}
	end()
	return all
}

// vouched is until when a tenure was certainly one: the last time that its member sent a
// question whose answer vouches for what it was given.
func (v *view) vouched(t *Tenure) check.Event {
	l := v.byMember[t.Member]
	if l == nil {
		return 0
	}
	last := check.Event(0)
	for _, a := range l.asks {
		if a.Call > t.Begin && a.Call < t.End && a.fine() && a.vouches(t) {
			last = max(last, a.Call)
		}
	}
	if !t.Consumer {
		for _, c := range l.commits {
			if c.Call > t.Begin && c.Call < t.End && c.Epoch == t.Epoch {
				last = max(last, c.Call)
			}
		}
	}
	return last
}

// vouches reports whether a good answer proves that what was given in a tenure is not
// anybody else's. A JoinGroup does not: it names no generation, and another one may have
// come about meanwhile by a copy of an older JoinGroup that was long under way.
func (a *Ask) vouches(t *Tenure) bool {
	if t.Consumer {
		return a.Kind == Beats && a.Asked > 0
	}
	return a.Kind == Beats && a.Asked == t.Epoch
}

func (v *view) partitionName(p kafka.TopicPartition) string {
	topic, named := v.history.Names[p.Topic]
	if !named {
		topic = p.Topic.String()
	}
	return fmt.Sprintf("%s-%d", topic, p.Partition)
}

func (v *view) partitionNames(all []kafka.TopicPartition) string {
	text := ""
	for i, p := range all {
		if i > 0 {
			text += ", "
		}
		text += v.partitionName(p)
	}
	return text
}
