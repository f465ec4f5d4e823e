package log

import (
	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/task"
)

// lock keeps the tasks apart that change a log and wait in the middle of it:
// checkpoints, truncation, closing. Appends and reads don't wait and need none.
type lock struct {
	held bool
	free task.Signal
}

func (l *lock) acquire(t *task.Task) {
	for l.held {
		// Without a deadline the wait only ends by a notification.
		_ = l.free.Wait(t, kafka.Never, "another task to be done with the log")
	}
	l.held = true
}

func (l *lock) release() {
	assert.That(l.held, "a lock is released by who holds it")
	l.held = false
	l.free.Notify()
}
