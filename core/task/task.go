package task

import (
	"errors"
	"fmt"
	"iter"
	//tidy:allow banned-import the story of a panic needs the task's own stack
	"runtime/debug"
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// ErrDeadline is returned by a wait whose deadline passed first.
var ErrDeadline = errors.New("the deadline passed")

type state uint8

const (
	finished state = iota // on the idle list, or never started
	ready
	running
	waiting
)

// Task is a coroutine on a loop. It is handed to the function it runs, which
// passes it down to everything that may wait: a function with a *Task among its
// parameters is one that waits.
type Task struct {
	loop  *Loop
	name  string
	since kafka.Instant
	fn    func(*Task)
	state state
	// unwinding is set by cancel: every wait then panics with unwind, so that
	// defers run and nothing else does.
	unwinding bool
	// generation rises when the coroutine is given a new function, so that a
	// Handle of the old one does nothing.
	generation uint64
	failure    *Failure

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool

	// what the task waits for
	waitsFor string
	timer    Timer
	timedOut bool
	place    *Signal
	prevWait *Task
	nextWait *Task

	prevLive *Task
	nextLive *Task
}

// Handle names one run of a task and stays harmless after its end.
type Handle struct {
	task       *Task
	generation uint64
}

// Spawn makes a task that runs fn, beginning in this turn or the next. The name
// is for people: a constant, or built from what the task is about.
func (l *Loop) Spawn(name string, fn func(*Task)) Handle {
	if l.closing {
		return Handle{} // the defers of unwound tasks may get here
	}
	t := l.take()
	t.name, t.fn, t.since = name, fn, l.now
	t.generation++
	t.unwinding = false
	t.prevLive, t.nextLive = l.newest, nil
	if l.newest != nil {
		l.newest.nextLive = t
	} else {
		l.live = t
	}
	l.newest = t
	l.count++
	t.makeReady()
	return Handle{t, t.generation}
}

// Cancel unwinds the task: its present or next wait does not return, its defers
// run. A task that has finished is left alone.
func (h Handle) Cancel() {
	if h.Alive() {
		h.task.cancel()
	}
}

// Alive reports whether the task has not finished.
func (h Handle) Alive() bool {
	return h.task != nil && h.task.generation == h.generation && h.task.state != finished
}

// Name is what the task was spawned as.
func (t *Task) Name() string { return t.name }

// Loop is the loop the task runs on.
func (t *Task) Loop() *Loop { return t.loop }

// Now is the instant of the current turn.
func (t *Task) Now() kafka.Instant { return t.loop.now }

// Sleep waits until d has passed. A duration of zero or less yields.
func (t *Task) Sleep(d time.Duration) {
	if d <= 0 {
		t.Yield()
		return
	}
	t.SleepUntil(t.loop.now.Plus(d))
}

// SleepUntil waits for an instant.
func (t *Task) SleepUntil(at kafka.Instant) {
	if at <= t.loop.now {
		t.Yield()
		return
	}
	t.waitsFor = "a sleep"
	t.park(at)
}

// Yield lets the other tasks and the world's events have a turn: for long work
// that is cut into bounded steps.
func (t *Task) Yield() {
	t.checkUnwinding()
	t.state = ready
	t.loop.later.push(t)
	t.waitsFor = "its next turn"
	t.switchOut()
}

// Story is one line about the task for a person.
func (t *Task) Story() string {
	at := "is ready"
	switch t.state {
	case waiting:
		at = "waits for " + t.waitsFor
	case running:
		at = "runs"
	case finished:
		at = "has finished"
	}
	return fmt.Sprintf("%s, for %v, %s", t.name, t.loop.now.Since(t.since), at)
}

// park waits for makeReady or the deadline; it reports which.
func (t *Task) park(deadline kafka.Instant) (inTime bool) {
	t.checkUnwinding()
	assert.That(t.loop.running == t, "a task waits on its own behalf")
	t.timedOut = false
	if deadline != kafka.Never {
		t.timer.Set(deadline)
	}
	t.state = waiting
	t.switchOut()
	return !t.timedOut
}

func (t *Task) switchOut() {
	alive := t.yield(struct{}{})
	if !alive || t.unwinding {
		t.unwinding = true
		panic(unwind{})
	}
}

func (t *Task) checkUnwinding() {
	if t.unwinding {
		panic(unwind{})
	}
}

// unwind is what a cancelled task's waits panic with; the root recovers it.
type unwind struct{}

func (t *Task) makeReady() {
	assert.That(t.state != ready && t.state != running, "only a waiting or new task becomes ready")
	t.state = ready
	t.loop.ready.push(t)
}

// wake ends a wait that is not a time-out.
func (t *Task) wake() {
	t.timer.Stop()
	t.leavePlace()
	t.makeReady()
}

func (t *Task) deadlinePassed() {
	t.timedOut = true
	t.leavePlace()
	t.makeReady()
}

func (t *Task) cancel() {
	t.unwinding = true
	if t.state == waiting {
		t.wake()
	}
}

// resume gives control to t until it waits or finishes.
func (l *Loop) resume(t *Task) {
	assert.That(t.state == ready, "only a ready task is resumed")
	if l.Observe != nil {
		l.Observe(t)
	}
	t.state = running
	l.running = t
	t.next()
	l.running = nil
	if t.failure != nil {
		t.state = finished
		l.unlist(t) // its coroutine is over, so the loop can still be closed
		panic(t.failure)
	}
	if t.state == running {
		l.finish(t)
	}
}

func (l *Loop) finish(t *Task) {
	t.state = finished
	t.fn = nil
	l.unlist(t)
	if len(l.idle) < idleTasksMax {
		l.idle = append(l.idle, t)
	} else {
		t.stop()
	}
}

// unlist takes a task that is over out of the loop's list.
func (l *Loop) unlist(t *Task) {
	if t.prevLive != nil {
		t.prevLive.nextLive = t.nextLive
	} else {
		l.live = t.nextLive
	}
	if t.nextLive != nil {
		t.nextLive.prevLive = t.prevLive
	} else {
		l.newest = t.prevLive
	}
	t.prevLive, t.nextLive = nil, nil
	l.count--
}

// take returns an idle coroutine, or makes one.
func (l *Loop) take() *Task {
	if n := len(l.idle); n > 0 {
		t := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return t
	}
	t := &Task{loop: l}
	t.timer = Timer{loop: l, index: -1, fire: t.deadlinePassed}
	t.next, t.stop = iter.Pull(t.serve)
	return t
}

// serve is the coroutine's body: it runs one function after another, and
// between two of them waits on the idle list.
func (t *Task) serve(yield func(struct{}) bool) {
	t.yield = yield
	for {
		t.run()
		if t.failure != nil || !yield(struct{}{}) {
			return
		}
	}
}

// run calls the task's function and turns a panic into a Failure with a story.
func (t *Task) run() {
	defer func() {
		r := recover()
		if _, ok := r.(unwind); r == nil || ok {
			return
		}
		t.failure = &Failure{Task: t.name, Since: t.since, Now: t.loop.now, Value: r,
			Stack: debug.Stack()}
	}()
	if !t.unwinding {
		t.fn(t)
	}
}

// Failure is what Loop.Turn panics with when a task panicked.
type Failure struct {
	Task  string
	Since kafka.Instant
	Now   kafka.Instant
	// Value is what the task panicked with.
	Value any
	// Stack is the task's own stack at the panic.
	Stack []byte
}

// Error tells the story: which task, since when, what happened, and where.
func (f *Failure) Error() string {
	return fmt.Sprintf("task %q, begun %v ago, panicked: %v\n%s",
		f.Task, f.Now.Since(f.Since), f.Value, f.Stack)
}

// Unwrap gives the panic's value when it was an error.
func (f *Failure) Unwrap() error {
	err, _ := f.Value.(error)
	return err
}
