package sim_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/fault"
)

// pass closes a world that should have passed.
func pass(t *testing.T, w *sim.World) *sim.Report {
	t.Helper()
	r := w.Close()
	if r.Failure != nil {
		t.Fatalf("%s", r)
	}
	return r
}

func TestHaltEndsTheProcessAndItComesBack(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	enough := errors.New("enough")
	var lives []string
	n := w.AddNode("n", 1, func(w *env.World) {
		w.Loop.Spawn("main", func(t *task.Task) {
			lives = append(lives, fmt.Sprint(w.Shards.Count()))
			defer func() { lives = append(lives, "unwound") }()
			if len(lives) < 3 {
				w.Halt(enough)
			}
			t.Sleep(time.Hour)
			lives = append(lives, "not reached")
		})
	})
	n.StartWith(2)
	w.RunFor(time.Minute)
	if got := fmt.Sprint(lives); got != "[2 unwound 2 2]" || n.Incarnations() != 2 {
		t.Fatalf("%s, %d processes", got, n.Incarnations())
	}
	if !errors.Is(n.LastWord(), enough) {
		t.Fatalf("last word %v", n.LastWord())
	}
	r := pass(t, w)
	if story := strings.Join(r.Story, "\n"); !strings.Contains(story, "halts enough") {
		t.Fatalf("story:\n%s", story)
	}
}

// Whatever panics, and wherever, fails the run and tells where.
func TestPanicsFailTheRun(t *testing.T) {
	for name, boot := range map[string]sim.Boot{
		"in boot": func(*env.World) { panic("broken") },
		"in a task": func(w *env.World) {
			w.Loop.Spawn("main", func(t *task.Task) { t.Sleep(time.Second); panic("broken") })
		},
		"in a timer": func(w *env.World) {
			w.Loop.NewTimer(func() { panic("broken") }).Set(w.Clock.Now().Plus(time.Second))
		},
		"at a turn's end": func(w *env.World) { w.Loop.AtTurnEnd(func() { panic("broken") }) },
		"in an assertion": func(w *env.World) {
			w.Loop.Spawn("main", func(*task.Task) { assert.That(false, "not broken") })
		},
		"in a message": func(w *env.World) {
			w.Shards.Receive(func(int, any) { panic("broken") })
			w.Shards.Send(0, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New(sim.Config{Seed: 9})
			w.AddNode("n", 1, boot)
			if w.RunFor(time.Minute) {
				t.Fatal("the run goes on")
			}
			r := w.Close()
			text := r.String()
			for _, want := range []string{"n/0: ", "broken", "seed 9: fail", "--seed 9", "_test.go"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in:\n%s", want, text)
				}
			}
		})
	}
}

func TestPanicWhileUnwindingFailsTheRun(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	n := w.AddNode("n", 1, func(w *env.World) {
		w.Loop.Spawn("main", func(t *task.Task) {
			defer func() { panic("in a defer") }()
			t.Sleep(time.Hour)
		})
	})
	n.KeepDown()
	w.RunFor(time.Second)
	w.RunAt(w.Now(), n.Kill)
	w.RunFor(time.Second)
	if r := w.Close(); r.Failure == nil || !strings.Contains(r.Failure.Reason, "in a defer") {
		t.Fatalf("%s", r)
	}
}

// A crash in the middle of a turn: what the program does after it does not
// count, and its panics don't either.
func TestNothingCountsAfterTheCrash(t *testing.T) {
	for ops := 1; ops <= 6; ops++ {
		w := sim.New(sim.Config{Seed: 1})
		var names []string
		n := w.AddNode("n", 1, func(w *env.World) {
			if list, err := w.Disk.List(""); err == nil && len(list) > 0 {
				for _, e := range list {
					names = append(names, e.Name)
				}
				return
			}
			w.Loop.Spawn("main", func(*task.Task) {
				for i := range 6 {
					if err := w.Disk.MakeDir(fmt.Sprint("d", i)); err != nil {
						panic(err)
					}
				}
				panic("after the crash")
			})
		})
		n.Disk().AimCrash(0, ops, func(time.Duration) { n.Doom(false) })
		w.RunFor(time.Minute)
		if len(names) != ops {
			t.Fatalf("aimed at %d: %q is left", ops, names)
		}
		pass(t, w)
	}
}

