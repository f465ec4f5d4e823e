package schedule

import (
	"cmp"
	"slices"
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/sim/trace"
)

// Actor is what an event happens to.
type Actor interface {
	// Act is called when the event is due. The event is reused after it.
	Act(e *Event)
}

// Event is something that will happen. Its fields A and B belong to the actor,
// and go into the hash of the run.
type Event struct {
	Kind  Kind
	A, B  uint64
	actor Actor
	who   int32 // for the hash: the lane it is about, or -1
	seq   uint64
	at    kafka.Instant
	index int32 // in the heap, -1 when it isn't
	own   bool  // belongs to its actor, is never pooled
	next  *Event
}

// At is when the event is due; kafka.Never when it is not set.
func (e *Event) At() kafka.Instant {
	if e.index < 0 {
		return kafka.Never
	}
	return e.at
}

// Pending reports whether the event is in the heap.
func (e *Event) Pending() bool { return e.index >= 0 }

// NewEvent makes an event that its actor keeps and sets again and again.
func NewEvent(kind Kind, actor Actor, who *Lane) *Event {
	return &Event{Kind: kind, actor: actor, who: who.id(), index: -1, own: true}
}

// Scheduler is the heap of events and the time.
type Scheduler struct {
	// Trace takes in every event.
	Trace   *trace.Trace
	now     kafka.Instant
	seq     uint64
	heap    []slot
	free    *Event
	lanes   []*Lane
	running *Lane
}

// slot keeps an event's order beside it, so that comparing touches one line of
// memory.
type slot struct {
	at    kafka.Instant
	seq   uint64
	event *Event
}

// New makes a scheduler at time zero.
func New(seed uint64) *Scheduler {
	s := &Scheduler{}
	s.Trace = trace.New(seed, s.nameEvent)
	return s
}

// Now is the time of the event that happens now.
func (s *Scheduler) Now() kafka.Instant { return s.now }

// Pending is how many events are waiting.
func (s *Scheduler) Pending() int { return len(s.heap) }

// Next is when the next event is due, kafka.Never when there is none.
func (s *Scheduler) Next() kafka.Instant {
	if len(s.heap) == 0 {
		return kafka.Never
	}
	return s.heap[0].at
}

// Advance moves the time to an instant before which nothing is due.
func (s *Scheduler) Advance(to kafka.Instant) {
	assert.That(s.Next() >= to, "time does not pass over an event")
	s.now = max(s.now, to)
}

// After makes an event that is due in d. Who is the lane it is about, or nil.
func (s *Scheduler) After(d time.Duration, kind Kind, actor Actor, who *Lane, a, b uint64) {
	s.At(s.now.Plus(max(0, d)), kind, actor, who, a, b)
}

// At makes an event that is due at an instant, not before now.
func (s *Scheduler) At(at kafka.Instant, kind Kind, actor Actor, who *Lane, a, b uint64) {
	e := s.free
	if e == nil {
		e = &Event{index: -1}
	} else {
		s.free = e.next
		e.next = nil
	}
	e.Kind, e.actor, e.who, e.A, e.B = kind, actor, who.id(), a, b
	s.push(e, at)
}

// Set arms an event made by NewEvent, replacing an earlier setting.
func (s *Scheduler) Set(e *Event, at kafka.Instant) {
	assert.That(e.own, "only an actor's own event can be set")
	if e.index >= 0 {
		if e.at == at {
			return
		}
		s.remove(e)
	}
	s.push(e, at)
}

// Hasten has the pending events of some actors happen now, in the order in which
// they were due.
func (s *Scheduler) Hasten(concerns func(actor Actor) bool) {
	var chosen []slot
	for _, x := range s.heap {
		if concerns(x.event.actor) {
			chosen = append(chosen, x)
		}
	}
	slices.SortFunc(chosen, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
	})
	for _, x := range chosen {
		s.remove(x.event)
		s.push(x.event, s.now)
	}
}

// Unset disarms an event made by NewEvent.
func (s *Scheduler) Unset(e *Event) {
	if e.index >= 0 {
		s.remove(e)
	}
}

// Step lets the next event happen. It returns false when there is none.
func (s *Scheduler) Step() bool {
	if len(s.heap) == 0 {
		return false
	}
	e := s.heap[0].event
	s.remove(e)
	s.now = e.at
	s.Trace.Event(e.at, uint16(e.Kind), e.who, e.A, e.B)
	actor := e.actor
	actor.Act(e)
	if !e.own {
		e.actor = nil
		e.next = s.free
		s.free = e
	}
	return true
}

func (s *Scheduler) push(e *Event, at kafka.Instant) {
	e.at = max(at, s.now)
	s.seq++
	e.seq = s.seq
	s.heap = append(s.heap, slot{})
	s.up(len(s.heap)-1, slot{e.at, e.seq, e})
}

func (s *Scheduler) remove(e *Event) {
	i, last := int(e.index), len(s.heap)-1
	assert.That(s.heap[i].event == e, "an event knows its place in the heap")
	moved := s.heap[last]
	s.heap[last] = slot{}
	s.heap = s.heap[:last]
	e.index = -1
	if i == last {
		return
	}
	if i > 0 && before(moved, s.heap[(i-1)/4]) {
		s.up(i, moved)
	} else {
		s.down(i, moved)
	}
}

func before(a, b slot) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// up moves the hole at i towards the root until x fits.
func (s *Scheduler) up(i int, x slot) {
	for i > 0 {
		parent := (i - 1) / 4
		if !before(x, s.heap[parent]) {
			break
		}
		s.place(i, s.heap[parent])
		i = parent
	}
	s.place(i, x)
}

// down moves the hole at i towards the leaves until x fits.
func (s *Scheduler) down(i int, x slot) {
	for {
		child := 4*i + 1
		if child >= len(s.heap) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(s.heap)); c++ {
			if before(s.heap[c], s.heap[least]) {
				least = c
			}
		}
		if !before(s.heap[least], x) {
			break
		}
		s.place(i, s.heap[least])
		i = least
	}
	s.place(i, x)
}

func (s *Scheduler) place(i int, x slot) {
	s.heap[i] = x
	x.event.index = int32(i)
}

func (s *Scheduler) nameEvent(kind uint16, lane int32) string {
	name := Kind(kind).String()
	if lane >= 0 {
		name += " of " + s.lanes[lane].Name
	}
	return name
}
