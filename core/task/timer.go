package task

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Timer calls a function on the loop at an instant. It is not a task: the
// function must not wait.
type Timer struct {
	loop *Loop
	fire func()
	at   kafka.Instant
	seq  uint64
	// index is the timer's place in the heap, -1 when it is not set.
	index int
}

// NewTimer makes a timer, not yet set.
func (l *Loop) NewTimer(fire func()) *Timer {
	return &Timer{loop: l, fire: fire, index: -1}
}

// Set arms the timer for an instant, replacing an earlier setting.
func (t *Timer) Set(at kafka.Instant) {
	t.Stop()
	t.at = at
	t.loop.timers.add(t)
}

// Stop disarms the timer.
func (t *Timer) Stop() {
	if t.index >= 0 {
		t.loop.timers.remove(t)
	}
}

// timers is a 4-ary heap ordered by (at, seq): equal instants fire in the order
// in which they were set.
type timers struct {
	heap []*Timer
	seq  uint64
}

func (h *timers) next() kafka.Instant {
	if len(h.heap) == 0 {
		return kafka.Never
	}
	return h.heap[0].at
}

// fire runs every timer that is due. A timer set by one of them for the same
// instant fires too.
func (h *timers) fire(now kafka.Instant) {
	for len(h.heap) > 0 && h.heap[0].at <= now {
		t := h.heap[0]
		h.remove(t)
		t.fire()
	}
}

func (h *timers) add(t *Timer) {
	assert.That(t.index == -1, "a timer is in the heap once")
	h.seq++
	t.seq = h.seq
	h.heap = append(h.heap, t)
	t.index = len(h.heap) - 1
	h.up(t.index)
}

func (h *timers) remove(t *Timer) {
	i, last := t.index, len(h.heap)-1
	assert.That(h.heap[i] == t, "a timer knows its place")
	h.swap(i, last)
	h.heap[last] = nil
	h.heap = h.heap[:last]
	t.index = -1
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h *timers) less(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (h *timers) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].index, h.heap[j].index = i, j
}

func (h *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 4
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *timers) down(i int) {
	for {
		least := i
		for child := 4*i + 1; child <= 4*i+4 && child < len(h.heap); child++ {
			if h.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}
