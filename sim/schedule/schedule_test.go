package schedule_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/schedule"

	"pgregory.net/rapid"
)

// recorder is an actor that keeps what happened.
type recorder struct {
	s   *schedule.Scheduler
	got []string
}

func (r *recorder) Act(e *schedule.Event) {
	r.got = append(r.got, fmt.Sprintf("%d@%d", e.A, r.s.Now()))
}

func drain(s *schedule.Scheduler) {
	for s.Step() {
	}
}

func TestEventsHappenByTimeThenSequence(t *testing.T) {
	s := schedule.New(1)
	r := &recorder{s: s}
	for i, at := range []kafka.Instant{5, 3, 5, 0, 3} {
		s.At(at, schedule.Test, r, nil, uint64(i), 0)
	}
	own := schedule.NewEvent(schedule.Test, r, nil)
	own.A = 9
	s.Set(own, 100)
	s.Set(own, 4)
	drain(s)
	want := []string{"3@0", "1@3", "4@3", "9@4", "0@5", "2@5"}
	if !slices.Equal(r.got, want) {
		t.Fatalf("got %q", r.got)
	}
}

type order struct {
	s    *schedule.Scheduler
	last kafka.Instant
	seen []uint64
	bad  bool
}

func (o *order) Act(e *schedule.Event) {
	o.bad = o.bad || o.s.Now() < o.last
	o.last = o.s.Now()
	o.seen = append(o.seen, e.A)
}

// The heap agrees with a stable sort, also when events are moved and taken out.
func TestHeapIsAStableSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schedule.New(1)
		o := &order{s: s}
		type entry struct{ at, seq, id int }
		var model []entry
		var events []*schedule.Event
		seq := 0
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			at := rapid.IntRange(0, 20).Draw(t, "at")
			i := rapid.IntRange(0, len(events)).Draw(t, "event")
			if i == len(events) {
				e := schedule.NewEvent(schedule.Test, o, nil)
				e.A = uint64(i)
				events = append(events, e)
			}
			model = slices.DeleteFunc(model, func(m entry) bool { return m.id == i && m.at != at })
			if rapid.IntRange(0, 4).Draw(t, "unset") == 0 {
				s.Unset(events[i])
				model = slices.DeleteFunc(model, func(m entry) bool { return m.id == i })
				continue
			}
			s.Set(events[i], kafka.Instant(at))
			if !slices.ContainsFunc(model, func(m entry) bool { return m.id == i }) {
				seq++
				model = append(model, entry{at, seq, i})
			}
		}
		slices.SortStableFunc(model, func(a, b entry) int {
			if a.at != b.at {
				return a.at - b.at
			}
			return a.seq - b.seq
		})
		drain(s)
		if o.bad || len(o.seen) != len(model) {
			t.Fatalf("%v, want %v", o.seen, model)
		}
		for i, m := range model {
			if o.seen[i] != uint64(m.id) {
				t.Fatalf("%v, want %v", o.seen, model)
			}
		}
	})
}

func TestLaneRunsTasksInItsOwnTime(t *testing.T) {
	s := schedule.New(1)
	l := s.NewLane("n/0", 1_000_000, time.Microsecond)
	var got []string
	l.Loop.Spawn("sleeper", func(t *task.Task) {
		for range 3 {
			got = append(got, fmt.Sprint(t.Now(), " ", s.Now()))
			t.Sleep(time.Millisecond)
		}
	})
	l.Kick()
	drain(s)
	want := []string{"1000000 0", "2000000 1000000", "3000000 2000000"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	l.Kill()
}

type told struct {
	l   *schedule.Lane
	got *[]string
	s   *schedule.Scheduler
}

func (n *told) Deliver() {
	*n.got = append(*n.got, fmt.Sprintf("told@%d", n.s.Now()))
}

type poster struct {
	l *schedule.Lane
	n schedule.Notice
}

func (p *poster) Act(*schedule.Event) { p.l.Post(p.n) }

func TestBusyAndStalledLanesLetPostsWait(t *testing.T) {
	s := schedule.New(1)
	l := s.NewLane("n/0", 0, 10*time.Nanosecond*1000)
	var got []string
	p := &poster{l, &told{l, &got, s}}
	for _, at := range []kafka.Instant{1000, 2000, 3000, 50000, 60001} {
		s.At(at, schedule.Test, p, nil, 0, 0)
	}
	for s.Next() < 50000 {
		s.Step()
	}
	l.Stall()
	for s.Next() < kafka.Never {
		s.Step()
	}
	want := []string{"told@1000", "told@11000", "told@11000"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	l.Resume()
	drain(s)
	if want = append(want, "told@60001", "told@60001"); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestDoomedLaneEndsAfterItsTurn(t *testing.T) {
	s := schedule.New(1)
	l := s.NewLane("n/0", 0, time.Microsecond)
	var got []string
	l.Loop.Spawn("halts", func(t *task.Task) {
		defer func() { got = append(got, "unwound") }()
		l.Doom(func() { got = append(got, "ended"); l.Kill() })
		got = append(got, fmt.Sprint("goes on ", l.Gone(), l.Dead()))
		t.Sleep(time.Hour)
	})
	l.Kick()
	drain(s)
	want := []string{"goes on true false", "ended", "unwound"}
	if !slices.Equal(got, want) || !l.Dead() {
		t.Fatalf("got %q", got)
	}
}

func TestEventsAndTurnsDoNotAllocate(t *testing.T) {
	s := schedule.New(1)
	l := s.NewLane("n/0", 0, time.Microsecond)
	l.Loop.Spawn("sleeper", func(t *task.Task) {
		for {
			t.Sleep(time.Millisecond)
		}
	})
	l.Kick()
	for range 100 {
		s.Step()
	}
	if n := testing.AllocsPerRun(500, func() { s.Step() }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
	l.Kill()
}

func BenchmarkSleepingTask(b *testing.B) {
	s := schedule.New(1)
	l := s.NewLane("n/0", 0, time.Microsecond)
	for range 100 {
		l.Loop.Spawn("sleeper", func(t *task.Task) {
			for {
				t.Sleep(time.Millisecond)
			}
		})
	}
	l.Kick()
	b.ReportAllocs()
	for b.Loop() {
		s.Step()
	}
	l.Kill()
}
