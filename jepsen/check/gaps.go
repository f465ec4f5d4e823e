package check

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
)

// gap is a run of offsets that are part of the committed log, but of which
// nobody knows who wrote them: [from, to).
type gap struct {
	from, to kafka.Offset
	// before is when all of it had certainly been written.
	before Event
	// seen: the final scan covers it, so nothing can be in it. Of a compacted log it
	// does not tell what was there.
	seen bool
}

// candidate is a kind of batch that may fill gaps: how many records it has, and
// when such batches were sent, in order.
type candidate struct {
	records int
	calls   []Event
}

// gapStepsMax limits the search for a filling of the gaps. Sizes of batches are
// few, so that thousands of gaps are filled without ever going back; what needs
// more is Undecided.
const gapStepsMax = 200_000

// checkHoles looks at the offsets that no known batch has. If records were
// deleted before anybody read them, a batch with unknown outcome may have been
// there; otherwise nobody can have written them, and the log is not what it is
// said to be.
func (v *view) checkHoles(places []place, marks []mark, steps []step) []finding {
	var all []finding
	ends := boundaries(marks)
	for i := range places {
		at := &places[i]
		next, _ := slices.BinarySearch(ends, at.base+1)
		if next < len(ends) && ends[next] < v.end(at) {
			all = append(all, found(v.concerned(at),
				"%s with %s, yet the log is said to have ended in their midst, at %d",
				v.proof(at), plural(len(v.of(at).Records), "record"), ends[next]))
		}
	}
	gaps := v.gaps(places, ends, steps)
	for _, g := range gaps {
		if g.seen {
			all = append(all, found(nil,
				"%s committed, but nobody wrote there", span(g.from, g.to)))
		}
	}
	if len(all) > 0 || len(gaps) == 0 {
		return all
	}
	switch v.fill(gaps) {
	case Fail:
		all = append(all, found(nil, "%s committed and then deleted, but no batch whose outcome "+
			"is unknown fits in there", span(gaps[0].from, gaps[0].to)))
	case Undecided:
		v.open = append(v.open, "too many batches with unknown outcome, and too many deleted "+
			"offsets that nobody read")
	}
	return all
}

// boundaries are the offsets where the log is said to have ended, sorted: a
// batch is below or above each, never across.
func boundaries(marks []mark) []kafka.Offset {
	ends := make([]kafka.Offset, 0, len(marks))
	for _, m := range marks {
		ends = append(ends, m.end)
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// gaps finds the offsets below the highest end that no place covers, cut at
// every boundary.
func (v *view) gaps(places []place, ends []kafka.Offset, steps []step) []gap {
	var gaps []gap
	next := kafka.Offset(0)
	uncovered := func(to kafka.Offset) {
		for next < to {
			until := to
			if i, _ := slices.BinarySearch(ends, next+1); i < len(ends) {
				until = min(until, ends[i])
			}
			gaps = append(gaps, gap{from: next, to: until, before: Never,
				seen: v.final != nil && until > v.final.LogStart && !v.rules.Compacted})
			next = until
		}
	}
	for i := range places {
		uncovered(places[i].base)
		next = max(next, v.end(&places[i]))
	}
	if len(ends) > 0 {
		uncovered(ends[len(ends)-1])
	}
	// From the top down, the earliest end of anything that came later.
	before, above := Never, len(steps)
	for i := len(gaps) - 1; i >= 0; i-- {
		for above > 0 && steps[above-1].position >= 2*int64(gaps[i].to) {
			above--
			before = min(before, steps[above].before)
		}
		gaps[i].before = before
	}
	return gaps
}

// fill tries to fill all gaps exactly with batches that nobody saw. Batches of
// the same size are alike: whichever could fill a lower gap could fill a higher
// one too, since that was complete no earlier.
func (v *view) fill(gaps []gap) Result {
	candidates := v.candidates()
	used := make([]int, len(candidates))
	steps := 0
	var try func(index int, left kafka.Offset, from int) Result
	try = func(index int, left kafka.Offset, from int) Result {
		if left == 0 {
			if index++; index == len(gaps) {
				return Pass
			}
			left, from = gaps[index].to-gaps[index].from, 0
		}
		result := Fail
		for i := from; i < len(candidates); i++ {
			c := &candidates[i]
			if kafka.Offset(c.records) > left || used[i] == len(c.calls) ||
				c.calls[used[i]] >= gaps[index].before {
				continue
			}
			if steps++; steps > gapStepsMax {
				return Undecided
			}
			used[i]++
			tried := try(index, left-kafka.Offset(c.records), i)
			used[i]--
			if tried != Fail {
				return tried
			}
		}
		return result
	}
	return try(0, gaps[0].to-gaps[0].from, 0)
}

// candidates are the batches that may be in the log without anybody having seen
// them, those with most records first.
func (v *view) candidates() []candidate {
	var all []candidate
	for i, p := range v.produces {
		unseen := v.unseen(i)
		if unseen == 0 {
			continue
		}
		at, exists := slices.BinarySearchFunc(all, len(p.Records),
			func(c candidate, records int) int { return cmp.Compare(records, c.records) })
		if !exists {
			all = slices.Insert(all, at, candidate{records: len(p.Records)})
		}
		for range unseen {
			all[at].calls = append(all[at].calls, p.Call)
		}
	}
	return all
}

// unseen is how many copies of a batch may be in the log beside those that
// somebody saw.
func (v *view) unseen(produce int) int {
	p := v.produces[produce]
	certain := p.Outcome == OK && p.Acks == AcksAll && p.Base >= 0 &&
		(p.Idempotent() || p.Sends <= 1)
	if certain || p.Outcome == Failed || len(p.Records) == 0 {
		return 0
	}
	copies := max(p.Sends, 1)
	if p.Idempotent() {
		copies = 1
	}
	return max(0, copies-v.placeCount(produce))
}
