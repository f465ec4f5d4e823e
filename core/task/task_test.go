package task_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/kafka"
	"odradek/core/task"

	"pgregory.net/rapid"
)

const ms = kafka.Instant(time.Millisecond)

// run drives a loop until it has nothing left to do, as a world would.
func run(l *task.Loop) {
	for l.Turn(l.Now()) {
	}
	for at := l.NextDeadline(); at != kafka.Never; at = l.NextDeadline() {
		l.Turn(at)
	}
}

func TestTasksRunInTheOrderTheyBecameReady(t *testing.T) {
	l := task.NewLoop(0)
	var got []string
	for i := range 3 {
		l.Spawn(fmt.Sprint("t", i), func(t *task.Task) {
			got = append(got, t.Name()+" begins")
			t.Sleep(time.Duration(3-i) * time.Millisecond)
			got = append(got, fmt.Sprintf("%s ends at %d", t.Name(), t.Now()/ms))
		})
	}
	run(l)
	want := []string{"t0 begins", "t1 begins", "t2 begins",
		"t2 ends at 1", "t1 ends at 2", "t0 ends at 3"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	if l.Tasks() != 0 {
		t.Fatalf("%d tasks left", l.Tasks())
	}
}

func TestSignalWakesInOrderAndTimesOut(t *testing.T) {
	l := task.NewLoop(0)
	var s task.Signal
	var got []string
	wait := func(name string, deadline kafka.Instant) {
		l.Spawn(name, func(t *task.Task) {
			err := s.Wait(t, deadline, "the test")
			got = append(got, fmt.Sprintf("%s %v at %d", name, err, t.Now()/ms))
		})
	}
	wait("a", kafka.Never)
	wait("b", 2*ms)
	wait("c", kafka.Never)
	wait("late", 0)
	l.Spawn("waker", func(t *task.Task) {
		s.Notify()
		t.Sleep(5 * time.Millisecond)
		s.Broadcast()
	})
	run(l)
	want := []string{"late the deadline passed at 0", "a <nil> at 0",
		"b the deadline passed at 2", "c <nil> at 5"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestFutureAndQueue(t *testing.T) {
	l := task.NewLoop(0)
	var f task.Future[int]
	var q task.Queue[string]
	var got []string
	l.Spawn("consumer", func(t *task.Task) {
		for range 2 {
			s, err := q.Take(t, kafka.Never, "a word")
			got = append(got, fmt.Sprint(s, err))
		}
		_, err := q.Take(t, t.Now()+ms, "a word")
		got = append(got, fmt.Sprint(err))
		f.Resolve(42, nil)
	})
	l.Spawn("producer", func(t *task.Task) {
		q.Put("x")
		q.Put("y")
		n, err := f.Await(t, kafka.Never, "the answer")
		got = append(got, fmt.Sprint(n, err))
		n, _ = f.Await(t, kafka.Never, "the answer")
		got = append(got, fmt.Sprint(n, f.Done(), q.Len()))
	})
	run(l)
	want := []string{"x<nil>", "y<nil>", "the deadline passed", "42 <nil>", "42 true 0"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestCancelRunsDefersAndNothingElse(t *testing.T) {
	l := task.NewLoop(0)
	var s task.Signal
	var got []string
	h := l.Spawn("victim", func(t *task.Task) {
		defer func() {
			got = append(got, "inner defer")
			s.Wait(t, kafka.Never, "must not wait while unwinding")
			got = append(got, "not reached")
		}()
		defer func() { got = append(got, "outer defer") }()
		s.Wait(t, kafka.Never, "forever")
		got = append(got, "not reached")
	})
	never := l.Spawn("cancelled before it ran",
		func(t *task.Task) { got = append(got, "not reached") })
	never.Cancel()
	l.Turn(0)
	h.Cancel()
	if !h.Alive() {
		t.Fatal("it has not unwound yet")
	}
	l.Turn(0)
	if h.Alive() || never.Alive() || s.Waiting() || l.Tasks() != 0 {
		t.Fatal("it should have finished")
	}
	h.Cancel()
	if want := []string{"outer defer", "inner defer"}; !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestAHandleOfAFinishedTaskDoesNotTouchItsSuccessor(t *testing.T) {
	l := task.NewLoop(0)
	old := l.Spawn("old", func(*task.Task) {})
	l.Turn(0)
	finished := false
	l.Spawn("new, on the same coroutine", func(t *task.Task) {
		t.Sleep(time.Millisecond)
		finished = true
	})
	old.Cancel()
	run(l)
	if !finished {
		t.Fatal("the successor was cancelled")
	}
}

func TestCloseUnwindsEverythingOldestFirst(t *testing.T) {
	l := task.NewLoop(0)
	var got []string
	for _, name := range []string{"a", "b", "c"} {
		l.Spawn(name, func(t *task.Task) {
			defer func() { got = append(got, name) }()
			if name == "b" {
				for {
					t.Yield()
				}
			}
			t.Sleep(time.Hour)
		})
	}
	l.Turn(0)
	l.Close()
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) || l.Tasks() != 0 {
		t.Fatalf("got %q, %d left", got, l.Tasks())
	}
	if l.Spawn("too late", func(*task.Task) { t.Fatal("ran") }).Alive() {
		t.Fatal("a closed loop spawns nothing")
	}
}

func TestAPanicTellsAStory(t *testing.T) {
	l := task.NewLoop(0)
	cause := errors.New("the last straw")
	l.Spawn("camel", func(t *task.Task) {
		t.Sleep(7 * time.Millisecond)
		panic(cause)
	})
	defer func() {
		f, ok := recover().(*task.Failure)
		if !ok || !errors.Is(f, cause) {
			t.Fatalf("recovered %v", f)
		}
		for _, want := range []string{
			`task "camel", begun 7ms ago, panicked: the last straw`, "task_test.go"} {
			if !strings.Contains(f.Error(), want) {
				t.Errorf("no %q in %s", want, f.Error())
			}
		}
	}()
	run(l)
	t.Fatal("it should have panicked")
}

func TestStoriesSayWhatTasksWaitFor(t *testing.T) {
	l := task.NewLoop(0)
	var s task.Signal
	l.Spawn("reader", func(t *task.Task) { s.Wait(t, kafka.Never, "a page of disk") })
	l.Spawn("sleeper", func(t *task.Task) { t.Sleep(time.Second) })
	l.Turn(0)
	l.Turn(3 * ms)
	want := []string{"reader, for 3ms, waits for a page of disk",
		"sleeper, for 3ms, waits for a sleep"}
	if got := l.Stories(); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	l.Close()
}

func TestYieldLetsTheWorldIn(t *testing.T) {
	l := task.NewLoop(0)
	steps := 0
	l.Spawn("long work", func(t *task.Task) {
		for range 3 {
			steps++
			t.Yield()
		}
	})
	turns := 0
	for l.Turn(0) {
		turns++
		if steps > turns {
			t.Fatalf("%d steps in %d turns", steps, turns)
		}
	}
	if steps != 3 {
		t.Fatalf("%d steps", steps)
	}
}

func TestAtTurnEndRunsAfterTheTasks(t *testing.T) {
	l := task.NewLoop(0)
	gathered, written := 0, 0
	l.AtTurnEnd(func() { written += gathered; gathered = 0 })
	for range 5 {
		l.Spawn("append", func(*task.Task) { gathered++ })
	}
	l.Turn(0)
	if written != 5 {
		t.Fatalf("written %d", written)
	}
}

// TestTimersFireInOrder is a law: whatever is set, reset and stopped, timers
// fire at their instants, equal instants in the order of setting.
func TestTimersFireInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := task.NewLoop(0)
		type setting struct {
			at    kafka.Instant
			order int
		}
		var timers []*task.Timer
		want := map[int]setting{}
		var fired []setting
		order := 0
		for i := range rapid.IntRange(1, 40).Draw(t, "timers") {
			timers = append(timers, l.NewTimer(func() { fired = append(fired, want[i]); delete(want, i) }))
		}
		for range rapid.IntRange(0, 120).Draw(t, "operations") {
			i := rapid.IntRange(0, len(timers)-1).Draw(t, "which")
			if rapid.Bool().Draw(t, "stop") {
				timers[i].Stop()
				delete(want, i)
				continue
			}
			at := kafka.Instant(rapid.IntRange(1, 20).Draw(t, "at"))
			order++
			timers[i].Set(at)
			want[i] = setting{at, order}
		}
		armed := len(want)
		run(l)
		if len(fired) != armed {
			t.Fatalf("%d fired of %d", len(fired), armed)
		}
		if !slices.IsSortedFunc(fired, func(a, b setting) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return a.order - b.order
		}) {
			t.Fatalf("out of order: %v", fired)
		}
	})
}

func TestSteadyStateAllocatesNothingPerSwitch(t *testing.T) {
	l := task.NewLoop(0)
	var s task.Signal
	l.Spawn("waiter", func(t *task.Task) {
		for {
			s.Wait(t, t.Now().Plus(time.Second), "a nudge")
		}
	})
	l.Turn(0)
	if n := testing.AllocsPerRun(1000, func() { s.Notify(); l.Turn(l.Now()) }); n != 0 {
		t.Fatalf("%v allocations a switch", n)
	}
	l.Close()
}

func BenchmarkSwitch(b *testing.B) {
	l := task.NewLoop(0)
	var s task.Signal
	l.Spawn("waiter", func(t *task.Task) {
		for {
			s.Wait(t, kafka.Never, "a nudge")
		}
	})
	l.Turn(0)
	b.ReportAllocs()
	for b.Loop() {
		s.Notify()
		l.Turn(0)
	}
	l.Close()
}

func BenchmarkSpawnRunFinish(b *testing.B) {
	l := task.NewLoop(0)
	fn := func(*task.Task) {}
	b.ReportAllocs()
	for b.Loop() {
		l.Spawn("short", fn)
		l.Turn(0)
	}
	l.Close()
}

func TestAdvanceMovesTheClockAndNothingElse(t *testing.T) {
	l := task.NewLoop(0)
	fired := false
	l.NewTimer(func() { fired = true }).Set(2 * ms)
	l.Advance(5 * ms)
	if l.Now() != 5*ms || fired {
		t.Fatalf("now %d, fired %v", l.Now(), fired)
	}
	l.Advance(1 * ms)
	if l.Now() != 5*ms {
		t.Fatalf("the clock went back to %d", l.Now())
	}
	if l.Turn(5 * ms); !fired {
		t.Fatal("the timer is due")
	}
}

func TestALoopClosesAfterATaskFailed(t *testing.T) {
	l := task.NewLoop(0)
	var got []string
	l.Spawn("waits", func(t *task.Task) {
		defer func() { got = append(got, "unwound") }()
		t.Sleep(time.Hour)
	})
	l.Spawn("fails", func(t *task.Task) { panic("broken") })
	func() {
		defer func() { recover() }()
		l.Turn(0)
		t.Fatal("the failure did not come through")
	}()
	if l.Tasks() != 1 {
		t.Fatalf("%d tasks are left", l.Tasks())
	}
	l.Close()
	if len(got) != 1 || l.Tasks() != 0 {
		t.Fatalf("got %q, %d tasks", got, l.Tasks())
	}
}
