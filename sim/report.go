package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// Report is what a run came to.
type Report struct {
	Seed uint64
	// Failure is nil for a run that passed.
	Failure *Failure
	// Hash names the whole run: equal seeds have equal hashes.
	Hash string
	// Checkpoints are the rolling hash after each trace.Window events.
	Checkpoints []uint64
	Events      uint64
	Simulated   time.Duration
	// Faults are the kinds that were planned, in the catalogue's order.
	Faults []FaultCount
	// Decisions replay the run.
	Decisions []fault.Decision
	// Sites are the places told by Trace.Sometimes, by name.
	Sites []Site
	// Watched are the events of the window that Config asked for.
	Watched []string
	// Story is the run in lines for a person.
	Story []string
}

// FaultCount is a line of the fault ledger.
type FaultCount struct {
	Kind fault.Kind
	fault.Tally
}

// storyNotes is how many of the last notes a report's story has beside alarms.
const storyNotes = 40

// Close ends the run: every program unwinds, and what is left open is a leak,
// which fails the run. The world can't be used afterwards.
func (w *World) Close() *Report {
	if !w.closed {
		w.closed = true
		w.endAll()
		w.settleFaults()
	}
	r := &Report{
		Seed: w.config.Seed, Failure: w.failure, Hash: w.Trace().Sum(),
		Checkpoints: w.Trace().Checkpoints(), Events: w.Trace().Events(),
		Simulated: time.Duration(w.Now()), Decisions: w.plan.Made(),
		Sites: w.sites.sorted(), Story: w.Trace().Story(storyNotes),
		Watched: w.Trace().Watched(),
	}
	for _, k := range fault.All() {
		if t := w.plan.Tally(k); t.Planned > 0 {
			r.Faults = append(r.Faults, FaultCount{k, t})
		}
	}
	return r
}

// endAll ends every process and looks for leaks.
func (w *World) endAll() {
	for _, n := range w.nodes {
		w.guard(n.Kill)
		if open := n.disk.Open(); open > 0 {
			w.Fail(n.name, fmt.Sprintf("%d files are open after the end", open))
		}
		if open := n.host.Connections(); open > 0 {
			w.Fail(n.name, fmt.Sprintf("%d connections are open after the end", open))
		}
	}
}

// settleFaults closes the ledger: what was planned has fired or found nothing
// to hit.
func (w *World) settleFaults() {
	w.void()
	for _, k := range fault.All() {
		if t := w.plan.Tally(k); t.Open() != 0 {
			w.Fail("world", fmt.Sprintf("%s: planned %d, fired %d, void %d", k,
				t.Planned, t.Fired, t.Void))
		}
	}
}

// Verdict is "pass" or "fail".
func (r *Report) Verdict() string {
	if r.Failure != nil {
		return "fail"
	}
	return "pass"
}

// String tells a run in a few lines, and the story if it failed.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s after %v simulated, %d events, hash %s\n",
		r.Seed, r.Verdict(), r.Simulated, r.Events, r.Hash[:16])
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "  %-26s planned %d, fired %d\n", f.Kind, f.Planned, f.Fired)
	}
	if r.Failure != nil {
		fmt.Fprintf(&b, "%s\nreplay it with: odradek sim run --seed %d\n", r.Failure, r.Seed)
		for _, line := range r.Story {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		fmt.Fprintf(&b, "%s\n", r.Failure.Detail)
	}
	return b.String()
}

// Site is a rare place of a program and how often its condition held.
type Site struct {
	Name      string
	Hit, Miss uint64
}

// sites counts rare places by name.
type sites struct {
	byName map[string]*Site
}

func (s *sites) count(name string, hit bool) {
	site := s.byName[name]
	if site == nil {
		if s.byName == nil {
			s.byName = map[string]*Site{}
		}
		site = &Site{Name: name}
		s.byName[name] = site
	}
	if hit {
		site.Hit++
	} else {
		site.Miss++
	}
}

func (s *sites) sorted() []Site {
	list := make([]Site, 0, len(s.byName))
	for _, site := range s.byName {
		list = append(list, *site)
	}
	slices.SortFunc(list, func(a, b Site) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// faultEnds has fn end a fault after a while.
func (w *World) faultEnds(d time.Duration, fn func()) { w.later(d, schedule.FaultEnds, fn) }
