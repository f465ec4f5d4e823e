package check

import (
	"cmp"
	"slices"
)

// step is an operation that took effect at one moment between call and
// before, at a known position of the order: operations at lower positions took
// effect earlier.
type step struct {
	position int64
	call     Event
	// before is when it had certainly taken effect; Never if that is not known.
	before Event
	// index is the caller's own, to find the operation again.
	index int
}

// inversion finds steps that the order of positions puts before one that was
// over when they began: an order in which everything happened cannot exist.
// Without any, one exists: that of the positions. Steps at equal positions must
// be such that their order does not matter.
//
//	time  ---->
//	position 7      |--later--|
//	position 4                     |--earlier--|      later was over first
//
// It sorts the steps, and returns the pair for the first step found, that with
// the lowest position. Since all positions are known, this is linearizability
// itself, not an approximation: sweep_test.go compares it with a search. Steps
// at equal positions never form a pair, since they are sorted by their calls.
func inversion(steps []step) (later, earlier step, found bool) {
	sortSteps(steps)
	latest := 0 // the index of the step with the last call so far
	for i, s := range steps {
		if s.before < steps[latest].call {
			return s, steps[latest], true
		}
		if s.call > steps[latest].call {
			latest = i
		}
	}
	return step{}, step{}, false
}

func sortSteps(steps []step) {
	slices.SortFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.call, b.call))
	})
}
