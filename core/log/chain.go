package log

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// chain is a log's segments, oldest first; the last is the active one, the only
// one that is written to. It knows bytes and offsets, and nothing of
// producers, epochs or the journal.
//
// Invariant: segments[i].next <= segments[i+1].base; there is at least one.
type chain struct {
	disk     env.Disk
	dir      string
	segments []*segment
	// dirChanged is set when the directory's entries are not durable.
	dirChanged bool
	// leaving is set while the log is being removed: nothing of it has to become
	// durable any more, and a sync of the files ends early.
	leaving bool
	scratch []byte
}

func newChain(disk env.Disk, dir string) chain { return chain{disk: disk, dir: dir} }

func (c *chain) active() *segment { return c.segments[len(c.segments)-1] }

// end is the offset behind the last batch.
func (c *chain) end() kafka.Offset { return c.active().next }

// sizeBytes is the size of all segments.
func (c *chain) sizeBytes() int64 {
	total := int64(0)
	for _, s := range c.segments {
		total += s.size
	}
	return total
}

// find returns the index of the segment that offset is in: the last one whose
// base is not above it; the first one for lower offsets.
func (c *chain) find(offset kafka.Offset) int {
	i, exact := slices.BinarySearchFunc(c.segments, offset, func(s *segment, o kafka.Offset) int {
		switch {
		case s.base < o:
			return -1
		case s.base > o:
			return 1
		}
		return 0
	})
	if !exact && i > 0 {
		i--
	}
	return i
}

// from is the first segment that has something at an offset or above, nil if none has.
func (c *chain) from(offset kafka.Offset) *segment {
	for i := c.find(offset); i < len(c.segments); i++ {
		if s := c.segments[i]; s.next > offset {
			return s
		}
	}
	return nil
}

// buffer is where headers are read to.
func (c *chain) buffer() []byte {
	if c.scratch == nil {
		c.scratch = make([]byte, scratchBytes)
	}
	return c.scratch
}

// add makes a new active segment. Files of that name may be left over from
// before a crash, or from an attempt that found the disk full; every segment
// that counts is in the chain, so they go.
func (c *chain) add(base kafka.Offset) (*segment, error) {
	assert.That(len(c.segments) == 0 || c.end() <= base, "segments follow one another")
	if len(c.segments) > 0 {
		if err := c.active().writeOut(); err != nil {
			return nil, err
		}
	}
	s := newSegment(c.disk, c.dir, base)
	err := s.create()
	if errors.Is(err, env.ErrExist) {
		if err = s.remove(); err == nil {
			err = s.create()
		}
	}
	if err != nil {
		// Best effort: whoever makes a segment of that base removes what is left.
		_ = s.closeFiles()
		_ = s.remove()
		return nil, fmt.Errorf("make segment %s: %w", s.name, err)
	}
	c.dirChanged = true
	if len(c.segments) > 0 {
		c.active().seal()
	}
	c.segments = append(c.segments, s)
	return s, nil
}

// mustRoll reports whether a batch must go into a new segment. The rules are
// Kafka's (LogSegment.shouldRoll).
func (c *chain) mustRoll(
	b batch.Batch, last kafka.Offset, config *Config, now kafka.Timestamp,
) bool {
	s := c.active()
	if s.size == 0 {
		return last-s.base > math.MaxInt32
	}
	if s.size > config.SegmentBytes-int64(len(b)) {
		return true
	}
	waited := int64(now - s.created)
	if s.firstTimestamp >= 0 {
		waited = int64(b.MaxTimestamp() - s.firstTimestamp)
	}
	if waited > config.rollMs()-s.jitter {
		return true
	}
	// The time index keeps one place for the entry that seals it.
	entriesMax := config.SegmentIndexBytes / offsetEntrySize
	timesMax := config.SegmentIndexBytes/timeEntrySize - 1
	return int64(s.offsets.count()) >= entriesMax || int64(s.times.count()) >= timesMax ||
		last-s.base > math.MaxInt32
}

// truncate cuts everything from offset on, which begins at position of the
// segment with that base.
func (c *chain) truncate(
	t *task.Task, offset, base kafka.Offset, position int64,
) error {
	for len(c.segments) > 1 && c.active().base > base {
		s := c.active()
		c.segments = c.segments[:len(c.segments)-1]
		c.dirChanged = true
		if err := errors.Join(s.retire(), s.remove()); err != nil {
			return err
		}
	}
	s := c.active()
	if s.base != base || position > s.size {
		return fmt.Errorf("%w: %s: cut at %d of segment %d, but the log ends at %d of segment %d",
			ErrCorrupt, c.dir, position, base, s.size, s.base)
	}
	return s.truncate(t, position, offset, c.buffer())
}

// at is where a run of segments is in the chain; ok is false when they are not all
// there any more, one behind the other.
func (c *chain) at(run []*segment) (first int, ok bool) {
	first = slices.Index(c.segments, run[0])
	if first < 0 || first+len(run) > len(c.segments) {
		return 0, false
	}
	return first, slices.Equal(c.segments[first:first+len(run)], run)
}

// replace puts segments in the place of a run of others.
func (c *chain) replace(run, made []*segment) {
	first, ok := c.at(run)
	assert.That(ok && first+len(run) < len(c.segments),
		"C-ActiveUntouched: what is replaced is in the chain, and not the active segment")
	c.segments = slices.Replace(c.segments, first, first+len(run), made...)
	for i := max(first, 1); i < len(c.segments); i++ {
		assert.That(c.segments[i-1].next <= c.segments[i].base, "segments follow one another")
	}
}

// sync makes everything in the files durable, segment by segment.
func (c *chain) sync(t *task.Task) error {
	for _, s := range slices.Clone(c.segments) {
		if c.leaving {
			return errLeaving
		}
		if s.dirty() && !s.retired {
			s.acquire()
			err := s.sync(t)
			s.release()
			if err != nil {
				return err
			}
		}
	}
	if !c.dirChanged {
		return nil
	}
	c.dirChanged = false
	if err := c.disk.SyncDir(t, c.dir); err != nil {
		c.dirChanged = true
		return fmt.Errorf("sync directory %s: %w", c.dir, err)
	}
	return nil
}

// close gives all files up.
func (c *chain) close() error {
	var err error
	for _, s := range c.segments {
		err = errors.Join(err, s.retire())
	}
	return err
}
