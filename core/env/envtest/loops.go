package envtest

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// loopCases are about time and tasks as a world drives them.
func loopCases() []Case {
	return slices.Concat(timeCases(), turnCases())
}

// timeCases are about clocks and timers.
func timeCases() []Case {
	return []Case{
		one("sleep waits at least as long as it says", func(s *Scene) {
			for _, d := range []time.Duration{time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
				before := s.World.Clock.Now()
				s.T.Sleep(d)
				took := s.World.Clock.Now().Since(before)
				s.That(took >= d, "slept %v of %v", took, d)
			}
		}),
		one("the clock stands still within a turn", func(s *Scene) {
			before := s.World.Clock.Now()
			sum := 0
			for i := range 1 << 20 {
				sum += i
			}
			s.That(s.World.Clock.Now() == before && sum > 0, "the clock moved")
			s.That(s.T.Now() == before, "the loop has another clock")
		}),
		one("the clock does not go back", func(s *Scene) {
			last := s.World.Clock.Now()
			for range 200 {
				s.T.Yield()
				now := s.World.Clock.Now()
				s.That(now >= last, "from %d to %d", last, now)
				last = now
			}
		}),
		one("the wall clock tells this century", func(s *Scene) {
			wall := s.World.Clock.Wall()
			s.That(wall > 1_500_000_000_000 && wall < 4_200_000_000_000, "%d", wall)
		}),
		one("timers fire in order", func(s *Scene) {
			var got []int
			now := s.World.Clock.Now()
			for _, after := range []int{5, 1, 4, 2, 3} {
				timer := s.World.Loop.NewTimer(func() { got = append(got, after) })
				timer.Set(now.Plus(time.Duration(after) * time.Millisecond))
			}
			s.until("five timers", func() bool { return len(got) == 5 })
			s.That(fmt.Sprint(got) == "[1 2 3 4 5]", "%v", got)
		}),
		one("a stopped timer does not fire", func(s *Scene) {
			fired := false
			timer := s.World.Loop.NewTimer(func() { fired = true })
			timer.Set(s.World.Clock.Now().Plus(time.Millisecond))
			timer.Stop()
			s.T.Sleep(5 * time.Millisecond)
			s.That(!fired, "it fired")
		}),
	}
}

// turnCases are about turns.
func turnCases() []Case {
	return []Case{
		one("a timer in the past fires at once", func(s *Scene) {
			fired := false
			s.World.Loop.NewTimer(func() { fired = true }).Set(s.World.Clock.Now())
			s.until("the timer", func() bool { return fired })
		}),
		one("a wait with a deadline", func(s *Scene) {
			var never task.Signal
			before := s.T.Now()
			err := never.Wait(s.T, before.Plus(3*time.Millisecond), "nothing")
			s.Want(err, task.ErrDeadline)
			s.That(s.T.Now() >= before.Plus(3*time.Millisecond), "too early")
		}),
		one("tasks take turns", func(s *Scene) {
			var got []string
			for _, name := range []string{"a", "b", "c"} {
				s.World.Loop.Spawn(name, func(t *task.Task) {
					for range 3 {
						got = append(got, name)
						t.Yield()
					}
				})
			}
			s.until("nine turns", func() bool { return len(got) == 9 })
			s.That(fmt.Sprint(got) == "[a b c a b c a b c]", "%v", got)
		}),
		one("turn-end work runs in every turn", func(s *Scene) {
			ends := 0
			s.World.Loop.AtTurnEnd(func() { ends++ })
			for i := range 10 {
				s.That(ends >= i, "%d turn ends after %d yields", ends, i)
				s.T.Yield()
			}
		}),
		one("a busy task does not stop timers", func(s *Scene) {
			fired := false
			s.World.Loop.NewTimer(func() { fired = true }).Set(s.T.Now().Plus(2 * time.Millisecond))
			limit := s.deadline()
			for !fired {
				s.That(s.T.Now() < limit, "the timer did not fire beside a yielding task")
				s.T.Yield()
			}
		}),
		one("deadlines are taken from a callback's clock", callbackClock),
	}
}

// callbackClock checks that a callback of the network sees the turn's time, not
// that of the turn before a long silence.
func callbackClock(s *Scene) {
	p := s.connect(roomy())
	var at kafka.Instant
	p.server.onFrame = func(env.Conn, []byte) { at = s.World.Clock.Now() }
	s.T.Sleep(30 * time.Millisecond)
	before := s.T.Now()
	send(p.dialled, "x")
	p.server.awaitFrames(1)
	s.That(at >= before, "the callback's clock lags by %v", before.Since(at))
	p.done()
}

// worldCases are about randomness, trace and the shard's own place.
func worldCases() []Case {
	return []Case{
		one("random numbers differ", func(s *Scene) {
			seen := map[uint64]bool{}
			for range 1000 {
				seen[s.World.Random.Uint64()] = true
			}
			s.That(len(seen) == 1000, "%d of 1000 differ", len(seen))
		}),
		one("forked streams differ", func(s *Scene) {
			a, b := s.World.Random.Fork("a"), s.World.Random.Fork("b")
			same := 0
			for range 100 {
				if a.Uint64() == b.Uint64() {
					same++
				}
			}
			s.That(same == 0, "%d of 100 are the same", same)
		}),
		one("trace takes anything", func(s *Scene) {
			s.World.Trace.Event("kind", "subject", 1, -2)
			s.World.Trace.Event("", "", 0, 0)
			s.World.Trace.Sometimes("site", true)
			s.World.Trace.Sometimes("site", false)
		}),
		one("a node of one shard", func(s *Scene) {
			s.That(s.World.Shards.Self() == 0 && s.World.Shards.Count() == 1, "%d of %d",
				s.World.Shards.Self(), s.World.Shards.Count())
		}),
		one("a shard sends to itself", func(s *Scene) {
			var got []string
			s.World.Shards.Receive(func(from int, message any) {
				got = append(got, fmt.Sprintf("%v from %d", message, from))
			})
			s.World.Shards.Send(0, "hello")
			s.World.Shards.Send(0, "again")
			s.That(len(got) == 0, "a message was delivered inside Send")
			s.until("two messages", func() bool { return len(got) == 2 })
			s.That(joined(got) == "hello from 0|again from 0", "%q", got)
		}),
	}
}
