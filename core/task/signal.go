package task

import "odradek/core/kafka"

// Signal is a place where tasks wait for a state to change. It remembers
// nothing: check the state, wait, check again.
type Signal struct {
	first *Task
	last  *Task
}

// Wait waits until Notify or Broadcast picks the task, or the deadline
// (kafka.Never for none) passes, which returns ErrDeadline. The reason
// completes "waits for ..." in stories.
func (s *Signal) Wait(t *Task, deadline kafka.Instant, reason string) error {
	t.checkUnwinding()
	if deadline <= t.loop.now {
		return ErrDeadline
	}
	t.place = s
	t.prevWait, t.nextWait = s.last, nil
	if s.last != nil {
		s.last.nextWait = t
	} else {
		s.first = t
	}
	s.last = t
	t.waitsFor = reason
	if !t.park(deadline) {
		return ErrDeadline
	}
	return nil
}

// Notify wakes the task that has waited longest, if any.
func (s *Signal) Notify() {
	if s.first != nil {
		s.first.wake()
	}
}

// Broadcast wakes every task that waits now, in the order in which they came.
func (s *Signal) Broadcast() {
	for s.first != nil {
		s.first.wake()
	}
}

// Waiting reports whether any task waits here.
func (s *Signal) Waiting() bool { return s.first != nil }

func (t *Task) leavePlace() {
	s := t.place
	if s == nil {
		return
	}
	if t.prevWait != nil {
		t.prevWait.nextWait = t.nextWait
	} else {
		s.first = t.nextWait
	}
	if t.nextWait != nil {
		t.nextWait.prevWait = t.prevWait
	} else {
		s.last = t.prevWait
	}
	t.place, t.prevWait, t.nextWait = nil, nil, nil
}
