package groups

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// memberInvariants are about who is in a group, and who owns what.
func memberInvariants() []Invariant {
	return []Invariant{
		{"G-SingleOwner", "No two members whom their coordinator vouches for own one partition at " +
			"the same time.", checkSingleOwner},
		{"G-EpochMonotonic", "Generations, group epochs and member epochs never fall: not for a " +
			"member, and not for a group.", checkEpochMonotonic},
		{"G-StaticIdentity", "As soon as a member with a group.instance.id is in a group, an older " +
			"one with the same id is not: whatever it asks is refused.", checkStaticIdentity},
		{"G-NoEarlyExpiry", "A member is not thrown out before its session, or a rebalance that it " +
			"keeps waiting, has run out; an offset does not expire while somebody subscribes to its " +
			"topic.", func(v *view) []finding {
			return append(v.checkMemberExpiry(), v.checkOffsetExpiry()...)
		}},
	}
}

// checkSingleOwner looks for two tenures that were certain at the same time:
//
//	a   begin |----------------| vouched
//	b              begin |---------------| vouched
//
// Both of them have to be vouched for after the second began. The answer that gives a
// partition may be under way for so long that it arrives at somebody who is no longer a
// member.
func checkSingleOwner(v *view) []finding {
	type certain struct {
		*Tenure
		until check.Event
	}
	byPartition := map[kafka.TopicPartition][]certain{}
	var all []finding
	for _, t := range v.tenures { // by begin
		until := v.vouched(t)
		if until == 0 {
			continue
		}
		for _, other := range byPartition[t.Partition] {
			if other.Member != t.Member && other.until > t.Begin {
				all = append(all, found(nil, "%s was given to %s at epoch %d (event %d) and was "+
					"still its own at event %d, when %s had it, given at epoch %d (event %d), and "+
					"still at event %d", v.partitionName(t.Partition), other.Member, other.Epoch,
					other.Begin, min(other.until, until), t.Member, t.Epoch, t.Begin, until))
				break
			}
		}
		byPartition[t.Partition] = append(byPartition[t.Partition], certain{t, until})
	}
	return all
}

func checkEpochMonotonic(v *view) []finding {
	var all []finding
	for _, l := range v.lives {
		all = append(all, v.checkMemberEpochs(l)...)
	}
	if v.history.Rules.Vanishes {
		return all
	}
	if !v.consumer {
		all = append(all, v.checkGenerations()...)
	}
	return append(all, v.checkGroupEpochs()...)
}

// checkMemberEpochs sees that a member is never told of an older epoch than before. One
// that joins again begins anew, and so does a copy of its joining that comes late.
func (v *view) checkMemberEpochs(l *life) []finding {
	var all []finding
	var last *Ask // with the highest epoch that was told, of those that were over
	var pending []*Ask
	for _, a := range l.asks {
		for len(pending) > 0 && pending[0].Return < a.Call {
			if last == nil || pending[0].Told >= last.Told {
				last = pending[0]
			}
			pending = pending[1:]
		}
		if a.Consumer && a.Kind == Joins {
			last, pending = nil, nil
		}
		if a.Outcome != check.OK || a.Code != kafka.None || a.Kind == Leaves {
			continue
		}
		if last != nil && a.Told < last.Told {
			all = append(all, found([]int{last.ID, a.ID}, "%s was told epoch %d by operation %d, and "+
				"later epoch %d by operation %d", l.member, last.Told, last.ID, a.Told, a.ID))
		}
		if a.Consumer || a.Kind == Syncs { // what else was told, a crash may take back
			pending = append(pending, a)
			slices.SortFunc(pending, func(a, b *Ask) int { return cmp.Compare(a.Return, b.Return) })
		}
	}
	return all
}

// checkGenerations sees that no member of a group of the classic protocol is told of an
// older generation than one that was synchronised before it asked.
func (v *view) checkGenerations() []finding {
	var all []finding
	best := v.synchronised()
	for _, a := range v.asks {
		if a.Outcome != check.OK || a.Code != kafka.None || a.Kind == Leaves {
			continue
		}
		if s := best.before(a.Call); s != nil && a.Told < s.Told {
			all = append(all, found([]int{s.ID, a.ID}, "generation %d was synchronised by %s "+
				"(operation %d, over at event %d), and later %s was told generation %d (operation %d, "+
				"sent at event %d)", s.Told, s.Member, s.ID, s.Return, a.Member, a.Told, a.ID, a.Call))
		}
	}
	return all
}

// record is who raised something to its highest so far, by the time of the return.
type record []*Ask

// before is the highest that was over before an event, or nil.
func (r record) before(at check.Event) *Ask {
	i, _ := slices.BinarySearchFunc(r, at, func(a *Ask, at check.Event) int {
		return cmp.Compare(a.Return, at)
	})
	if i == 0 {
		return nil
	}
	return r[i-1]
}

