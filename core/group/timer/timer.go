package timer

import (
	"cmp"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/order"
)

// Timer is one thing that may come due. Its owner keeps it and knows by its address
// what it is for. It must not be copied once it was set.
type Timer struct {
	// Group and Member say whom it is about; Member is empty for a timer of the group.
	Group, Member string
	// due is the deadline while set is true.
	due kafka.Instant
	set bool
	// place is where it stands in the heap while placed is true. Invariant: set implies
	// placed and place <= due.
	place  kafka.Instant
	placed bool
}

// Set reports whether the timer runs.
func (t *Timer) Set() bool { return t.set }

// Due is the deadline of a timer that runs.
func (t *Timer) Due() kafka.Instant {
	assert.That(t.set, "only a timer that runs has a deadline")
	return t.due
}

// Queue is the timers of a coordinator. The zero value is not usable: see NewQueue.
type Queue struct {
	heap *order.Heap[place]
}

// place is one entry of the heap. A timer may have left some behind.
type place struct {
	at    kafka.Instant
	timer *Timer
}

// NewQueue makes a queue without timers.
func NewQueue() *Queue {
	return &Queue{order.NewHeap(func(a, b place) int { return cmp.Compare(a.at, b.at) })}
}

// Start lets a timer come due at an instant, instead of when it would have.
func (q *Queue) Start(t *Timer, due kafka.Instant) {
	t.due, t.set = due, true
	if !t.placed || due < t.place {
		q.put(t)
	}
}

// Stop lets a timer not come due.
func (q *Queue) Stop(t *Timer) { t.set = false }

// Next is the earliest deadline, kafka.Never when no timer runs.
func (q *Queue) Next() kafka.Instant {
	q.settle()
	if first, ok := q.heap.Peek(); ok {
		return first.at
	}
	return kafka.Never
}

// Take stops the timer that is due first and returns it, nil when none is due by now.
// Timers that are due at the same instant come in the order they were started.
func (q *Queue) Take(now kafka.Instant) *Timer {
	q.settle()
	first, ok := q.heap.Peek()
	if !ok || first.at > now {
		return nil
	}
	q.heap.Pop()
	first.timer.placed, first.timer.set = false, false
	return first.timer
}

// put gives a timer its place in the heap.
func (q *Queue) put(t *Timer) {
	t.place, t.placed = t.due, true
	q.heap.Push(place{t.due, t})
}

// settle makes the top of the heap a place of a timer that runs and is due then.
func (q *Queue) settle() {
	for {
		first, ok := q.heap.Peek()
		if !ok {
			return
		}
		t := first.timer
		counts := t.placed && t.place == first.at
		if counts && t.set && t.due == first.at {
			return
		}
		q.heap.Pop()
		if !counts {
			continue
		}
		t.placed = false
		if t.set {
			q.put(t)
		}
	}
}
