package log

import (
	"math"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
)

// batchesKept is how many batches of a producer are remembered: as many as an
// idempotent producer may have in flight, so that each may be sent again.
// Source: KIP-98, ProducerStateEntry.NUM_BATCHES_TO_RETAIN.
const batchesKept = 5

// ProducerSnapshot is what a log knows of one producer.
type ProducerSnapshot struct {
	ID            kafka.ProducerID
	Epoch         kafka.ProducerEpoch
	LastSequence  kafka.Sequence
	LastOffset    kafka.Offset
	LastTimestamp kafka.Timestamp
}

// appendedBatch is one batch of a producer, as far as a duplicate needs it.
type appendedBatch struct {
	lastSequence kafka.Sequence
	lastOffset   kafka.Offset
	offsetDelta  int32
	timestamp    kafka.Timestamp
}

func (a *appendedBatch) baseOffset() kafka.Offset {
	return a.lastOffset - kafka.Offset(a.offsetDelta)
}

func (a *appendedBatch) baseSequence() kafka.Sequence { return a.lastSequence.Plus(-a.offsetDelta) }

// producer is what is remembered of one producer in one log.
type producer struct {
	id            kafka.ProducerID
	epoch         kafka.ProducerEpoch
	lastTimestamp kafka.Timestamp
	// batches holds the last count batches of the epoch, oldest first from
	// first on, as a ring.
	batches [batchesKept]appendedBatch
	first   int8
	count   int8
	// the list of all producers, in the order in which they came
	previous *producer
	next     *producer
}

func (p *producer) batch(i int8) *appendedBatch {
	return &p.batches[(p.first+i)%batchesKept]
}

// last is the newest batch of the epoch, nil if there is none.
func (p *producer) last() *appendedBatch {
	if p.count == 0 {
		return nil
	}
	return p.batch(p.count - 1)
}

// add remembers a batch, forgetting the oldest.
func (p *producer) add(epoch kafka.ProducerEpoch, b appendedBatch) {
	if epoch != p.epoch {
		p.epoch, p.first, p.count = epoch, 0, 0
	}
	if p.count == batchesKept {
		p.first = (p.first + 1) % batchesKept
		p.count--
	}
	p.count++
	*p.last() = b
	p.lastTimestamp = b.timestamp
}

// duplicate returns the remembered batch that has the sequences of b.
func (p *producer) duplicate(b batch.Batch) *appendedBatch {
	if b.ProducerEpoch() != p.epoch {
		return nil
	}
	for i := range p.count {
		known := p.batch(i)
		if known.lastSequence == b.LastSequence() && known.baseSequence() == b.BaseSequence() {
			return known
		}
	}
	return nil
}

// producers is the state that makes producers idempotent: it is what the log's
// batches say, so it is rebuilt from them where it was not saved.
//
// Source: KIP-98, KIP-360; Kafka's ProducerStateManager.
type producers struct {
	byID   map[kafka.ProducerID]*producer
	oldest *producer
	newest *producer
	// cursor is where the next step of expiry begins.
	cursor *producer
}

func (s *producers) len() int { return len(s.byID) }

// check says what becomes of a client's batch: it is a duplicate of a batch
// that was appended before, or refused, or neither, and to be appended.
func (s *producers) check(b batch.Batch) (*appendedBatch, kafka.ErrorCode) {
	p := s.byID[b.ProducerID()]
	if p == nil {
		// Nothing is known: expired, deleted, or new. Any sequence will do.
		return nil, kafka.None
	}
	if known := p.duplicate(b); known != nil {
		return known, kafka.None
	}
	switch {
	case b.ProducerEpoch() < p.epoch:
		return nil, kafka.ErrInvalidProducerEpoch
	case b.ProducerEpoch() > p.epoch:
		if b.BaseSequence() != 0 {
			return nil, kafka.ErrOutOfOrderSequenceNumber
		}
		return nil, kafka.None
	}
	last := p.last()
	if last == nil {
		// The epoch is known without a batch: its first sequence is 0.
		if b.BaseSequence() != 0 {
			return nil, kafka.ErrOutOfOrderSequenceNumber
		}
		return nil, kafka.None
	}
	if b.BaseSequence() != last.lastSequence.Plus(1) {
		return nil, kafka.ErrOutOfOrderSequenceNumber
	}
	return nil, kafka.None
}

// apply takes note of a batch that is in the log.
func (s *producers) apply(b batch.Batch) {
	if b.ProducerID() < 0 || b.IsControl() {
		// Control batches end transactions; there are none yet.
		return
	}
	p := s.get(b.ProducerID())
	p.add(b.ProducerEpoch(), appendedBatch{
		lastSequence: b.LastSequence(),
		lastOffset:   b.LastOffset(),
		offsetDelta:  b.LastOffsetDelta(),
		timestamp:    b.MaxTimestamp(),
	})
}

// get returns a producer's entry, making one for a new producer.
func (s *producers) get(id kafka.ProducerID) *producer {
	if p := s.byID[id]; p != nil {
		return p
	}
	if s.byID == nil {
		s.byID = map[kafka.ProducerID]*producer{}
	}
	p := &producer{id: id, epoch: kafka.NoProducerEpoch, lastTimestamp: kafka.NoTimestamp}
	s.byID[id] = p
	p.previous = s.newest
	if s.newest != nil {
		s.newest.next = p
	} else {
		s.oldest = p
	}
	s.newest = p
	return p
}

func (s *producers) remove(p *producer) {
	delete(s.byID, p.id)
	if p.previous != nil {
		p.previous.next = p.next
	} else {
		s.oldest = p.next
	}
	if p.next != nil {
		p.next.previous = p.previous
	} else {
		s.newest = p.previous
	}
	if s.cursor == p {
		s.cursor = p.next
	}
}

// clear forgets everybody.
func (s *producers) clear() { *s = producers{} }

// expireStep looks at up to max producers, where the last step ended, and
// forgets those whose last batch is older than expirationMs by its own
// timestamp. It reports whether the round is not yet over.
func (s *producers) expireStep(now kafka.Timestamp, expirationMs int64, max int) (more bool) {
	if s.cursor == nil {
		s.cursor = s.oldest
	}
	for range max {
		p := s.cursor
		if p == nil {
			return false
		}
		s.cursor = p.next
		if int64(now)-int64(p.lastTimestamp) >= expirationMs {
			s.remove(p)
		}
	}
	return s.cursor != nil
}

// snapshots lists the producers in the order in which they came.
func (s *producers) snapshots() []ProducerSnapshot {
	list := make([]ProducerSnapshot, 0, s.len())
	for p := s.oldest; p != nil; p = p.next {
		one := ProducerSnapshot{
			ID: p.id, Epoch: p.epoch, LastTimestamp: p.lastTimestamp,
			LastSequence: kafka.NoSequence, LastOffset: kafka.NoOffset,
		}
		if last := p.last(); last != nil {
			one.LastSequence, one.LastOffset = last.lastSequence, last.lastOffset
		}
		list = append(list, one)
	}
	assert.That(len(list) <= math.MaxInt32, "producers are counted by an int32 in snapshots")
	return list
}
