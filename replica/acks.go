package replica

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// AckWaiter is told that what it appended is acknowledged, or never will be.
type AckWaiter interface {
	// Acknowledged: the highWatermark reached the offset waited for.
	Acknowledged(tag int)
	// Abandoned: the partition left this broker first.
	Abandoned(tag int)
}

type ack struct {
	offset kafka.Offset
	waiter AckWaiter
	tag    int
}

// ackQueue is a ring of acknowledgements that are owed. Invariant: offsets rise
// from first to last, because appends do; a duplicate's wait for an older
// offset is put in its place.
type ackQueue struct {
	ring  []ack
	first int
	count int
}

func (q *ackQueue) at(i int) *ack { return &q.ring[(q.first+i)&(len(q.ring)-1)] }

func (q *ackQueue) push(a ack) {
	if q.count == len(q.ring) {
		grown := make([]ack, max(8, 2*len(q.ring)))
		for i := range q.count {
			grown[i] = *q.at(i)
		}
		q.ring, q.first = grown, 0
	}
	i := q.count
	q.count++
	for ; i > 0 && q.at(i-1).offset > a.offset; i-- {
		*q.at(i) = *q.at(i - 1)
	}
	*q.at(i) = a
}

func (q *ackQueue) pop() ack {
	a := *q.at(0)
	*q.at(0) = ack{}
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.count--
	return a
}

// release tells every waiter whose offset the highWatermark has reached.
func (q *ackQueue) release(highWatermark kafka.Offset) {
	for q.count > 0 && q.at(0).offset <= highWatermark {
		a := q.pop()
		assert.That(q.count == 0 || q.at(0).offset >= a.offset, "acknowledgements are in order")
		a.waiter.Acknowledged(a.tag)
	}
}

func (q *ackQueue) abandon() {
	for q.count > 0 {
		a := q.pop()
		a.waiter.Abandoned(a.tag)
	}
}
