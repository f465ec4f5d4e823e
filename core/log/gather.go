package log

import (
	"fmt"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
)

// Handing a small batch to the kernel costs several times what copying it does.
// So the small batches of a turn are copied to one place, one behind the other,
// and at the turn's end each segment's are written with one call:
//
//	arena      | a | b | b | a | c | b |          what came in this turn
//	           +---+-------+---+---+---+
//	segment a    1           2                    its spans, in order
//	segment b        1               2
//
// Nothing of this shows: who reads a segment has it written first, and room for
// the batches is taken before they are accepted, so that a full disk refuses an
// append and never a batch that was accepted.
const (
	// gatheredBytesMax is the size of the arena: some more than a turn brings,
	// and little enough to stay in the second-level cache.
	gatheredBytesMax = 256 << 10
	// gatheredBatchMax is the largest batch that is gathered: copying a larger
	// one twice costs more than the call it saves.
	gatheredBatchMax = 4 << 10
	// reserveBytesMin and reserveBytesMax bound how much room a segment reserves
	// at a time: a quarter of its size. An idle partition keeps little, and a
	// busy one seldom asks.
	reserveBytesMin = 64 << 10
	reserveBytesMax = 1 << 20
)

// gathering is what the turn has brought to a shard's segments.
type gathering struct {
	arena []byte
	// segments have unwritten batches in the arena, or had.
	segments []*segment
	// pieces is what a segment's file is given, kept to be used again.
	pieces [][]byte
}

// span is a range [from, to) of the arena.
type span struct{ from, to int }

// unwritten is the part of a segment that is not yet in its file.
type unwritten struct {
	// gathering is where they are.
	gathering *gathering
	// spans are the segment's last batches; waiting is their size in all, and
	// first their lowest offset. Invariant: the file has size-waiting bytes.
	spans   []span
	waiting int64
	first   kafka.Offset
	// reserved is up to where the file certainly has room on the device.
	// Invariant: while anything waits, size <= reserved.
	reserved int64
	// reserveAt is the size at which room is asked for again after it was refused.
	reserveAt int64
	listed    bool
}

// gather takes a batch that is to follow the last one, if it is small and there
// is room for it. It reports false if the batch has to be written now.
func (s *segment) gather(b batch.Batch, g *gathering) bool {
	if len(b) > gatheredBatchMax || !s.reserve(int64(len(b))) {
		return false
	}
	if len(g.arena)+len(b) > gatheredBytesMax && g.writeOut() != nil {
		return false // the error comes again
	}
	from := len(g.arena)
	g.arena = append(g.arena, b...)
	to := len(g.arena)
	if n := len(s.spans); n > 0 && s.spans[n-1].to == from {
		s.spans[n-1].to = to
	} else {
		s.spans = append(s.spans, span{from, to})
	}
	if s.waiting == 0 {
		s.first = b.BaseOffset()
	}
	s.waiting += int64(len(b))
	if !s.listed {
		s.listed, s.gathering = true, g
		g.segments = append(g.segments, s)
	}
	return true
}

// reserve makes sure that the device has room for so many bytes more.
func (s *segment) reserve(bytes int64) bool {
	if s.size+bytes <= s.reserved {
		return true
	}
	if s.size < s.reserveAt {
		return false
	}
	step := max(bytes, min(max(s.size/4, reserveBytesMin), reserveBytesMax))
	from := s.size - s.waiting
	if err := s.file.Reserve(kafka.Position(from), s.waiting+step); err != nil {
		s.reserveAt = s.size + reserveBytesMin
		return false
	}
	s.reserved = s.size + step
	return true
}

// writeOut writes what waits. An error leaves it waiting; there is room for it,
// so the device must have failed.
func (s *segment) writeOut() error {
	if s.waiting == 0 {
		return nil
	}
	assert.That(s.size <= s.reserved, "what waits to be written has its room")
	at := s.size - s.waiting
	g := s.gathering
	g.pieces = g.pieces[:0]
	for _, one := range s.spans {
		g.pieces = append(g.pieces, g.arena[one.from:one.to])
	}
	if err := s.file.WriteVector(g.pieces, kafka.Position(at)); err != nil {
		return fmt.Errorf("write %s at %d: %w", s.name, at, err)
	}
	s.forgetUnwritten()
	s.writeBehind()
	return nil
}

// forgetUnwritten is for batches that were written, or whose file goes.
func (s *segment) forgetUnwritten() { s.spans, s.waiting = s.spans[:0], 0 }

// writeBehind hands what was written to the device, in small steps: the segments
// follow the journal steadily, and a sync later finds little to do.
func (s *segment) writeBehind() {
	end := s.size - s.waiting
	if end-s.written >= writebackBytes {
		s.file.StartWriteback(kafka.Position(s.written), end-s.written)
		s.written = end
	}
}

// giveBack returns room that the segment will not need.
func (s *segment) giveBack() {
	if s.reserved > s.size && s.waiting == 0 {
		_ = s.file.Truncate(s.size) // it only matters to the disk's usage
		s.reserved = s.size
	}
}

// writeOut writes what waits, of all segments.
func (g *gathering) writeOut() error {
	for _, s := range g.segments {
		if err := s.writeOut(); err != nil {
			return err
		}
		s.listed = false
	}
	g.forget()
	return nil
}

// forget empties the arena.
func (g *gathering) forget() {
	for _, s := range g.segments {
		s.forgetUnwritten()
		s.listed = false
	}
	clear(g.segments)
	g.segments, g.arena = g.segments[:0], g.arena[:0]
}

// endTurn writes what the turn has gathered. Then those logs are flushed whose
// appends count as flushed once they are in the page cache, and whoever waited for
// that may append again.
func (h *Home) endTurn() {
	for len(h.gathering.segments) > 0 || len(h.moved) > 0 {
		if err := h.gathering.writeOut(); err != nil {
			h.Journal.Fail(err)
			h.gathering.forget()
		}
		moved := h.moved
		h.moved = h.movedBefore[:0]
		for i, l := range moved {
			moved[i] = nil
			l.moves = false
			if l.Failed() == nil {
				l.moveFlushed(l.logEndOffset)
			}
		}
		h.movedBefore = moved[:0]
	}
}

// movesAtTurnEnd has the log's flushedEndOffset follow its end when what the turn
// brought has been written.
func (l *Log) movesAtTurnEnd() {
	if !l.moves {
		l.moves = true
		l.home.moved = append(l.home.moved, l)
	}
}
