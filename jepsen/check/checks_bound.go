package check

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
)

// boundChecks are about the two ends of the log as clients are told them.
func boundChecks() []Check {
	return []Check{
		{"high-watermark-rises", "Whoever asks later is never told a lower high watermark.",
			checkHighWatermarkRises},
		{"log-start-rises", "Whoever asks later is never told a lower log start offset.",
			checkLogStartRises},
		{"log-start-justified", "The log start offset moves only as far as somebody asked " +
			"for.", checkLogStartJustified},
		{"bounds-in-order", "The log starts at or before its high watermark.",
			checkBoundsInOrder},
	}
}

// checkHighWatermarkRises compares each process with itself and, unless fetches
// may be stale, all with each other.
func checkHighWatermarkRises(v *view) []finding {
	marks := v.marks()
	var all []finding
	byProcess := map[int][]step{}
	var processes []int
	var together []step
	for i, m := range marks {
		s := step{int64(m.end), m.by.Call, m.by.Return, i}
		if m.firm {
			together = append(together, s)
		}
		if byProcess[m.by.Process] == nil {
			processes = append(processes, m.by.Process)
		}
		byProcess[m.by.Process] = append(byProcess[m.by.Process], s)
	}
	report := func(steps []step) {
		if high, low, ok := inversion(steps); ok {
			first, second := marks[high.index], marks[low.index]
			all = append(all, found([]int{first.by.ID, second.by.ID},
				"operation %d was told that the high watermark is %d; operation %d asked later "+
					"and was told %d", first.by.ID, first.end, second.by.ID, second.end))
		}
	}
	report(together)
	if v.rules.StaleFetch {
		slices.Sort(processes)
		for _, process := range processes {
			report(byProcess[process])
		}
	}
	return all
}

// start is an operation that was told where the log starts.
type start struct {
	offset kafka.Offset
	by     Operation
	// firm: the answer had to be up to date.
	firm bool
}

// starts are all operations that were told where the log starts.
func (v *view) starts() []start {
	var all []start
	for _, f := range v.fetches {
		if f.LogStart != kafka.NoOffset {
			all = append(all, start{f.LogStart, f.Operation, !v.rules.StaleFetch})
		}
	}
	for _, l := range v.lists {
		if l.Earliest {
			all = append(all, start{l.Offset, l.Operation, true})
		}
	}
	for _, d := range v.deletes {
		if d.Outcome == OK {
			all = append(all, start{d.LogStart, d.Operation, true})
		}
	}
	for _, s := range v.scans {
		all = append(all, start{s.LogStart, s.Operation, true})
	}
	return all
}

func checkLogStartRises(v *view) []finding {
	starts := v.starts()
	var steps []step
	for i, s := range starts {
		if s.firm {
			steps = append(steps, step{int64(s.offset), s.by.Call, s.by.Return, i})
		}
	}
	high, low, ok := inversion(steps)
	if !ok {
		return nil
	}
	first, second := starts[high.index], starts[low.index]
	return []finding{found([]int{first.by.ID, second.by.ID},
		"operation %d was told that the log starts at %d; operation %d asked later and was "+
			"told %d", first.by.ID, first.offset, second.by.ID, second.offset)}
}

func checkLogStartJustified(v *view) []finding {
	if v.rules.Retention {
		return nil
	}
	deletes := slices.Clone(v.deletes)
	slices.SortFunc(deletes, func(a, b *DeleteRecords) int { return cmp.Compare(a.Call, b.Call) })
	starts := v.starts()
	slices.SortFunc(starts, func(a, b start) int { return cmp.Compare(a.by.Return, b.by.Return) })
	var all []finding
	asked, next := kafka.Offset(0), 0
	for _, s := range starts {
		for ; next < len(deletes) && deletes[next].Call < s.by.Return; next++ {
			asked = max(asked, deletes[next].bound())
		}
		if s.offset > asked {
			all = append(all, found([]int{s.by.ID},
				"operation %d was told that the log starts at %d, but nobody had asked to "+
					"delete beyond %d", s.by.ID, s.offset, asked))
		}
	}
	return all
}

// bound is how far the delete may have moved the log start offset.
func (d *DeleteRecords) bound() kafka.Offset {
	switch {
	case d.Before != kafka.NoOffset:
		return d.Before
	case d.Outcome == OK:
		return d.LogStart
	default:
		return kafka.Offset(Never) // whatever the high watermark was
	}
}

func checkBoundsInOrder(v *view) []finding {
	var all []finding
	for _, f := range v.fetches {
		if f.LogStart > f.HighWatermark {
			all = append(all, found([]int{f.ID},
				"fetch %d was told that the log starts at %d, above its high watermark %d",
				f.ID, f.LogStart, f.HighWatermark))
		}
	}
	for _, s := range v.scans {
		if s.LogStart > s.End {
			all = append(all, found([]int{s.ID},
				"scan %d was told that the log starts at %d, above its end %d",
				s.ID, s.LogStart, s.End))
		}
	}
	return all
}
