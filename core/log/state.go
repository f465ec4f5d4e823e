package log

import (
	"encoding/binary"
	"errors"
	"fmt"

	"odradek/core/journal"
	"odradek/core/kafka"
)

// state is all that must be known of a log to go on from where it was: what a
// State entry of the journal holds.
//
// Recovery opens the segments at the durable point and applies, in order, the
// log's entries that are newer than syncedSequence; those entries and this
// state between them make the log exactly what it was, without reading it.
type state struct {
	policy FlushPolicy
	// truncated is set when the log was cut to end: entries before this one
	// may have gone further.
	truncated bool
	topic     string
	// incarnation tells a log from one of the same name and id that was deleted
	// before it was made: their entries must not be mixed up.
	incarnation uint64
	// syncedSequence is the last entry whose effect is durable in the files,
	// and durable where they ended then.
	syncedSequence journal.Sequence
	durable        point
	logStartOffset kafka.Offset
	end            place
	segments       []segmentState
	epochs         []epochStart
	producers      producers
	// firstDirty is as in compaction, and so are swaps and swapping.
	firstDirty kafka.Offset
	swaps      int64
	swapping   []kafka.Offset
}

// place is a place between two batches: an offset and where it is.
type place struct {
	base     kafka.Offset
	position int64
	offset   kafka.Offset
}

// point is a place, and what its segment was when it ended there.
type point struct {
	place
	segment segmentState
	// recount is set when only the sizes in segment are right: the segment was
	// cut, and its timestamps have to be read again.
	recount bool
}

// segmentState is what is known of a segment without opening it.
type segmentState struct {
	base, next         kafka.Offset
	size               int64
	created            kafka.Timestamp
	firstTimestamp     kafka.Timestamp
	maxTimestamp       kafka.Timestamp
	maxTimestampOffset kafka.Offset
	offsetEntries      int
	timeEntries        int
	// lastTimeEntry is the timestamp of the last entry of the time index, and
	// sinceEntry how many bytes follow the last entry of the offset index.
	lastTimeEntry kafka.Timestamp
	sinceEntry    int64
}

func (s *segment) state() segmentState {
	return segmentState{
		base: s.base, next: s.next, size: s.size, created: s.created,
		firstTimestamp: s.firstTimestamp, maxTimestamp: s.maxTimestamp,
		maxTimestampOffset: s.maxTimestampOffset,
		offsetEntries:      s.offsets.count(), timeEntries: s.times.count(),
		lastTimeEntry: s.times.last, sinceEntry: s.sinceEntry,
	}
}

// restore takes over what is known of a segment.
func (s *segment) restore(known segmentState) {
	s.next, s.size, s.created = known.next, known.size, known.created
	s.synced, s.written = known.size, known.size
	s.firstTimestamp, s.maxTimestamp = known.firstTimestamp, known.maxTimestamp
	s.maxTimestampOffset = known.maxTimestampOffset
	s.offsets.stored, s.offsets.synced = known.offsetEntries, known.offsetEntries
	s.times.stored, s.times.synced = known.timeEntries, known.timeEntries
	s.times.last, s.sinceEntry = known.lastTimeEntry, known.sinceEntry
}

// stateVersion begins an encoded state; firstCompacted is the version that added what is
// known of compaction.
const (
	stateVersion   = 2
	firstCompacted = 2
)

// ErrState: a State entry can't be read.
var ErrState = errors.New("malformed state of a log")

// encode writes the state; little-endian, every number as 8 bytes, since it is
// read once at boot and written some times a minute.
func (s *state) encode(dst []byte) []byte {
	w := writer{dst}
	w.number(stateVersion)
	w.number(int64(s.policy))
	w.flag(s.truncated)
	w.text(s.topic)
	w.number(int64(s.incarnation))
	w.number(int64(s.syncedSequence))
	w.place(s.durable.place)
	w.segment(&s.durable.segment)
	w.flag(s.durable.recount)
	w.number(int64(s.logStartOffset))
	w.place(s.end)
	w.number(int64(len(s.segments)))
	for i := range s.segments {
		w.segment(&s.segments[i])
	}
	w.number(int64(len(s.epochs)))
	for _, e := range s.epochs {
		w.number(int64(e.Epoch))
		w.number(int64(e.Start))
	}
	w.producers(&s.producers)
	w.number(int64(s.firstDirty))
	w.number(s.swaps)
	w.number(int64(len(s.swapping)))
	for _, base := range s.swapping {
		w.number(int64(base))
	}
	return w.bytes
}

