package task

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// runsPerTurnMax bounds how many task switches one Turn makes before it hands
// control back to the world, so that a chatty pair of tasks cannot starve the
// sockets.
const runsPerTurnMax = 4096

// idleTasksMax bounds how many finished coroutines a loop keeps for reuse.
const idleTasksMax = 1024

// Loop is the single-threaded scheduler of one shard. All of its methods are
// called from the thread that drives it, or from tasks on it.
type Loop struct {
	now    kafka.Instant
	ready  queue[*Task]
	later  queue[*Task] // yielded: they run in the next turn
	timers timers
	atEnd  []func()
	live   *Task // oldest first, doubly linked
	newest *Task
	idle   []*Task
	// running is the task that has control, or nil between tasks.
	running *Task
	closing bool
	count   int
	// Observe, when set, is told of every switch to a task, before it runs.
	Observe func(t *Task)
}

// NewLoop makes a loop whose clock starts at now.
func NewLoop(now kafka.Instant) *Loop { return &Loop{now: now} }

// Now is the instant of the current turn. It does not move within a turn.
func (l *Loop) Now() kafka.Instant { return l.now }

// Tasks is the number of tasks that have not finished.
func (l *Loop) Tasks() int { return l.count }

// AtTurnEnd registers fn to run at the end of every turn, after the ready tasks
// have run, for work that is gathered over a turn. It may make tasks ready.
func (l *Loop) AtTurnEnd(fn func()) { l.atEnd = append(l.atEnd, fn) }

// Advance sets the clock for the callbacks that the world is about to make: a
// callback after a long silence must see now, not the time of the last turn.
// No timer fires and no task runs before the Turn that follows.
func (l *Loop) Advance(now kafka.Instant) {
	assert.That(l.running == nil, "the clock does not move inside a task")
	l.now = max(l.now, now)
}

// Turn sets the clock, fires due timers, runs every ready task until it waits,
// then runs the turn-end functions. It reports whether there is more to do at
// once: the world then calls Turn again after a look at its sockets.
//
// The world calls it after every batch of events it delivered.
func (l *Loop) Turn(now kafka.Instant) (more bool) {
	assert.That(l.running == nil, "a turn does not start inside a task")
	if now > l.now {
		l.now = now
	}
	l.timers.fire(l.now)
	l.runReady()
	for _, fn := range l.atEnd {
		fn()
	}
	for l.later.len() > 0 {
		l.ready.push(l.later.pop())
	}
	return l.ready.len() > 0
}

func (l *Loop) runReady() {
	for runs := 0; l.ready.len() > 0 && runs < runsPerTurnMax; runs++ {
		l.resume(l.ready.pop())
	}
}

// NextDeadline is when the next timer is due, kafka.Never when there is none.
// A loop with ready tasks answers its own now.
func (l *Loop) NextDeadline() kafka.Instant {
	if l.ready.len() > 0 {
		return l.now
	}
	return l.timers.next()
}

// Close cancels every task, oldest first, runs their defers and frees their
// coroutines. The loop can't be used afterwards.
func (l *Loop) Close() {
	assert.That(l.running == nil, "a loop is not closed from inside a task")
	l.closing = true
	for l.live != nil {
		t := l.live
		t.cancel()
		for l.ready.len() > 0 {
			l.resume(l.ready.pop())
		}
		for l.later.len() > 0 {
			l.ready.push(l.later.pop())
		}
		if l.live == t && t.state != waiting && l.ready.len() == 0 {
			assert.Unreachable("a cancelled task finishes")
		}
	}
	for _, t := range l.idle {
		t.stop()
	}
	l.idle = nil
	l.atEnd = nil
}

// Stories lists the tasks that have not finished, oldest first, with what each
// waits for: the first thing to read when a loop seems stuck.
func (l *Loop) Stories() []string {
	var lines []string
	for t := l.live; t != nil; t = t.nextLive {
		lines = append(lines, t.Story())
	}
	return lines
}
