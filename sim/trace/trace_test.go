package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"odradek/core/kafka"
	"odradek/sim/trace"

	"pgregory.net/rapid"
)

func name(kind uint16, lane int32) string { return fmt.Sprintf("kind %d lane %d", kind, lane) }

func filled(events int, odd int) *trace.Trace {
	t := trace.New(1, name)
	for i := range events {
		a := uint64(i)
		if i == odd {
			a++
		}
		t.Event(kafka.Instant(i), 3, 1, a, 0)
	}
	return t
}

func TestEveryEventCounts(t *testing.T) {
	const events = 3*trace.Window + 100
	whole := filled(events, -1)
	if again := filled(events, -1); again.Sum() != whole.Sum() {
		t.Fatal("equal runs differ")
	}
	for _, odd := range []int{0, 1, trace.Window - 1, trace.Window, events - 1} {
		other := filled(events, odd)
		if other.Sum() == whole.Sum() {
			t.Fatalf("event %d does not count", odd)
		}
		for i, c := range whole.Checkpoints() {
			if same := c == other.Checkpoints()[i]; same != (odd >= (i+1)*trace.Window) {
				t.Fatalf("odd event %d, checkpoint %d same: %v", odd, i, same)
			}
		}
	}
}

func TestDigestSeesEveryByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "bytes")
		before := trace.Digest(p)
		i := rapid.IntRange(0, len(p)-1).Draw(t, "place")
		p[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if trace.Digest(p) == before {
			t.Fatal("a flipped bit does not count")
		}
		if trace.Digest(append(p, 0)) == trace.Digest(p) {
			t.Fatal("a longer content does not count")
		}
	})
}

func TestStoryKeepsAlarmsAndTheLatestNotes(t *testing.T) {
	tr := trace.New(1, name)
	tr.Alarm(trace.Note{At: 1, Who: "n1", Kind: "node.kill"})
	for i := range 10000 {
		tr.Note(trace.Note{At: kafka.Instant(2 + i), Who: "n1/0", Kind: "append", A: int64(i)})
	}
	tr.Alarm(trace.Note{At: 20000, Kind: "failure", Subject: "lost"})
	story := tr.Story(3)
	got := strings.Join(story, "\n")
	wanted := []string{"node.kill", "append (9997, 0)", "append (9999, 0)", "failure lost"}
	for _, want := range wanted {
		if !strings.Contains(got, want) {
			t.Fatalf("%q is missing in:\n%s", want, got)
		}
	}
	if len(story) != 5 {
		t.Fatalf("%d lines", len(story))
	}
}

func TestWatchWritesItsWindow(t *testing.T) {
	tr := trace.New(1, name)
	tr.Watch(5, 8)
	for i := range 20 {
		tr.Event(kafka.Instant(i), 3, 1, uint64(i), 0)
	}
	got := tr.Watched()
	if len(got) != 3 || !strings.HasPrefix(got[0], "event 5 at 5ns: kind 3 lane 1") {
		t.Fatalf("%q", got)
	}
}

func TestEventsDoNotAllocate(t *testing.T) {
	tr := filled(trace.Window, -1)
	if n := testing.AllocsPerRun(1000, func() { tr.Event(1, 2, 3, 4, 5) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
