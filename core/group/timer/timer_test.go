package timer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"odradek/core/group/timer"
	"odradek/core/kafka"
)

// TestQueueIsAListOfDeadlines plays with a queue and with the plainest thing that does
// the same: for each timer its deadline, searched from the first to the last.
func TestQueueIsAListOfDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := timer.NewQueue()
		timers := make([]timer.Timer, 5)
		due := make([]kafka.Instant, len(timers))
		for i := range due {
			due[i] = kafka.Never
		}
		index := rapid.IntRange(0, len(timers)-1)
		instant := rapid.Map(rapid.IntRange(0, 20), func(i int) kafka.Instant { return kafka.Instant(i) })
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				i, at := index.Draw(t, "timer"), instant.Draw(t, "due")
				q.Start(&timers[i], at)
				due[i] = at
			},
			"stop": func(t *rapid.T) {
				i := index.Draw(t, "timer")
				q.Stop(&timers[i])
				due[i] = kafka.Never
			},
			"take": func(t *rapid.T) {
				now := instant.Draw(t, "now")
				first := slices.Min(due)
				taken := q.Take(now)
				if (taken == nil) != (first > now) {
					t.Fatalf("took %v at %d, the first is due at %d", taken, now, first)
				}
				if taken != nil {
					i := 0
					for &timers[i] != taken {
						i++
					}
					if due[i] != first {
						t.Fatalf("took timer %d, due at %d, and not the first, at %d", i, due[i], first)
					}
					due[i] = kafka.Never
				}
			},
			"": func(t *rapid.T) {
				if next := q.Next(); next != slices.Min(due) {
					t.Fatalf("next is %d, not %d", next, slices.Min(due))
				}
				for i := range timers {
					if timers[i].Set() != (due[i] != kafka.Never) ||
						timers[i].Set() && timers[i].Due() != due[i] {
						t.Fatalf("timer %d: %+v, not %d", i, timers[i], due[i])
					}
				}
			},
		})
	})
}

// TestSameInstant: who was started first comes first.
func TestSameInstant(t *testing.T) {
	q := timer.NewQueue()
	timers := []timer.Timer{{Member: "a"}, {Member: "b"}, {Member: "c"}}
	for i := range timers {
		q.Start(&timers[i], 7)
	}
	for i := range timers {
		if taken := q.Take(7); taken != &timers[i] {
			t.Fatalf("took %v", taken)
		}
	}
}
