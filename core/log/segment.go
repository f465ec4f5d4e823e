package log

import (
	"errors"
	"fmt"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// segment is a run of a log's batches in one file, with its two indexes.
//
//	00000000000000004711.log        | batch | batch | ... | batch |
//	00000000000000004711.index      one entry for about each 4096 bytes
//	00000000000000004711.timeindex  the same
//
// What is beyond size in the file is no part of the log.
type segment struct {
	base kafka.Offset
	name string
	disk env.Disk
	// file is opened at the first use.
	file env.File
	size int64
	// next is the offset behind the last batch; base when there is none.
	next kafka.Offset

	offsets offsetIndex
	times   timeIndex
	// sinceEntry is how many bytes were written since the last index entry.
	sinceEntry int64
	// maxTimestamp is the newest there is, and maxTimestampOffset the last
	// offset of the first batch that has it.
	maxTimestamp       kafka.Timestamp
	maxTimestampOffset kafka.Offset
	// firstTimestamp is the first batch's maxTimestamp: rolling by time counts
	// from it. NoTimestamp when there is none.
	firstTimestamp kafka.Timestamp
	// created is the wall time at which the segment was made: rolling by time
	// counts from it when the records have no timestamps.
	created kafka.Timestamp
	jitter  int64

	unwritten
	// synced is how many bytes are known durable, -1 while the file's length is
	// not; written is how many were handed to write-behind. Neither is above
	// size.
	synced  int64
	written int64
	// readers are tasks that wait for the disk on the segment; retired means
	// that the last of them closes the files.
	readers int
	retired bool
}

func newSegment(disk env.Disk, dir string, base kafka.Offset) *segment {
	return &segment{
		base: base, next: base, disk: disk, name: fileName(dir, base, logSuffix),
		offsets: newOffsetIndex(disk, dir, base), times: newTimeIndex(disk, dir, base),
		maxTimestamp: kafka.NoTimestamp, maxTimestampOffset: base,
		firstTimestamp: kafka.NoTimestamp,
	}
}

// create makes the three files, empty.
func (s *segment) create() (err error) {
	if s.file, err = s.disk.Create(s.name); err != nil {
		return err
	}
	if err := s.offsets.create(); err != nil {
		return err
	}
	return s.times.create()
}

// open opens the log file if it is not open.
func (s *segment) open() (err error) {
	if s.file == nil {
		s.file, err = s.disk.Open(s.name)
	}
	return err
}

// openAll opens the log file and the indexes.
func (s *segment) openAll() error {
	return errors.Join(s.open(), s.offsets.open(), s.times.open())
}

// append puts a batch behind the last one: into the file or, if it is small and
// turn is not nil, among what the turn gathers. On an error the segment is as it
// was: half a batch in the file is beyond its size, and overwritten next time.
func (s *segment) append(b batch.Batch, indexIntervalBytes int64, turn *gathering) error {
	assert.That(b.BaseOffset() >= s.next, "offsets rise within a segment")
	if err := s.open(); err != nil {
		return err
	}
	if turn != nil && s.gather(b, turn) {
		s.note(b, indexIntervalBytes)
		return nil
	}
	if err := s.writeOut(); err != nil {
		return err
	}
	if err := s.file.WriteAt(b, kafka.Position(s.size)); err != nil {
		if errors.Is(err, env.ErrNoSpace) {
			_ = s.file.Truncate(s.size) // gives back the room; it only matters to the disk's usage
			s.reserved = s.size
		}
		return fmt.Errorf("append to %s at %d: %w", s.name, s.size, err)
	}
	s.note(b, indexIntervalBytes)
	s.writeBehind()
	return nil
}

// note takes a batch into the sizes, indexes and timestamps.
func (s *segment) note(b batch.Batch, indexIntervalBytes int64) {
	timestamp := newestOf(b)
	if s.size == 0 {
		s.firstTimestamp = timestamp
	}
	if timestamp > s.maxTimestamp {
		s.maxTimestamp, s.maxTimestampOffset = timestamp, b.LastOffset()
	}
	if s.sinceEntry > indexIntervalBytes {
		s.offsets.add(b.LastOffset(), s.size)
		s.times.add(s.maxTimestamp, s.maxTimestampOffset)
		s.sinceEntry = 0
	}
	s.sinceEntry += int64(len(b))
	s.size += int64(len(b))
	s.next = b.NextOffset()
}

// newestOf is the newest timestamp of a batch's records: a batch that compaction left
// without records keeps one in its header that is nobody's any more.
func newestOf(b batch.Batch) kafka.Timestamp {
	if b.RecordCount() == 0 {
		return kafka.NoTimestamp
	}
	return b.MaxTimestamp()
}

// seal ends the segment's time as the active one: the time index gets its last
// entry, so that it tells the segment's newest timestamp.
func (s *segment) seal() {
	if s.size > 0 {
		s.times.add(s.maxTimestamp, s.maxTimestampOffset)
	}
	s.giveBack()
}

// truncate cuts the segment to the batches before position, where the batch
// with offset begins. It reads what follows the last index entry left.
func (s *segment) truncate(
	t *task.Task, position int64, offset kafka.Offset, scratch []byte,
) error {
	assert.That(position <= s.size, "a segment is cut, not grown")
	if err := errors.Join(s.open(), s.writeOut()); err != nil {
		return err
	}
	if err := s.offsets.cut(t, offset); err != nil {
		return err
	}
	if err := s.times.cut(t, offset); err != nil {
		return err
	}
	if err := s.file.Truncate(position); err != nil {
		return fmt.Errorf("truncate %s to %d: %w", s.name, position, err)
	}
	s.reserved = position
	s.synced, s.written = -1, min(s.written, position) // the cut itself must be synced, too
	return s.reload(t, position, offset, scratch)
}

// reload works out again what is kept in memory of a segment that ends at
// position, from its indexes and the batches behind their last entries.
func (s *segment) reload(t *task.Task, position int64, next kafka.Offset, scratch []byte) error {
	s.size, s.next, s.sinceEntry = position, next, position
	s.maxTimestamp, s.maxTimestampOffset = kafka.NoTimestamp, s.base
	if err := s.times.reloadLast(t); err != nil {
		return err
	}
	from := int64(0)
	if n := s.times.count(); n > 0 {
		timestamp, offset, err := s.times.at(t, n-1)
		if err != nil {
			return err
		}
		s.maxTimestamp, s.maxTimestampOffset = timestamp, offset
		if from, err = s.offsets.before(t, offset); err != nil {
			return err
		}
	}
	if n := s.offsets.count(); n > 0 {
		_, last, err := s.offsets.at(t, n-1)
		if err != nil {
			return err
		}
		s.sinceEntry = position - last
	}
	w := walker{segment: s, task: t, scratch: scratch}
	for at := from; at < position; {
		h, err := w.at(at)
		if err != nil {
			return err
		}
		if h.timestamp > s.maxTimestamp {
			s.maxTimestamp, s.maxTimestampOffset = h.timestamp, h.next-1
		}
		at += h.size
	}
	return s.loadFirstTimestamp(t, scratch)
}

// loadFirstTimestamp reads the first batch's header for it.
func (s *segment) loadFirstTimestamp(t *task.Task, scratch []byte) error {
	s.firstTimestamp = kafka.NoTimestamp
	if s.size == 0 {
		return nil
	}
	w := walker{segment: s, task: t, scratch: scratch}
	h, err := w.at(0)
	s.firstTimestamp = h.timestamp
	return err
}

// sync makes everything durable that is in the files now.
func (s *segment) sync(t *task.Task) error {
	if err := s.writeOut(); err != nil {
		return err
	}
	size := s.size
	if s.synced < size {
		if err := s.file.Sync(t); err != nil {
			return fmt.Errorf("sync %s: %w", s.name, err)
		}
		s.synced = max(s.synced, min(size, s.size))
	}
	if err := s.offsets.sync(t); err != nil {
		return err
	}
	return s.times.sync(t)
}

// forgetUnstored drops the index entries that a full disk had no room for: whoever
// opens the segment anew finds what is in the files. An index with fewer entries
// is as good, and only slower.
func (s *segment) forgetUnstored(t *task.Task) error {
	s.offsets.forgetUnstored()
	if !s.times.forgetUnstored() {
		return nil
	}
	return s.times.reloadLast(t)
}

// dirty reports whether sync has something to do.
func (s *segment) dirty() bool {
	return s.synced < s.size || s.offsets.synced < s.offsets.count() ||
		s.times.synced < s.times.count()
}

// acquire keeps the files open for a task that waits.
func (s *segment) acquire() { s.readers++ }

func (s *segment) release() {
	s.readers--
	assert.That(s.readers >= 0, "a segment is released as often as it was acquired")
	if s.readers == 0 && s.retired {
		_ = s.closeFiles() // nothing is written to a retired segment
	}
}

// retire gives the files up, once the last reader has.
func (s *segment) retire() error {
	s.retired = true
	if s.readers > 0 {
		return nil
	}
	return s.closeFiles()
}

func (s *segment) closeFiles() error {
	s.forgetUnwritten()
	err := errors.Join(s.offsets.close(), s.times.close())
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		s.file = nil
	}
	return err
}

// remove deletes the files. They stay readable for those who have them open.
func (s *segment) remove() error {
	for _, name := range []string{s.offsets.name, s.times.name, s.name} {
		if err := s.disk.Remove(name); err != nil && !errors.Is(err, env.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return nil
}
