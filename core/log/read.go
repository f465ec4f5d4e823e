package log

import (
	"errors"
	"fmt"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Range is some whole batches of a log, one after the other in one file.
type Range struct {
	// File is where they are. It stays readable for file.delete.delay.ms after
	// the segment has gone, and longer for those who pin it.
	File     env.File
	Position kafka.Position
	// Length is in bytes; 0 when there is nothing to read.
	Length int64
	// BaseOffset is the first batch's base offset: at or below the offset that was asked
	// for, or above it where compaction has left a gap. NextOffset is where the next read goes on.
	BaseOffset kafka.Offset
	NextOffset kafka.Offset
	// SegmentEnd is the offset behind the last batch of the batches' segment: at or
	// above NextOffset. What is there or above is in a later segment.
	SegmentEnd kafka.Offset
}

// Read finds whole batches from the one that holds offset on: at most maxBytes,
// all of them wholly below upTo. With atLeastOne the first batch comes whole even
// if it is longer than maxBytes. It stops at the end of a segment, so there may
// be more. It does not wait, allocate or copy.
//
// There is nothing to read where records are being deleted and that is not yet
// durable: they are not given any more, and not denied before it is certain.
//
// ErrOutOfRange: the offset is below what FlushedStartOffset says or above
// logEndOffset.
// env.ErrCold: it would have to wait; ReadCold does. Others: the log's failure.
func (l *Log) Read(
	offset, upTo kafka.Offset, maxBytes int, atLeastOne bool,
) (Range, error) {
	if l.failed != nil {
		return Range{}, l.failed
	}
	if offset < l.flushedStartOffset || offset > l.logEndOffset {
		return Range{}, ErrOutOfRange
	}
	upTo = min(upTo, l.logEndOffset)
	q := query{offset: offset, upTo: upTo, maxBytes: int64(maxBytes), atLeastOne: atLeastOne}
	if offset >= upTo || offset < l.logStartOffset {
		return q.nothing(), nil
	}
	if s := l.chain.active(); s.waiting > 0 && upTo > s.first {
		if err := s.writeOut(); err != nil {
			return Range{}, l.writeFailed(err)
		}
	}
	if i := l.tail.find(offset); i >= 0 {
		return l.readTail(i, &q), nil
	}
	r, err := l.readSegments(&q)
	if err != nil && !isCold(err) {
		l.goOffline(err)
	}
	return r, err
}

// query is what a read asks for.
type query struct {
	offset     kafka.Offset
	upTo       kafka.Offset
	maxBytes   int64
	atLeastOne bool
}

func (q *query) nothing() Range {
	return Range{BaseOffset: q.offset, NextOffset: q.offset, SegmentEnd: q.offset}
}

// readTail answers from the marks in memory: what nearly every consumer that
// keeps up, and every follower, gets. Batch i is the first.
func (l *Log) readTail(i int, q *query) Range {
	s := l.chain.active()
	first, end := l.tail.at(i), mark{l.logEndOffset, s.size}
	k := l.tail.floor(first.position+q.maxBytes, q.upTo, end)
	if k <= i && q.atLeastOne {
		k = i + 1
	}
	if k <= i {
		return q.nothing()
	}
	last := l.tail.boundary(k, end)
	if last.base > q.upTo {
		return q.nothing()
	}
	return s.between(first, last)
}

// between is the range of the batches from one boundary to another.
func (s *segment) between(first, last mark) Range {
	assert.That(last.position <= s.size-s.waiting, "what is read was written")
	return Range{
		File: s.file, Position: kafka.Position(first.position),
		Length: last.position - first.position, BaseOffset: first.base, NextOffset: last.base,
		SegmentEnd: s.next,
	}
}

// readSegments answers from the files.
func (l *Log) readSegments(q *query) (Range, error) {
	for i := l.chain.find(q.offset); i < len(l.chain.segments); i++ {
		s := l.chain.segments[i]
		if q.offset >= s.next || s.size == 0 {
			continue // what was between this segment and the next is gone
		}
		r, err := l.readSegment(s, q)
		if err != nil {
			l.noteCold(s, err)
		}
		return r, err
	}
	return q.nothing(), nil
}

func (l *Log) readSegment(s *segment, q *query) (Range, error) {
	w := walker{segment: s, scratch: l.chain.buffer()}
	first, size, err := l.locate(s, &w, q.offset)
	if err != nil {
		return Range{}, err
	}
	last, err := l.reach(s, &w, first, q)
	if err != nil {
		return Range{}, err
	}
	if last.position == first.position && q.atLeastOne {
		last = mark{size.next, first.position + size.size}
	}
	if last.position == first.position || last.base > q.upTo {
		return q.nothing(), nil
	}
	l.reads.add(s.base, last)
	return s.between(first, last), nil
}

// locate finds the batch that holds offset, or the next one where there is a
// gap.
func (l *Log) locate(s *segment, w *walker, offset kafka.Offset) (mark, header, error) {
	position, known := l.reads.find(s.base, offset)
	if !known {
		var err error
		if position, err = s.positionBefore(w, max(offset, s.base)); err != nil {
			return mark{}, header{}, err
		}
	}
	for {
		h, err := w.at(position)
		if err != nil {
			return mark{}, header{}, err
		}
		if h.next > offset {
			return mark{h.base, position}, h, nil
		}
		position += h.size
	}
}

// positionBefore is where a batch begins from which on an offset is found. Nothing
// guards an index against rot, so what it says is held against the batch that it
// points to; one that lies is not believed, and reading from the segment's start is
// slow and right.
func (s *segment) positionBefore(w *walker, offset kafka.Offset) (int64, error) {
	position, err := s.offsets.before(w.task, offset)
	if err != nil || position == 0 {
		return 0, err
	}
	begins, err := s.beginsBefore(w, position, offset)
	if err != nil || !begins {
		return 0, err
	}
	return position, nil
}

// beginsBefore reports whether a batch begins at a position, and at or below an
// offset.
func (s *segment) beginsBefore(w *walker, position int64, offset kafka.Offset) (bool, error) {
	h, err := w.at(position)
	if errors.Is(err, ErrCorrupt) {
		return false, nil
	}
	return err == nil && h.base <= offset, err
}

// reach finds the last boundary that is within the query's bounds.
func (l *Log) reach(s *segment, w *walker, first mark, q *query) (mark, error) {
	limit := first.position + q.maxBytes
	end := mark{s.next, s.size}
	if end.position <= limit && end.base <= q.upTo {
		return end, nil
	}
	at := first
	if s == l.chain.active() {
		if k := l.tail.floor(limit, q.upTo, end); k >= 0 {
			return l.tail.boundary(k, end), nil
		}
	}
	known, err := s.offsets.floor(w.task, limit, q.upTo)
	if err != nil {
		return mark{}, err
	}
	if known > at.position {
		begins, err := s.beginsBefore(w, known, q.upTo)
		if err != nil {
			return mark{}, err
		}
		if begins {
			at.position = known
		}
	}
	for at.position < s.size {
		h, err := w.at(at.position)
		if err != nil {
			return mark{}, err
		}
		at.base = h.base
		if at.position+h.size > limit || h.next > q.upTo {
			break
		}
		at = mark{h.next, at.position + h.size}
	}
	return at, nil
}

// ReadCold is Read for those who can wait. What happens to the log meanwhile is
// taken into account: the answer is true when it is given.
func (l *Log) ReadCold(
	t *task.Task, offset, upTo kafka.Offset, maxBytes int, atLeastOne bool,
) (Range, error) {
	for range coldTriesMax {
		r, err := l.Read(offset, upTo, maxBytes, atLeastOne)
		if !isCold(err) {
			return r, err
		}
		if err := l.warm(t); err != nil {
			return Range{}, fmt.Errorf("read %s at %d: %w", l.chain.dir, offset, err)
		}
	}
	return Range{}, fmt.Errorf("read %s at %d: %w", l.chain.dir, offset, env.ErrCold)
}

// coldTriesMax bounds how often a read tries again: an index is searched in some
// twenty steps, each of which may be cold, and so may the headers behind it.
const coldTriesMax = 64

// coldRange is what the last read found missing.
type coldRange struct {
	segment *segment
	missing *coldError
}

// noteCold remembers what a read has missed, for warm.
func (l *Log) noteCold(s *segment, err error) {
	var cold *coldError
	if errors.As(err, &cold) {
		l.cold = coldRange{s, cold}
	}
}

// warm brings what the last read missed into memory.
func (l *Log) warm(t *task.Task) error {
	c := l.cold
	l.cold = coldRange{}
	if c.missing == nil {
		return nil
	}
	c.segment.acquire()
	defer c.segment.release()
	return c.missing.file.Prefetch(t, c.missing.position, int64(c.missing.length))
}

// recentReads remembers where the last reads ended, since most readers of older
// segments go on there.
type recentReads struct {
	ends [8]recentRead
	next int
}

type recentRead struct {
	segment kafka.Offset
	end     mark
}

func (r *recentReads) add(segment kafka.Offset, end mark) {
	r.ends[r.next] = recentRead{segment, end}
	r.next = (r.next + 1) % len(r.ends)
}

func (r *recentReads) find(segment, offset kafka.Offset) (position int64, ok bool) {
	for i := range r.ends {
		e := &r.ends[i]
		if e.segment == segment && e.end.base == offset && e.end.position > 0 {
			return e.end.position, true
		}
	}
	return 0, false
}

// clear forgets everything: the log was cut.
func (r *recentReads) clear() { *r = recentReads{} }