// synchronised are the generations that are certainly in the log, each where it was first
// seen to be.
func (v *view) synchronised() record {
	var all []*Ask
	for _, a := range v.asks {
		if a.Kind == Syncs && a.Outcome == check.OK && a.Code == kafka.None {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b *Ask) int { return cmp.Compare(a.Return, b.Return) })
	var rising record
	for _, a := range all {
		if len(rising) == 0 || a.Told > rising[len(rising)-1].Told {
			rising = append(rising, a)
		}
	}
	return rising
}

// checkGroupEpochs holds what descriptions of a consumer group tell against each other.
func (v *view) checkGroupEpochs() []finding {
	var all []finding
	byCall := slices.Clone(v.descriptions)
	slices.SortFunc(byCall, func(a, b *Description) int { return cmp.Compare(a.Call, b.Call) })
	next := 0
	var last *Description // of those that were over, with the highest epoch
	for _, d := range byCall {
		for ; next < len(v.descriptions) && v.descriptions[next].Return < d.Call; next++ {
			if over := v.descriptions[next]; over.Consumer && (last == nil || over.Epoch > last.Epoch) {
				last = over
			}
		}
		if d.Consumer && last != nil && d.Epoch < last.Epoch {
			all = append(all, found([]int{last.ID, d.ID}, "its epoch was %d (description %d), and "+
				"later it was %d (description %d)", last.Epoch, last.ID, d.Epoch, d.ID))
		}
	}
	return all
}

// checkStaticIdentity looks for a member that is vouched for after another one with the
// same instance id certainly was in the group, and had joined later.
func checkStaticIdentity(v *view) []finding {
	var all []finding
	for _, l := range v.lives {
		if l.instance == "" || l.first == check.Never {
			continue
		}
		for _, old := range v.lives {
			if old.instance != l.instance || old.member == l.member || old.last <= l.first ||
				len(old.asks) == 0 || old.asks[0].Call >= l.asks[0].Call {
				continue
			}
			// Both were vouched for: the one that joined later is who the id stands for.
			if by, kind := v.vouchedAfter(old, l.first); by != 0 && old.first < l.asks[0].Call {
				all = append(all, found([]int{by}, "%s has been instance %s since event %d, and the "+
					"%s of %s, which was it before, is granted afterwards (operation %d)", l.member,
					l.instance, l.first, kind, old.member, by))
			}
		}
	}
	return all
}

// vouchedAfter finds a question of a member that was sent after an event and granted.
func (v *view) vouchedAfter(l *life, after check.Event) (operation int, kind string) {
	// A member of the consumer protocol that begins again at epoch 0 may have taken the
	// instance id back.
	if slices.ContainsFunc(l.asks, func(a *Ask) bool {
		return a.Consumer && a.Kind == Joins && a.Call > l.first
	}) {
		return 0, ""
	}
	for _, a := range l.asks {
		if a.Call > after && a.fine() && a.Kind != Leaves {
			return a.ID, "question"
		}
	}
	for _, c := range l.commits {
		if c.Call > after {
			return c.ID, "commit"
		}
	}
	return 0, ""
}

// checkMemberExpiry looks for members that are told to be unknown although, not long ago,
// they were vouched for. "Not long" counts from when the question was sent.
func (v *view) checkMemberExpiry() []finding {
	var all []finding
	for _, l := range v.lives {
		synced := Epoch(-1)
		var alive *Ask // the last sign of life that nobody can have overlooked
		for _, a := range l.asks {
			if a.Kind == Leaves && a.Outcome == check.Unknown {
				break // it may end the membership at any later time
			}
			switch {
			case a.Outcome == check.Unknown:
				// It may have had its effect, but that ends no session.
			case a.Kind == Leaves || a.Kind == Joins && !a.Consumer:
				// A member that joins is waited for; what is in no log yet, a crash may take.
				alive, synced = nil, -1
			case a.Code == kafka.ErrUnknownMemberID:
				if alive != nil && alive.Return < a.Call && !v.replaced(l, a.Return) &&
					a.Answered < alive.Sent+min(alive.Session, alive.Rebalance) {
					all = append(all, found([]int{alive.ID, a.ID}, "%s was vouched for when it asked at "+
						"%v (operation %d), and was unknown at %v (operation %d), though its session "+
						"lasts %v and its rebalances %v", l.member, alive.Sent, alive.ID, a.Answered, a.ID,
						alive.Session, alive.Rebalance))
				}
				alive = nil
			case a.Code != kafka.None:
				alive = nil // also a rebalance, which may have begun long before
			case a.Kind == Syncs:
				// Its session may go on from when it joined, which can be long ago.
				alive, synced = nil, a.Told
			case a.Owes:
				alive = nil // the time for giving up a partition may have begun long before
			case a.Consumer || a.Told == synced:
				alive = a
			}
		}
	}
	return all
}

// replaced reports whether another member with the same instance id may have taken the
// place of one before an event.
func (v *view) replaced(l *life, before check.Event) bool {
	return l.instance != "" && slices.ContainsFunc(v.asks, func(a *Ask) bool {
		return a.Instance == l.instance && a.Member != l.member && a.Kind == Joins && a.Call < before
	})
}
