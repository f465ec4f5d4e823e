package broker

import (
	"odradek/core/kafka"
	"odradek/replica"
)

// wait has the fetch look again when one of its partitions moved, or answer
// when its time is over. A partition that moved since it was looked at counts
// at once.
func (f *fetch) wait() {
	s := f.shard
	f.waiting = true
	f.timer.Set(f.deadline)
	f.ticket.session.addWaiting(f)
	for i := range f.legs {
		leg := &f.legs[i]
		switch {
		case len(leg.entries) == 0:
		case i == s.index():
			f.watchHere(leg)
		default:
			f.watchThere(leg, i)
		}
	}
}

func (f *fetch) watchHere(leg *fetchLeg) {
	for _, i := range leg.entries {
		e := &f.entries[i]
		host := leg.host(e)
		if host == nil || host.HighWatermark() != e.outcome.highWatermark {
			f.wake()
			continue
		}
		e.watch.Owner = f
		host.Watch(&e.watch)
	}
}

// Moved implements replica.Watcher.
func (f *fetch) Moved(*replica.Watch) { f.wake() }

// wake puts a waiting fetch on the list of those that look again at the end of
// the turn: once, however many of its partitions moved.
func (f *fetch) wake() {
	if f.waiting && !f.woken {
		f.woken = true
		f.shard.wokenFetches = append(f.shard.wokenFetches, f)
	}
}

// timeIsOver is called by the timer: what is there is sent.
func (f *fetch) timeIsOver() {
	f.over = true
	f.wake()
}

// lookAgainAtWoken is called at the end of every turn.
func (s *Shard) lookAgainAtWoken() {
	for len(s.wokenFetches) > 0 {
		woken := s.wokenFetches
		s.wokenFetches = s.spareFetches[:0]
		for i, f := range woken {
			woken[i] = nil
			f.stopWaiting()
			f.look()
		}
		s.spareFetches = woken[:0]
	}
}

// stopWaiting ends all watches.
func (f *fetch) stopWaiting() {
	f.waiting, f.woken = false, false
	f.timer.Stop()
	f.ticket.session.removeWaiting(f)
	for i := range f.legs {
		leg := &f.legs[i]
		switch {
		case len(leg.entries) == 0:
		case i == f.shard.index():
			for _, n := range leg.entries {
				f.entries[n].watch.Unwatch()
			}
		default:
			f.shard.world.Shards.Send(i, unwatchAway{f.shard.index(), f.number})
		}
	}
	delete(f.shard.watchingAway, f.number)
}

func (s *session) addWaiting(f *fetch) { s.waiting = append(s.waiting, f) }

func (s *session) removeWaiting(f *fetch) {
	for i, other := range s.waiting {
		if other == f {
			last := len(s.waiting) - 1
			s.waiting[i], s.waiting[last] = s.waiting[last], nil
			s.waiting = s.waiting[:last]
			return
		}
	}
}

// watchAway asks another shard to tell when one of its partitions moved. It
// shares no memory with the fetch, so that either may end first.
type watchAway struct {
	origin int
	fetch  uint64
	ids    []kafka.TopicPartition
	// seen are the highWatermarks of the fetch's last look.
	seen []kafka.Offset
}

// unwatchAway takes a watchAway back; one that has told is gone already.
type unwatchAway struct {
	origin int
	fetch  uint64
}

// movedAway tells a fetch, once, that a partition on another shard moved.
type movedAway struct{ fetch uint64 }

// awayWatch is a watchAway on the shard that was asked.
type awayWatch struct {
	shard   *Shard
	origin  int
	fetch   uint64
	watches []replica.Watch
}

func (f *fetch) watchThere(leg *fetchLeg, shard int) {
	s := f.shard
	w := watchAway{origin: s.index(), fetch: f.number}
	for _, i := range leg.entries {
		w.ids = append(w.ids, f.entries[i].id)
		w.seen = append(w.seen, f.entries[i].outcome.highWatermark)
	}
	s.watchingAway[f.number] = f
	s.world.Shards.Send(shard, w)
}

// watchFor does what another shard asked.
func (s *Shard) watchFor(m watchAway) {
	w := &awayWatch{shard: s, origin: m.origin, fetch: m.fetch,
		watches: make([]replica.Watch, len(m.ids))}
	s.awayWatches[unwatchAway{m.origin, m.fetch}] = w
	for i, id := range m.ids {
		host := s.hosts[id]
		if host == nil || host.retired || host.HighWatermark() != m.seen[i] {
			w.Moved(nil)
			return
		}
		w.watches[i].Owner = w
		host.Watch(&w.watches[i])
	}
}

// Moved implements replica.Watcher.
func (w *awayWatch) Moved(*replica.Watch) {
	w.shard.world.Shards.Send(w.origin, movedAway{w.fetch})
	w.shard.unwatchFor(unwatchAway{w.origin, w.fetch})
}

func (s *Shard) unwatchFor(m unwatchAway) {
	w := s.awayWatches[m]
	if w == nil {
		return
	}
	delete(s.awayWatches, m)
	for i := range w.watches {
		w.watches[i].Unwatch()
	}
}

// arriveMoved wakes the fetch that a message is about, if it still waits.
func (s *Shard) arriveMoved(m movedAway) {
	if f := s.watchingAway[m.fetch]; f != nil && f.number == m.fetch {
		f.wake()
	}
}
