package groups

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// offsetInvariants are about committed offsets, and what was read by them.
func offsetInvariants() []Invariant {
	return []Invariant{
		{"G-OffsetStable", "OffsetFetch gives what was committed last: nothing older, nothing that " +
			"nobody committed, whatever restarts, loads and compactions lie between.",
			checkOffsetStable},
		{"G-FencedCommitNoEffect", "A commit that is refused has no effect; and one at a generation " +
			"that is over, or of a member that is gone, is refused.", checkFencedCommit},
		{"G-CommitBeforeRevoke", "A member begins to read a partition where everything before was " +
			"read by the group, or deleted.", checkCommitBeforeRevoke},
	}
}

func checkOffsetStable(v *view) []finding {
	var all []finding
	for _, r := range v.registers {
		for _, read := range r.reads {
			c := r.byValue[read.Value]
			switch {
			case read.Value == None():
			case c == nil:
				all = append(all, found([]int{read.ID}, "%s: fetch %d was told %d %q, which nobody "+
					"committed", v.partitionName(r.partition), read.ID, read.Value.Offset,
					read.Value.Metadata))
			case c.Call > read.Return:
				all = append(all, found([]int{c.ID, read.ID}, "%s: fetch %d was told what commit %d "+
					"asked for only later", v.partitionName(r.partition), read.ID, c.ID))
			}
		}
		a, b := conflict(r.zones(v.emptied(r)))
		if a != nil && !a.never() && !b.never() {
			all = append(all, v.conflicting(r, a, b))
		}
	}
	return all
}

// checkOffsetExpiry finds fetches that were told of no offset where there was one that
// nothing can have taken away.
func (v *view) checkOffsetExpiry() []finding {
	var all []finding
	for _, r := range v.registers {
		a, b := conflict(r.zones(v.emptied(r)))
		if a != nil && (a.never() || b.never()) {
			all = append(all, v.conflicting(r, a, b))
		}
	}
	return all
}

// conflicting tells of two zones that cannot be.
func (v *view) conflicting(r *register, a, b *zone) finding {
	return found([]int{a.first.ID, a.last.ID, b.first.ID, b.last.ID},
		"%s: the committed offset was %d %q from event %d (operation %d) to event %d (operation %d), "+
			"and yet %d %q at some time between event %d (operation %d) and event %d (operation %d)",
		v.partitionName(r.partition), a.value().Offset, a.value().Metadata, a.f(), a.first.ID, a.s(),
		a.last.ID, b.value().Offset, b.value().Metadata, min(b.f(), b.s()), b.last.ID,
		max(b.f(), b.s()), b.first.ID)
}

// span is a time, from one event to another.
type span struct{ from, to check.Event }

