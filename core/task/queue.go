package task

import "odradek/core/kafka"

// Queue hands values from one task to another in order. It has no limit of its
// own: whoever puts must have one.
type Queue[T any] struct {
	items  queue[T]
	signal Signal
}

// Put appends a value and wakes one taker.
func (q *Queue[T]) Put(value T) {
	q.items.push(value)
	q.signal.Notify()
}

// Len is the number of values not yet taken.
func (q *Queue[T]) Len() int { return q.items.len() }

// Take waits for the next value; ErrDeadline if the deadline passes first.
func (q *Queue[T]) Take(t *Task, deadline kafka.Instant, reason string) (T, error) {
	for q.items.len() == 0 {
		if err := q.signal.Wait(t, deadline, reason); err != nil {
			var none T
			return none, err
		}
	}
	return q.items.pop(), nil
}

// queue is a growing ring.
type queue[T any] struct {
	ring  []T
	first int
	count int
}

func (q *queue[T]) len() int { return q.count }

func (q *queue[T]) push(value T) {
	if q.count == len(q.ring) {
		grown := make([]T, max(8, 2*len(q.ring)))
		for i := range q.count {
			grown[i] = q.ring[(q.first+i)%len(q.ring)]
		}
		q.ring, q.first = grown, 0
	}
	q.ring[(q.first+q.count)&(len(q.ring)-1)] = value
	q.count++
}

func (q *queue[T]) pop() T {
	var none T
	value := q.ring[q.first]
	q.ring[q.first] = none
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.count--
	return value
}
