package sim

import (
	"fmt"

	"odradek/sim/trace"
)

// Runner makes a run from a config: it builds the world, lets it run and closes
// it. A Runner that is given the same config twice must do the same twice.
type Runner func(c Config) *Report

// Difference is where two runs of one config part.
type Difference struct {
	// Window is the number of the first window of events that differ.
	Window int
	// One and Two are the first lines that differ, with what came just before.
	One, Two []string
}

// Error tells the difference.
func (d *Difference) Error() string {
	text := fmt.Sprintf("two runs of one seed part in window %d (events %d to %d)",
		d.Window, d.Window*trace.Window, (d.Window+1)*trace.Window)
	for i := range max(len(d.One), len(d.Two)) {
		text += fmt.Sprintf("\n  one: %s\n  two: %s", lineAt(d.One, i), lineAt(d.Two, i))
	}
	return text
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "(nothing)"
	}
	return lines[i]
}

// differenceTries is how often two runs are repeated to see their difference
// in full: what is not deterministic need not show in the same place again.
const differenceTries = 8

// RunTwice runs a config twice and compares. It returns the first run and nil,
// or the difference, down to the first event of which the runs tell another
// story.
func RunTwice(run Runner, c Config) (*Report, *Difference) {
	one, two := run(c), run(c)
	if one.Hash == two.Hash {
		return one, nil
	}
	best := &Difference{Window: FirstWindow(one.Checkpoints, two.Checkpoints)}
	for range differenceTries {
		c.WatchFrom = uint64(best.Window) * trace.Window
		c.WatchTo = c.WatchFrom + trace.Window
		one, two = run(c), run(c)
		if d := differ(one.Watched, two.Watched); d != nil {
			d.Window = best.Window
			return one, d
		}
		best.Window = FirstWindow(one.Checkpoints, two.Checkpoints)
	}
	return one, best
}

// FirstWindow is the number of the first window in which two runs differ.
func FirstWindow(one, two []uint64) int {
	same := 0
	for same < len(one) && same < len(two) && one[same] == two[same] {
		same++
	}
	return same
}

// contextLines is how many equal lines before a difference are shown.
const contextLines = 3

func differ(one, two []string) *Difference {
	for i := range max(len(one), len(two)) {
		if lineAt(one, i) == lineAt(two, i) {
			continue
		}
		from := max(0, i-contextLines)
		return &Difference{
			One: one[min(from, len(one)):min(len(one), i+1)],
			Two: two[min(from, len(two)):min(len(two), i+1)],
		}
	}
	return nil
}