// attended are the times at which some member certainly subscribed to a topic: it asked for
// nothing else, or had one of its partitions.
func (v *view) attended(topic kafka.TopicID) []span {
	var certain []span
	for _, l := range v.lives {
		if l.wants(topic) {
			certain = append(certain, l.memberships()...)
		}
	}
	for _, t := range v.tenures {
		if until := v.vouched(t); t.Partition.Topic == topic && until > 0 {
			certain = append(certain, span{t.Begin, until})
		}
	}
	slices.SortFunc(certain, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var all []span
	for _, s := range certain {
		if last := len(all) - 1; last >= 0 && s.from <= all[last].to {
			all[last].to = max(all[last].to, s.to)
		} else {
			all = append(all, s)
		}
	}
	return all
}

// emptied says of a fetch of a register that found nothing whether the offset may have
// been taken away since it was last committed for sure.
func (v *view) emptied(r *register) func(*Read) bool {
	var attended []span
	if v.history.Rules.Expires {
		attended = v.attended(r.partition.Topic)
	}
	return func(read *Read) bool {
		since := span{0, read.Return}
		for _, c := range r.commits {
			if c.Outcome == check.OK && c.Return < read.Call {
				since.from = max(since.from, c.Call)
			}
		}
		for _, d := range r.deletes {
			if d.Call < since.to && d.Return > since.from {
				return true
			}
		}
		return v.history.Rules.Expires && !slices.ContainsFunc(attended, func(s span) bool {
			return s.from < since.from && s.to > since.to
		})
	}
}

func checkFencedCommit(v *view) []finding {
	var all []finding
	seen := map[*Commit]*Read{}
	for _, r := range v.registers {
		for _, read := range r.reads {
			c := r.byValue[read.Value]
			if c == nil {
				continue
			}
			if c.Outcome == check.Failed {
				all = append(all, found([]int{c.ID, read.ID}, "%s: commit %d was refused with %v, and "+
					"yet fetch %d was told its offset %d", v.partitionName(r.partition), c.ID, c.Code,
					read.ID, c.Value.Offset))
			}
			seen[c] = read
		}
	}
	generations := v.synchronised()
	for _, c := range v.commits {
		if c.Epoch <= NoEpoch || c.Outcome != check.OK && seen[c] == nil {
			continue
		}
		effect := "was accepted"
		if c.Outcome != check.OK {
			effect = "took effect"
		}
		s := generations.before(c.Call)
		if s != nil && s.Told > c.Epoch && !v.consumer && !v.history.Rules.Vanishes {
			all = append(all, found([]int{s.ID, c.ID}, "%s: commit %d of %s %s at generation %d, though "+
				"it was sent (event %d) after %s had synchronised generation %d (operation %d, over at "+
				"event %d)", v.partitionName(c.Partition), c.ID, c.Member, effect, c.Epoch, c.Call,
				s.Member, s.Told, s.ID, s.Return))
			continue
		}
		if end := v.ended(c); end != nil {
			all = append(all, found([]int{end.ID, c.ID}, "%s: commit %d of %s %s, though it was sent "+
				"(event %d) after the member had ceased to be one (operation %d, over at event %d)",
				v.partitionName(c.Partition), c.ID, c.Member, effect, c.Call, end.ID, end.Return))
		}
	}
	return all
}

// ended finds what ended a commit's member for good before the commit was sent: it left,
// or was told that it is not one any more; nil if it is not certain to have ended.
func (v *view) ended(c *Commit) *Ask {
	l := v.byMember[c.Member]
	if l == nil {
		return nil
	}
	var end *Ask
	for _, a := range l.asks {
		over := a.Outcome == check.OK && a.Kind == Leaves && a.Code == kafka.None ||
			a.Outcome == check.Failed && (a.Code == kafka.ErrUnknownMemberID ||
				a.Code == kafka.ErrFencedInstanceID)
		switch {
		case over && a.Return < c.Call && end == nil:
			end = a
		case a.Kind == Joins && a.Consumer && end != nil:
			return nil // its id may have come back
		}
	}
	return end
}

func checkCommitBeforeRevoke(v *view) []finding {
	type partition struct {
		read ranges
		next int // of the takes
	}
	byPartition := map[kafka.TopicPartition]*partition{}
	takes := map[kafka.TopicPartition][]*Take{}
	for _, t := range v.takes {
		takes[t.Partition] = append(takes[t.Partition], t)
	}
	var all []finding
	for _, s := range v.starts { // by time
		p := byPartition[s.Partition]
		if p == nil {
			p = &partition{}
			byPartition[s.Partition] = p
		}
		list := takes[s.Partition]
		for ; p.next < len(list) && list[p.next].At < s.At; p.next++ {
			p.read.add(list[p.next].From, list[p.next].To)
		}
		if gap, left := p.read.gap(0, s.Offset); left {
			all = append(all, found([]int{s.ID}, "%s: %s begins at offset %d (event %d), though nobody "+
				"in the group has read offset %d", v.partitionName(s.Partition), s.Member, s.Offset,
				s.At, gap))
		}
	}
	return all
}

// ranges are runs of offsets, apart from each other and in order: [from, to).
type ranges []struct{ from, to kafka.Offset }

// add adds [from, to).
func (r *ranges) add(from, to kafka.Offset) {
	if from >= to {
		return
	}
	list := *r
	first, _ := slices.BinarySearchFunc(list, from, func(one struct{ from, to kafka.Offset },
		at kafka.Offset) int {
		return cmp.Compare(one.to, at)
	})
	last := first
	for ; last < len(list) && list[last].from <= to; last++ {
		from, to = min(from, list[last].from), max(to, list[last].to)
	}
	*r = slices.Replace(list, first, last, struct{ from, to kafka.Offset }{from, to})
}

// gap finds the first offset of [from, to) that is in none of the ranges.
func (r *ranges) gap(from, to kafka.Offset) (first kafka.Offset, left bool) {
	for _, one := range *r {
		if one.from > from {
			break
		}
		from = max(from, one.to)
	}
	return from, from < to
}