func TestPausedNodeStandsStill(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	var at []kafka.Timestamp
	n := w.AddNode("n", 2, func(w *env.World) {
		w.Loop.Spawn("ticker", func(t *task.Task) {
			for w.Shards.Self() == 0 {
				t.Sleep(10 * time.Millisecond)
				at = append(at, w.Clock.Wall())
			}
		})
	})
	w.RunFor(time.Second)
	ticks := len(at)
	resume := n.Pause()
	w.RunFor(time.Second)
	if len(at) != ticks {
		t.Fatalf("%d ticks in a paused node", len(at)-ticks)
	}
	resume()
	w.RunFor(15 * time.Millisecond)
	if len(at) == ticks || at[ticks]-at[ticks-1] < 1000 {
		t.Fatalf("after the pause: %v", at[ticks-1:])
	}
	pass(t, w)
}

func TestProcessesDifferInClockAndRandomness(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	instants, numbers := map[kafka.Instant]bool{}, map[uint64]bool{}
	n := w.AddNode("n", 2, func(w *env.World) {
		instants[w.Clock.Now()] = true
		numbers[w.Random.Uint64()] = true
		numbers[w.Random.Fork("ids").Uint64()] = true
	})
	for range 5 {
		w.RunFor(time.Second)
		n.Kill()
		w.RunFor(time.Minute)
	}
	if processes := 2 * n.Incarnations(); len(instants) != processes || len(numbers) != 2*processes {
		t.Fatalf("%d instants, %d numbers of %d shards", len(instants), len(numbers), processes)
	}
	pass(t, w)
}

func TestWallClockJumps(t *testing.T) {
	jumped := false
	for seed := range uint64(20) {
		jumps := fault.Set(0).With(fault.NodeClockJump)
		w := sim.New(sim.Config{Seed: seed, Intensity: 10, Faults: jumps})
		var last kafka.Timestamp
		n := w.AddNode("n", 1, func(w *env.World) {
			w.Loop.Spawn("watch", func(t *task.Task) {
				for {
					now := w.Clock.Wall()
					jumped = jumped || last != 0 && (now < last || now > last+1000)
					last = now
					t.Sleep(100 * time.Millisecond)
				}
			})
		})
		w.Unleash(n)
		w.RunFor(30 * time.Second)
		pass(t, w)
	}
	if !jumped {
		t.Fatal("the wall clock never jumped")
	}
}

func TestUnreleasedFramesShow(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	keeper := &keepsFrames{}
	n := w.AddNode("n", 1, func(w *env.World) {
		if _, err := w.Network.Listen(":1", options(), keeper); err != nil {
			panic(err)
		}
	})
	w.AddClient("c", func(w *env.World) {
		w.Loop.Spawn("client", func(t *task.Task) {
			c, err := w.Network.Dial(t, "n:1", options(), &echoes{}, kafka.Never)
			if err != nil {
				panic(err)
			}
			c.Send([]env.Chunk{{Bytes: []byte("\x00\x00\x00\x04leak")}})
		})
	})
	w.RunFor(time.Second)
	if n.Buffered() != 4 || n.Connections() != 1 {
		t.Fatalf("%d bytes, %d connections", n.Buffered(), n.Connections())
	}
	keeper.frames[0].Release()
	if n.Buffered() != 0 {
		t.Fatalf("%d bytes after the release", n.Buffered())
	}
	pass(t, w)
}

// keepsFrames is a door that releases nothing.
type keepsFrames struct{ frames []*env.Frame }

func (k *keepsFrames) Opened(env.Conn) {}

func (k *keepsFrames) Received(_ env.Conn, f *env.Frame) { k.frames = append(k.frames, f) }

func (k *keepsFrames) Closed(env.Conn, error) {}

func TestSitesAreCounted(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1})
	w.AddNode("n", 1, func(w *env.World) {
		w.Trace.Sometimes("b", true)
		w.Trace.Sometimes("a", false)
		w.Trace.Sometimes("b", true)
		w.Trace.Sometimes("b", false)
	})
	w.RunFor(time.Second)
	if got := fmt.Sprint(pass(t, w).Sites); got != "[{a 0 1} {b 2 1}]" {
		t.Fatalf("sites %s", got)
	}
}
