package trace

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/kafka"
)

// storyMax is how many of the latest notes are kept: what led to a failure is
// near it.
const storyMax = 512

// alarmsMax is how many of the latest alarms are kept. A run has few.
const alarmsMax = 2048

// Note is one thing that happened, as a node's own trace or the world tells it.
type Note struct {
	At kafka.Instant
	// Order counts all notes of a run.
	Order uint64
	// Who is the node or shard, empty for the world.
	Who     string
	Kind    string
	Subject string
	A, B    int64
}

// String is one line of a story.
func (n Note) String() string {
	who := n.Who
	if who == "" {
		who = "world"
	}
	line := fmt.Sprintf("%12s  %-12s %s", time.Duration(n.At), who, n.Kind)
	if n.Subject != "" {
		line += " " + n.Subject
	}
	if n.A != 0 || n.B != 0 {
		line += fmt.Sprintf(" (%d, %d)", n.A, n.B)
	}
	return line
}

// notes is a ring of the latest notes.
type notes struct {
	ring  []Note
	next  int
	limit int
}

func (r *notes) add(n Note) {
	if len(r.ring) < r.limit {
		r.ring = append(r.ring, n)
		return
	}
	r.ring[r.next] = n
	r.next = (r.next + 1) % r.limit
}

// Note keeps what happened and takes it into the hash.
func (t *Trace) Note(n Note) { t.take(&t.notes, n) }

// Alarm is Note for what must not be pushed out of the story by the many small
// things: faults, restarts, failures.
func (t *Trace) Alarm(n Note) { t.take(&t.alarms, n) }

func (t *Trace) take(r *notes, n Note) {
	t.Text(n.Who)
	t.Text(n.Kind)
	t.Text(n.Subject)
	t.hash = mix(mix(t.hash, uint64(n.A)), uint64(n.B))
	t.noted++
	n.Order = t.noted
	r.add(n)
	if t.Watching() {
		t.lines = append(t.lines, "             note "+n.String())
	}
}

// Alarms are the kept alarms, oldest first.
func (t *Trace) Alarms() []Note { return t.alarms.sorted() }

// Notes are the kept notes, oldest first.
func (t *Trace) Notes() []Note { return t.notes.sorted() }

func (r *notes) sorted() []Note {
	return slices.Concat(r.ring[r.next:], r.ring[:r.next])
}

// Story tells the alarms and the last notes in one line each, oldest first.
func (t *Trace) Story(lastNotes int) []string {
	recent := t.Notes()
	recent = recent[max(0, len(recent)-lastNotes):]
	all := slices.Concat(t.Alarms(), recent)
	slices.SortStableFunc(all, func(a, b Note) int {
		if a.At != b.At {
			return int(min(1, max(-1, a.At-b.At)))
		}
		return int(min(1, max(-1, int64(a.Order)-int64(b.Order))))
	})
	lines := make([]string, len(all))
	for i, n := range all {
		lines[i] = n.String()
	}
	return lines
}

// Watch has every event whose number is in [from, to) written down in full.
// Call it before the run.
func (t *Trace) Watch(from, to uint64) { t.watchFrom, t.watchTo = from, to }

// Watching reports whether the present event is written down.
func (t *Trace) Watching() bool { return t.events >= t.watchFrom && t.events < t.watchTo }

// Say adds a line about the present event; call it only while Watching.
func (t *Trace) Say(format string, args ...any) {
	t.lines = append(t.lines, "             "+fmt.Sprintf(format, args...))
}

// Watched are the lines of the watched window.
func (t *Trace) Watched() []string { return t.lines }

func (t *Trace) watched(at kafka.Instant, kind uint16, lane int32, a, b uint64) {
	t.lines = append(t.lines, fmt.Sprintf("event %d at %s: %s a=%d b=%d hash=%016x",
		t.events, time.Duration(at), t.namer(kind, lane), int64(a), int64(b), t.hash))
}
