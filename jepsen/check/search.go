package check

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"
)

// The checks judge by offsets, and never search. This file has a second opinion
// on them: a search through all orders, by code that others wrote and that knows
// nothing of the sweep (Porcupine). Whenever the two come to different results,
// one of them is wrong, and that is a violation of its own kind.
//
// A search takes time that grows with the square of the operations and far worse
// with how many of them overlap, so a partition's history is cut into windows at
// moments at which nothing was under way; see window.go. What a window begins
// with follows from the windows before it.

// SecondOpinion is the name of a violation that is nobody's but the checker's: the
// sweep and the search disagree about a partition.
const SecondOpinion = "second-opinion"

const (
	// windowOperationsMin is how many operations a window has before it is cut:
	// a search in fewer costs more to set up than to do.
	windowOperationsMin = 128
	// windowOperationsMax is how many it may have. Porcupine keeps a set of bits,
	// one an operation, for each step of its search.
	windowOperationsMax = 5000
	// windowOpenMax is how many of them may be under way at a time. With 15 a
	// search of 2,000 takes 0.2 seconds, with 30 it takes 13.
	windowOpenMax = 15
	// windowDoubtfulMax is how many batches that nobody saw may be among them: each
	// doubles what a search in vain goes through.
	windowDoubtfulMax = 4
)

// Search is how a second opinion is sought. The zero value searches everything
// that can be searched.
type Search struct {
	// Seed chooses the windows when there are more than OperationsMax allows.
	Seed uint64
	// OperationsMax is how many operations are searched, 0 for all. Windows of
	// partitions that the sweep accuses are always searched.
	OperationsMax int
	// Patience is how long the search of one window may take; after that it is
	// undecided. Zero waits for ever.
	Patience time.Duration
	// windowMin replaces windowOperationsMin where it is not 0.
	windowMin int
}

// Searched is how much of a history a search has seen.
type Searched struct {
	// Windows and Operations are those that were searched.
	Windows, Operations int
	// Wide is how many windows had too much under way at a time to be searched,
	// and Left how many were left out by Search.OperationsMax.
	Wide, Left int
}

// Add adds what was seen of another history.
func (s *Searched) Add(other Searched) {
	s.Windows += other.Windows
	s.Operations += other.Operations
	s.Wide += other.Wide
	s.Left += other.Left
}

// RunSearched is Run with a second opinion. Unlike all else of this package it
// reads the clock and starts goroutines, which have ended when it returns but for
// those of a window that ran out of patience. Only that can make two calls with
// the same history differ: one is Undecided.
func RunSearched(h *History, s Search) (Verdict, Searched) {
	return s.judge(views(h), Checks())
}

// judge holds views against checks, and the checks against a search.
func (s Search) judge(all []*view, checks []Check) (Verdict, Searched) {
	var verdict Verdict
	var windows []*window
	for _, v := range all {
		v.run(checks, &verdict)
		if !v.blind {
			windows = append(windows, v.windows(cmp.Or(s.windowMin, windowOperationsMin))...)
		}
	}
	searched := s.choose(windows)
	for _, w := range windows {
		if w.chosen {
			w.result = w.search(s.Patience)
		}
	}
	compare(windows, &verdict)
	for _, v := range all {
		verdict.leaveOpen(v)
	}
	verdict.close()
	return verdict, searched
}

// choose marks the windows to search.
func (s Search) choose(windows []*window) (searched Searched) {
	order := rand.New(rand.NewPCG(s.Seed, uint64(len(windows)))).Perm(len(windows))
	for _, i := range order {
		w := windows[i]
		switch {
		case !w.fits():
			searched.Wide++
		case s.OperationsMax > 0 && !w.view.accused &&
			searched.Operations+len(w.operations) > s.OperationsMax:
			searched.Left++
		default:
			w.chosen = true
			searched.Windows++
			searched.Operations += len(w.operations)
		}
	}
	return searched
}

// compare finds the partitions about which the checks and the search disagree.
func compare(windows []*window, verdict *Verdict) {
	disagree := func(v *view, format string, args ...any) {
		verdict.Violations = append(verdict.Violations, Violation{
			Check: SecondOpinion, Sentence: v.name + ": " + fmt.Sprintf(format, args...)})
	}
	for first := 0; first < len(windows); {
		v, whole := windows[first].view, true
		next := first
		for ; next < len(windows) && windows[next].view == v; next++ {
			w := windows[next]
			switch {
			case !w.chosen:
				whole = false
			case w.result == porcupine.Illegal:
				whole = false
				if !v.accused {
					disagree(v, "no order of its %d operations between events %d and %d gives "+
						"every answer, though no check objects", len(w.operations), w.from, w.to)
				}
			case w.result == porcupine.Unknown:
				whole = false
				v.open = append(v.open, fmt.Sprintf("the search for an order of %d operations "+
					"between events %d and %d ran out of patience", len(w.operations), w.from, w.to))
			}
		}
		if v.inverted && whole {
			disagree(v, "the sweep finds two operations in the wrong order, though a search "+
				"finds an order of all that gives every answer")
		}
		first = next
	}
}
