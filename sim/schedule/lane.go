package schedule

import (
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Notice is something a lane's program is told.
type Notice interface {
	// Deliver is called on the lane, between tasks. It must not wait.
	Deliver()
}

// Lane is one shard's thread: a task.Loop and what is posted to it.
type Lane struct {
	// Name is "node/shard".
	Name string
	// Loop is the lane's own; the scheduler turns it.
	Loop *task.Loop
	// AfterTurn functions run after each turn of the loop, as the last thing a
	// thread does before it sleeps: the network sends there.
	AfterTurn []func()
	// TurnCost is how long a turn keeps the lane busy.
	TurnCost time.Duration

	scheduler *Scheduler
	number    int32
	base      kafka.Instant
	wake      *Event
	inbox     []Notice
	spare     []Notice
	busyUntil kafka.Instant
	stalls    int
	state     laneState
	onDoom    func()
}

type laneState uint8

const (
	alive laneState = iota
	// doomed: the program is to be ended as soon as its turn is over; what it
	// still does has no effect.
	doomed
	dead
)

// turnCostMin keeps time moving when a loop always has more to do.
const turnCostMin = time.Microsecond

// NewLane makes a lane whose own clock begins at start, which is any number: a
// program must not take an instant of one run of a node for one of another.
func (s *Scheduler) NewLane(name string, start kafka.Instant, cost time.Duration) *Lane {
	l := &Lane{
		Name: name, Loop: task.NewLoop(start), TurnCost: max(cost, turnCostMin),
		scheduler: s, number: int32(len(s.lanes)), base: start - s.now,
	}
	l.wake = NewEvent(Wake, l, l)
	s.lanes = append(s.lanes, l)
	return l
}

func (l *Lane) id() int32 {
	if l == nil {
		return -1
	}
	return l.number
}

// Number counts the lanes of a run from 0.
func (l *Lane) Number() int { return int(l.number) }

// Scheduler is the lane's scheduler.
func (l *Lane) Scheduler() *Scheduler { return l.scheduler }

// Gone reports whether the lane's program has ended, or is about to: what it
// asks for has no effect any more.
func (l *Lane) Gone() bool { return l.state != alive }

// Dead reports whether the lane was killed.
func (l *Lane) Dead() bool { return l.state == dead }

// Running reports whether the lane's program runs just now.
func (l *Lane) Running() bool { return l.scheduler.running == l }

// World turns an instant of the lane's own clock into the scheduler's time.
func (l *Lane) World(local kafka.Instant) kafka.Instant {
	if local == kafka.Never {
		return kafka.Never
	}
	return local - l.base
}

// Post hands a notice to the lane's program: at once when the lane is idle.
func (l *Lane) Post(n Notice) {
	if l.Gone() {
		return
	}
	l.inbox = append(l.inbox, n)
	if l.scheduler.running == l || l.stalls > 0 {
		return // its turn ends with a look at the inbox; Resume looks too
	}
	if l.scheduler.running == nil && l.busyUntil <= l.scheduler.now {
		l.turn()
		return
	}
	l.rearm(false)
}

// Kick has the lane turn soon although nothing was posted: for a loop that got
// tasks from outside.
func (l *Lane) Kick() {
	if !l.Gone() {
		l.scheduler.Set(l.wake, max(l.busyUntil, l.scheduler.now))
	}
}

// Act is the lane's wake-up.
func (l *Lane) Act(*Event) {
	if l.Gone() || l.stalls > 0 {
		return
	}
	l.turn()
}

// Doom ends the program at the end of its present turn, or at once if none
// runs: end is then called, which kills the lanes of the node.
func (l *Lane) Doom(end func()) {
	if l.Gone() {
		return
	}
	if !l.Running() {
		end()
		return
	}
	l.state = doomed
	l.onDoom = end
}

// Kill ends the program: its tasks unwind and it hears nothing any more. It is
// not called while any lane runs.
func (l *Lane) Kill() {
	if l.state == dead {
		return
	}
	assert.That(l.scheduler.running == nil, "a lane is not killed from inside one")
	l.state = dead
	l.scheduler.Unset(l.wake)
	l.inbox, l.spare, l.AfterTurn = nil, nil, nil
	l.Loop.Close()
}

// Stall stops the lane until as many calls of Resume.
func (l *Lane) Stall() {
	l.stalls++
	l.scheduler.Unset(l.wake)
}

// Resume undoes a Stall.
func (l *Lane) Resume() {
	assert.That(l.stalls > 0, "only a stalled lane resumes")
	l.stalls--
	if l.stalls == 0 && !l.Gone() {
		l.rearm(true)
	}
}

// Busy keeps the lane from running until an instant: it waits for a device.
func (l *Lane) Busy(until kafka.Instant) { l.busyUntil = max(l.busyUntil, until) }

func (l *Lane) turn() {
	s := l.scheduler
	s.running = l
	now := s.now + l.base
	l.Loop.Advance(now)
	l.drain()
	more := l.Loop.Turn(now)
	for _, fn := range l.AfterTurn {
		fn()
	}
	s.running = nil
	if l.state == doomed {
		end := l.onDoom
		l.onDoom = nil
		end()
		return
	}
	l.busyUntil = max(l.busyUntil, s.now.Plus(l.TurnCost))
	l.rearm(more)
}

// drain hands over what was posted before the turn; what the notices post is
// for the next one.
func (l *Lane) drain() {
	batch := l.inbox
	l.inbox = l.spare[:0]
	for i, n := range batch {
		batch[i] = nil
		if !l.Gone() {
			n.Deliver()
		}
	}
	l.spare = batch[:0]
}

// rearm sets the wake-up to the next thing the lane has to do.
func (l *Lane) rearm(more bool) {
	if l.stalls > 0 {
		return
	}
	s := l.scheduler
	next := l.World(l.Loop.NextDeadline())
	if more || len(l.inbox) > 0 {
		next = s.now
	}
	if next == kafka.Never {
		s.Unset(l.wake)
		return
	}
	s.Set(l.wake, max(next, l.busyUntil, s.now))
}

// Recover is called after a panic inside a turn. It reports whether the panic
// came from a program that was to be ended anyway, whose last words don't count.
func (s *Scheduler) Recover() (lane *Lane, wasDoomed bool) {
	lane = s.running
	s.running = nil
	return lane, lane != nil && lane.state == doomed
}

// FinishDoom ends a doomed lane whose turn was broken off by a panic.
func (l *Lane) FinishDoom() {
	if end := l.onDoom; l.state == doomed && end != nil {
		l.onDoom = nil
		end()
	}
}

// Lanes are all lanes of the run, dead ones too, in the order they were made.
func (s *Scheduler) Lanes() []*Lane { return s.lanes }
