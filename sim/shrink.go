package sim

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"odradek/sim/fault"
)

// Shrunk is a failing run with as few decisions as were found to do.
type Shrunk struct {
	// Report is the smallest failing run.
	Report *Report
	// Decisions replay it: faults, then operations, each in the run's order.
	Decisions []fault.Decision
	// Tries is how many runs it took.
	Tries int
}

// String lists the decisions and tells the story.
func (s *Shrunk) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "shrunk to %d decisions in %d runs\n", len(s.Decisions), s.Tries)
	for _, d := range s.Decisions {
		fmt.Fprintf(&b, "  %s\n", d)
	}
	for _, line := range s.Report.Story {
		fmt.Fprintf(&b, "  | %s\n", line)
	}
	return b.String()
}

// Shrink looks for a short list of decisions that fails in the same way as a
// failed report: it leaves faults out, whole kinds first, then operations, then
// looks at the faults once more. While it looks, decisions are made by their time,
// so that leaving some out does not move the others; the list it returns replays
// at exact places. It stops after triesMax runs, or when goOn, asked before each
// run, says so; whatever it found by then fails.
func Shrink(run Runner, c Config, failed *Report, triesMax int, goOn func() bool) *Shrunk {
	s := &shrinker{run: run, config: c, reason: outline(failed.Failure), tries: triesMax, goOn: goOn}
	s.keep(failed)
	s.dropKinds()
	for before := -1; before != len(s.best.Decisions) && !s.spent(); {
		before = len(s.best.Decisions)
		s.minimise(&s.faults)
		s.minimise(&s.operations)
	}
	return &Shrunk{
		Report: s.best, Decisions: slices.Concat(s.faults, s.operations), Tries: triesMax - s.tries,
	}
}

type shrinker struct {
	run    Runner
	config Config
	reason string
	tries  int
	goOn   func() bool
	// best is the smallest failing run so far, and its decisions in two lists.
	best               *Report
	faults, operations []fault.Decision
}

// keep takes a failing run as the best one. Its decisions are those that it
// made, which may be fewer than it was given.
func (s *shrinker) keep(r *Report) {
	s.best, s.faults, s.operations = r, nil, nil
	for _, d := range r.Decisions {
		if d.Kind == fault.Operation {
			s.operations = append(s.operations, d)
		} else {
			s.faults = append(s.faults, d)
		}
	}
}

// outline is a failure without its numbers: what makes two failures the same.
func outline(f *Failure) string {
	if f == nil {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, f.Reason)
}

func (s *shrinker) spent() bool { return s.tries <= 0 || !s.goOn() }

// fails runs a list and keeps the run if it fails in the same way with fewer
// decisions.
func (s *shrinker) fails(faults, operations []fault.Decision) bool {
	if s.spent() {
		return false
	}
	s.tries--
	c := s.config
	c.Replay, c.ReplayByTime = append([]fault.Decision{}, faults...), true
	c.Replay = append(c.Replay, operations...)
	r := s.run(c)
	if r.Failure == nil || outline(r.Failure) != s.reason ||
		len(r.Decisions) >= len(s.best.Decisions) {
		return false
	}
	s.keep(r)
	return true
}

// dropKinds tries to do without all faults, then without each kind.
func (s *shrinker) dropKinds() {
	if len(s.faults) > 0 && s.fails(nil, s.operations) {
		return
	}
	for _, k := range fault.All() {
		without := slices.DeleteFunc(slices.Clone(s.faults), func(d fault.Decision) bool {
			return d.Kind == k
		})
		if len(without) < len(s.faults) {
			s.fails(without, s.operations)
		}
	}
}

// minimise leaves out ever smaller parts of a list, as long as the run fails
// without them (ddmin; Zeller and Hildebrandt, 2002). The list changes with
// every run that is kept.
func (s *shrinker) minimise(list *[]fault.Decision) {
	for part := (len(*list) + 1) / 2; part > 0; {
		dropped := false
		for from := 0; from < len(*list) && !s.spent(); {
			whole := *list
			*list = slices.Concat(whole[:from], whole[min(len(whole), from+part):])
			if s.fails(s.faults, s.operations) {
				dropped = true
				continue
			}
			*list = whole
			from += part
		}
		switch {
		case s.spent() || part == 1 && !dropped:
			return
		case part > 1:
			part = (part + 1) / 2
		}
	}
}
