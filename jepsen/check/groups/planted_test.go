package groups

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// planted are ways to make a legal history impossible. Each returns false when the
// history has nothing to spoil in that way.
func planted() map[string]map[string]func(c chooser, h *History) bool {
	return map[string]map[string]func(c chooser, h *History) bool{
		"G-SingleOwner":    {"two owners": plantTwoOwners},
		"G-EpochMonotonic": {"an older epoch": plantOldEpoch, "an older group": plantOldGroup},
		"G-StaticIdentity": {"an old member is heard": plantSameInstance},
		"G-NoEarlyExpiry":  {"a lively member": plantUnknown, "an offset": plantNothing},
		"G-LegalTarget":    {"two targets": plantTwoTargets, "no target": plantNoTarget},
		"G-ValidMemberEpoch": {"above the group's": plantHighEpoch,
			"two holders": plantTwoHolders},
		"G-StableMeansConverged": {"not its target": plantUnfinished},
		"G-OffsetStable":         {"an old offset": plantOldOffset, "made up": plantMadeUp},
		"G-FencedCommitNoEffect": {"refused and seen": plantRefusedSeen,
			"after it was gone": plantAfterTheEnd, "of an old generation": plantOldGeneration},
		"G-CommitBeforeRevoke": {"a start too far": plantFarStart},
		"GL-Converges":         {"never": plantUnsettled(false)},
		"GL-UnseenZero":        {"a record": plantUnseen, "never": plantUnsettled(true)},
		"GL-CoordinatorLoads":  {"late": plantLateLoad},
	}
}

// Whatever is planted into whatever history, its invariant finds it.
func TestPlantedViolationsAreFound(t *testing.T) {
	plants := planted()
	for _, invariant := range Invariants() {
		if len(plants[invariant.Name]) == 0 || invariant.Doc == "" {
			t.Errorf("nothing is planted for %s, or it says nothing of itself", invariant.Name)
		}
		for what, plant := range plants[invariant.Name] {
			t.Run(invariant.Name+"/"+what, func(t *testing.T) {
				tried := 0
				for seed := range uint64(600) {
					c := newSeeded(seed)
					h := legalHistory(c, seed%2 == 0, seed%4 < 2, 400)
					if !plant(c, h) {
						continue
					}
					tried++
					verdict, _ := RunSearched(h, check.Search{})
					if !slices.ContainsFunc(verdict.Violations, func(v check.Violation) bool {
						return v.Check == invariant.Name
					}) {
						t.Fatalf("seed %d: %v\n%s", seed, verdict, story(h))
					}
					if slices.ContainsFunc(verdict.Violations, func(v check.Violation) bool {
						return v.Check == check.SecondOpinion
					}) {
						t.Fatalf("seed %d: the search does not agree: %v", seed, verdict)
					}
				}
				if tried < 10 {
					t.Errorf("only %d histories could be spoiled", tried)
				}
			})
		}
	}
}

// after makes an operation at the end of the history.
func after(h *History) check.Operation {
	last := check.Event(0)
	for _, a := range h.Asks {
		last = max(last, a.Call)
		if a.Return != check.Never {
			last = max(last, a.Return)
		}
	}
	for _, c := range h.Commits {
		last = max(last, c.Call)
		if c.Return != check.Never {
			last = max(last, c.Return)
		}
	}
	for _, r := range h.Reads {
		last = max(last, r.Call)
		if r.Return != check.Never {
			last = max(last, r.Return)
		}
	}
	for _, d := range h.Descriptions {
		last = max(last, d.Return)
	}
	return check.Operation{ID: 7777, Process: 77, Call: last + 1, Return: last + 2, Outcome: check.OK}
}

func plantTwoOwners(_ chooser, h *History) bool {
	v := views(h)[0]
	for _, a := range v.tenures {
		for _, b := range v.tenures {
			if a.Partition != b.Partition && a.Member != b.Member && a.Begin < b.Begin &&
				v.vouched(a) > b.Begin && v.vouched(b) > 0 {
				b.Partition = a.Partition
				return true
			}
		}
	}
	return false
}

func plantOldEpoch(_ chooser, h *History) bool {
	for i := range h.Asks {
		a := &h.Asks[i]
		if a.Kind != Beats || a.Outcome != check.OK || a.Told < 2 {
			continue
		}
		again := *a
		again.Operation = after(h)
		again.Told--
		again.Session = 0 // it proves nothing else
		h.Asks = append(h.Asks, again)
		return !slices.ContainsFunc(h.Asks, func(b Ask) bool {
			return b.Member == a.Member && b.Kind == Joins && b.Call > a.Call
		})
	}
	return false
}

func plantOldGroup(_ chooser, h *History) bool {
	for _, d := range h.Descriptions {
		if d.Consumer && d.Epoch > 0 {
			d.Operation = after(h)
			d.Epoch, d.AssignmentEpoch, d.Members, d.State = d.Epoch-1, d.Epoch-2, nil, ""
			h.Descriptions = append(h.Descriptions, d)
			return true
		}
	}
	return false
}

func plantSameInstance(_ chooser, h *History) bool {
	v := views(h)[0]
	for _, a := range v.lives {
		for _, b := range v.lives {
			if a.first < b.asks[0].Call && b.first < a.last && a.asks[0].Call < b.asks[0].Call {
				for i := range h.Asks {
					if one := &h.Asks[i]; one.Member == a.member || one.Member == b.member {
						one.Instance = "same"
					}
				}
				a.instance, b.instance = "same", "same"
				by, _ := v.vouchedAfter(a, b.first)
				return by != 0
			}
		}
	}
	return false
}

