package task

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Future is a value that comes later, once.
type Future[T any] struct {
	signal Signal
	done   bool
	value  T
	err    error
}

// Resolve gives the value, or the error, and wakes who awaits it. It is called
// exactly once.
func (f *Future[T]) Resolve(value T, err error) {
	assert.That(!f.done, "a future is resolved once")
	f.done, f.value, f.err = true, value, err
	f.signal.Broadcast()
}

// Done reports whether the future was resolved.
func (f *Future[T]) Done() bool { return f.done }

// Await waits for the value; it returns ErrDeadline if the deadline
// (kafka.Never for none) passes first.
func (f *Future[T]) Await(t *Task, deadline kafka.Instant, reason string) (T, error) {
	for !f.done {
		if err := f.signal.Wait(t, deadline, reason); err != nil {
			var none T
			return none, err
		}
	}
	return f.value, f.err
}