// decodeState reads what encode wrote.
func decodeState(bytes []byte) (s state, err error) {
	r := reader{bytes: bytes}
	version := r.number()
	if version < 1 || version > stateVersion {
		return state{}, fmt.Errorf("%w: version %d", ErrState, version)
	}
	s.policy = FlushPolicy(r.number())
	s.truncated = r.number() != 0
	s.topic = r.text()
	s.incarnation = uint64(r.number())
	s.syncedSequence = journal.Sequence(r.number())
	s.durable.place = r.place()
	s.durable.segment = r.segment()
	s.durable.recount = r.number() != 0
	s.logStartOffset = kafka.Offset(r.number())
	s.end = r.place()
	for range r.count(segmentStateSize) {
		s.segments = append(s.segments, r.segment())
	}
	for range r.count(epochStateSize) {
		s.epochs = append(s.epochs,
			epochStart{kafka.LeaderEpoch(r.number()), kafka.Offset(r.number())})
	}
	r.producers(&s.producers)
	s.firstDirty = kafka.NoOffset
	if version >= firstCompacted {
		s.firstDirty, s.swaps = kafka.Offset(r.number()), r.number()
		for range r.count(8) {
			s.swapping = append(s.swapping, kafka.Offset(r.number()))
		}
	}
	if r.short || len(r.bytes) != 0 {
		return state{}, fmt.Errorf("%w: wrong length", ErrState)
	}
	if len(s.segments) == 0 {
		return state{}, fmt.Errorf("%w: no segment", ErrState)
	}
	return s, nil
}

// Sizes of the repeated parts, in bytes, to check counts against what is there.
const (
	segmentStateSize  = 11 * 8
	epochStateSize    = 2 * 8
	producerStateSize = 4 * 8
	batchStateSize    = 4 * 8
)

type writer struct{ bytes []byte }

func (w *writer) number(n int64) { w.bytes = binary.LittleEndian.AppendUint64(w.bytes, uint64(n)) }

func (w *writer) flag(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	w.number(n)
}

func (w *writer) text(s string) {
	w.number(int64(len(s)))
	w.bytes = append(w.bytes, s...)
}

func (w *writer) place(p place) {
	w.number(int64(p.base))
	w.number(p.position)
	w.number(int64(p.offset))
}

func (w *writer) segment(s *segmentState) {
	w.number(int64(s.base))
	w.number(int64(s.next))
	w.number(s.size)
	w.number(int64(s.created))
	w.number(int64(s.firstTimestamp))
	w.number(int64(s.maxTimestamp))
	w.number(int64(s.maxTimestampOffset))
	w.number(int64(s.offsetEntries))
	w.number(int64(s.timeEntries))
	w.number(int64(s.lastTimeEntry))
	w.number(s.sinceEntry)
}

func (w *writer) producers(all *producers) {
	w.number(int64(all.len()))
	for p := all.oldest; p != nil; p = p.next {
		w.number(int64(p.id))
		w.number(int64(p.epoch))
		w.number(int64(p.lastTimestamp))
		w.number(int64(p.count))
		for i := range p.count {
			b := p.batch(i)
			w.number(int64(b.lastSequence))
			w.number(int64(b.lastOffset))
			w.number(int64(b.offsetDelta))
			w.number(int64(b.timestamp))
		}
	}
}

// reader reads what a writer wrote; short is set when the bytes end early.
type reader struct {
	bytes []byte
	short bool
}

func (r *reader) number() int64 {
	if len(r.bytes) < 8 {
		r.short, r.bytes = true, nil
		return 0
	}
	n := int64(binary.LittleEndian.Uint64(r.bytes))
	r.bytes = r.bytes[8:]
	return n
}

// count reads how many elements of at least size bytes follow.
func (r *reader) count(size int) int {
	n := r.number()
	if n < 0 || n > int64(len(r.bytes)/size) {
		r.short, r.bytes = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count(1)
	s := string(r.bytes[:n])
	r.bytes = r.bytes[n:]
	return s
}

func (r *reader) place() place {
	return place{kafka.Offset(r.number()), r.number(), kafka.Offset(r.number())}
}

func (r *reader) segment() segmentState {
	return segmentState{
		base: kafka.Offset(r.number()), next: kafka.Offset(r.number()), size: r.number(),
		created:        kafka.Timestamp(r.number()),
		firstTimestamp: kafka.Timestamp(r.number()), maxTimestamp: kafka.Timestamp(r.number()),
		maxTimestampOffset: kafka.Offset(r.number()),
		offsetEntries:      int(r.number()), timeEntries: int(r.number()),
		lastTimeEntry: kafka.Timestamp(r.number()), sinceEntry: r.number(),
	}
}

func (r *reader) producers(all *producers) {
	for range r.count(producerStateSize) {
		p := all.get(kafka.ProducerID(r.number()))
		p.epoch = kafka.ProducerEpoch(r.number())
		timestamp := kafka.Timestamp(r.number())
		for range min(r.count(batchStateSize), batchesKept) {
			p.add(p.epoch, appendedBatch{
				lastSequence: kafka.Sequence(r.number()), lastOffset: kafka.Offset(r.number()),
				offsetDelta: int32(r.number()), timestamp: kafka.Timestamp(r.number()),
			})
		}
		p.lastTimestamp = timestamp
	}
}
