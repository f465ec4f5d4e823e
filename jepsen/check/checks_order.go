package check

import (
	"cmp"
	"fmt"
	"slices"

	"odradek/core/kafka"
)

// orderChecks are about the order of appends, against time and against each
// other.
func orderChecks() []Check {
	return []Check{
		{"linearizable", "Appends and reads of the end can be put into one order that gives " +
			"every answer and contradicts no clock: whoever was done before another began " +
			"comes first.", checkLinearizable},
		{"own-order", "Batches of one idempotent producer are in the log in the order in " +
			"which it sent them.", checkOwnOrder},
	}
}

// mark is an operation that was told where the committed log ends.
type mark struct {
	end kafka.Offset
	by  Operation
	// firm: the answer had to be up to date.
	firm bool
}

// marks are all operations that saw the end of the log.
func (v *view) marks() []mark {
	var all []mark
	for _, l := range v.lists {
		if !l.Earliest {
			all = append(all, mark{l.Offset, l.Operation, true})
		}
	}
	for _, f := range v.fetches {
		all = append(all, mark{f.HighWatermark, f.Operation, !v.rules.StaleFetch})
	}
	for _, s := range v.scans {
		all = append(all, mark{s.End, s.Operation, true})
	}
	return all
}

// steps puts all places and marks at their positions:
//
//	an append whose last offset is o     2*o + 1
//	an end e that was seen               2*e
//
// so that whoever saw end e comes after the append of offset e-1 and before
// that of offset e. The index of a place is its own in places, that of a mark is
// len(places) plus its own in marks.
func (v *view) steps(places []place, marks []mark) []step {
	steps := make([]step, 0, len(places)+len(marks))
	for i := range places {
		at := &places[i]
		if len(v.of(at).Records) > 0 {
			steps = append(steps, step{2*int64(v.end(at)-1) + 1, v.of(at).Call, at.before, i})
		}
	}
	for i, m := range marks {
		s := step{2 * int64(m.end), m.by.Call, m.by.Return, len(places) + i}
		if !m.firm {
			s.call = 0 // what it saw may be as old as the log, but not from the future
		}
		steps = append(steps, s)
	}
	return steps
}

func checkLinearizable(v *view) []finding {
	places, marks := v.sortedPlaces(), v.marks()
	var all []finding
	for i := range places {
		if at := &places[i]; at.before < v.of(at).Call {
			all = append(all, found([]int{v.of(at).ID, at.readBy},
				"%s, before it was sent for the first time", v.sightingOf(at)))
		}
	}
	steps := v.steps(places, marks)
	if later, earlier, ok := inversion(steps); ok {
		v.inverted = true
		all = append(all, v.explain(later, earlier, places, marks))
	}
	return append(all, v.checkHoles(places, marks, steps)...)
}

// explain tells the story of an inversion.
func (v *view) explain(later, earlier step, places []place, marks []mark) finding {
	tell := func(s step) (id int, told string) {
		if s.index < len(places) {
			at := &places[s.index]
			if at.read && at.before < v.of(at).Return {
				return v.of(at).ID, v.sightingOf(at)
			}
			return v.of(at).ID, v.proof(at)
		}
		m := marks[s.index-len(places)]
		return m.by.ID, fmt.Sprintf("operation %d was told that the log ends at %d",
			m.by.ID, m.end)
	}
	laterID, laterTold := tell(later)
	earlierID, earlierTold := tell(earlier)
	return found([]int{laterID, earlierID},
		"%s, and that was over (event %d) before operation %d began (event %d); yet %s",
		laterTold, later.before, earlierID, earlier.call, earlierTold)
}

func checkOwnOrder(v *view) []finding {
	var mine []place
	for _, at := range v.sortedPlaces() {
		if v.of(&at).Idempotent() {
			mine = append(mine, at)
		}
	}
	slices.SortStableFunc(mine, func(a, b place) int {
		first, second := v.of(&a), v.of(&b)
		return cmp.Or(cmp.Compare(first.ProducerID, second.ProducerID),
			cmp.Compare(first.Call, second.Call))
	})
	var all []finding
	for i := 1; i < len(mine); i++ {
		earlier, later := &mine[i-1], &mine[i]
		first, second := v.of(earlier), v.of(later)
		if first.ProducerID == second.ProducerID && later.base < earlier.base {
			all = append(all, found([]int{first.ID, second.ID},
				"producer %d sent produce %d before produce %d, but they are at offsets %d and %d",
				first.ProducerID, first.ID, second.ID, earlier.base, later.base))
		}
	}
	return all
}
