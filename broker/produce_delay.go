package broker

import (
	"odradek/core/kafka"
	"odradek/core/task"
)

// delayedEntry is an entry of a Produce request that waits for room in the
// journal. While one waits, every later append of the shard waits behind it, so
// that the order of appends stays the order of requests.
//
// How many can wait is bounded by what connections may have in flight.
type delayedEntry struct {
	leg   *produceLeg
	entry int
}

// delayProduce puts an entry behind those that wait, and sees to it that
// somebody waits for room.
func (s *Shard) delayProduce(leg *produceLeg, entry int) {
	leg.waiting++
	s.delayed = append(s.delayed, delayedEntry{leg, entry})
	if len(s.delayed) == 1 {
		s.world.Loop.Spawn("produce when the journal has room", s.appendDelayed)
	}
}

// appendDelayed appends what waits, in order, as room comes.
func (s *Shard) appendDelayed(t *task.Task) {
	s.world.Trace.Sometimes("produce waits for room in the journal", true)
	for len(s.delayed) > 0 {
		d := s.delayed[0]
		e := &d.leg.produce.entries[d.entry]
		for done := false; !done; done = d.leg.appendEntry(s, d.entry) {
			// An error is the journal's failure, which the append then answers.
			_ = s.journal.AwaitReady(t, max(len(e.records), e.roomWanted), kafka.Never)
		}
		// Only now: while the entry is listed, later ones wait behind it.
		s.delayed[0] = delayedEntry{}
		s.delayed = s.delayed[1:]
		d.leg.entryIsDone()
	}
	s.delayed = nil
}