func plantUnknown(_ chooser, h *History) bool {
	for i := range h.Asks {
		a := &h.Asks[i]
		if a.Kind != Beats || a.Outcome != check.OK || a.Code != kafka.None || a.Owes ||
			a.Instance != "" || !a.Consumer {
			continue
		}
		again := *a
		again.Operation = after(h)
		again.Outcome, again.Code = check.Failed, kafka.ErrUnknownMemberID
		again.Answered = a.Sent + min(a.Session, a.Rebalance) - 1
		for _, b := range h.Asks {
			if b.Member == a.Member && b.Call > a.Call {
				return false
			}
		}
		if slices.ContainsFunc(h.Asks[:i], func(b Ask) bool {
			return b.Member == a.Member && b.Kind == Leaves
		}) {
			return false
		}
		h.Asks = append(h.Asks, again)
		return true
	}
	return false
}

// accepted are the commits that were accepted, in the order of their calls, of the
// first partition that has any.
func accepted(h *History) []*Commit {
	var all []*Commit
	for i := range h.Commits {
		if c := &h.Commits[i]; c.Outcome == check.OK &&
			(len(all) == 0 || all[0].Partition == c.Partition) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *Commit) int { return cmp.Compare(a.Call, b.Call) })
	return all
}

func reads(h *History, p kafka.TopicPartition, value Value) {
	h.Reads = append(h.Reads, Read{after(h), "g", p, value})
}

// plantNothing has the offset be gone for a moment: where offsets expire, somebody has to
// see it afterwards.
func plantNothing(_ chooser, h *History) bool {
	all := accepted(h)
	if len(all) == 0 || h.Rules.Expires {
		return false
	}
	reads(h, all[0].Partition, None())
	return true
}

func plantTwoTargets(_ chooser, h *History) bool {
	for i := range h.Descriptions {
		d := &h.Descriptions[i]
		if d.Consumer && len(d.Members) > 1 && len(d.Members[0].Target) > 0 {
			d.Members[1].Target = append(d.Members[1].Target, d.Members[0].Target[0])
			return true
		}
	}
	return false
}

func plantNoTarget(_ chooser, h *History) bool {
	for i := range h.Descriptions {
		d := &h.Descriptions[i]
		if d.Consumer && len(d.Members) > 0 && len(d.Members[0].Target) > 0 {
			d.Members[0].Target = d.Members[0].Target[1:]
			return true
		}
	}
	return false
}

func plantHighEpoch(_ chooser, h *History) bool {
	for i := range h.Descriptions {
		if d := &h.Descriptions[i]; d.Consumer && len(d.Members) > 0 {
			d.Members[0].Epoch = d.Epoch + 1
			return true
		}
	}
	return false
}

func plantTwoHolders(_ chooser, h *History) bool {
	for i := range h.Descriptions {
		d := &h.Descriptions[i]
		if d.Consumer && len(d.Members) > 1 && len(d.Members[0].Assigned) > 0 {
			d.Members[1].Assigned = append(d.Members[1].Assigned, d.Members[0].Assigned[0])
			return true
		}
	}
	return false
}

func plantUnfinished(_ chooser, h *History) bool {
	for i := range h.Descriptions {
		d := &h.Descriptions[i]
		if d.Consumer && len(d.Members) > 0 && d.State != stable {
			d.State = stable
			return true
		}
	}
	return false
}

func plantOldOffset(_ chooser, h *History) bool {
	all := accepted(h)
	if len(all) < 2 || all[0].Return > all[len(all)-1].Call {
		return false
	}
	reads(h, all[len(all)-1].Partition, all[len(all)-1].Value)
	reads(h, all[0].Partition, all[0].Value)
	return true
}

func plantMadeUp(_ chooser, h *History) bool {
	reads(h, partition(1), Value{17, "nobody's"})
	return true
}

func plantRefusedSeen(_ chooser, h *History) bool {
	for i := range h.Commits {
		if c := &h.Commits[i]; c.Outcome == check.Failed {
			reads(h, c.Partition, c.Value)
			return true
		}
	}
	return false
}

func plantAfterTheEnd(_ chooser, h *History) bool {
	for _, a := range h.Asks {
		if a.Kind == Leaves && a.Outcome == check.OK {
			h.Commits = append(h.Commits, Commit{Operation: after(h), Group: "g", Member: a.Member,
				Consumer: a.Consumer, Epoch: 1000, Partition: partition(0), Value: Value{3, "zombie"}})
			return true
		}
	}
	return false
}

func plantOldGeneration(_ chooser, h *History) bool {
	for _, a := range h.Asks {
		if a.Kind == Syncs && a.Outcome == check.OK && a.Told > 1 {
			h.Commits = append(h.Commits, Commit{Operation: after(h), Group: "g", Member: a.Member,
				Epoch: a.Told - 1, Partition: partition(0), Value: Value{3, "zombie"}})
			return true
		}
	}
	return false
}

func plantFarStart(_ chooser, h *History) bool {
	if len(h.Starts) == 0 {
		return false
	}
	h.Starts[len(h.Starts)-1].Offset = modelLogEnd
	return true
}

func plantUnsettled(settled bool) func(chooser, *History) bool {
	return func(_ chooser, h *History) bool {
		s := Settlement{Group: "g", Healed: time.Second, Settled: -1, Finished: -1, Bound: time.Second}
		if settled {
			s.Settled = s.Healed
		}
		h.Settlements = append(h.Settlements, s)
		return true
	}
}

func plantUnseen(_ chooser, h *History) bool {
	h.Settlements = append(h.Settlements, Settlement{Group: "g", Bound: time.Second,
		Ends: []End{{partition(1), 0, modelLogEnd}}})
	return true
}

func plantLateLoad(_ chooser, h *History) bool {
	h.Loads = append(h.Loads, Load{Group: "g", Answered: 2 * time.Second, Bound: time.Second})
	return true
}
