package log

import (
	"errors"
	"fmt"
	"math"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
)

const (
	// groupSegmentsMax bounds the segments that one swap replaces: their files are
	// removed in one turn.
	groupSegmentsMax = 32
	// cleanWriteBytes is how much is written at a time: one call for many batches.
	cleanWriteBytes = 64 << 10
	// positionMax is the highest position that an entry of an offset index holds; Kafka
	// reads it as an int32.
	positionMax = math.MaxInt32
)

// rewrite thins every segment that begins below the pass's end, group by group, each
// of which takes the place of its segments before the next one is begun.
func (p *pass) rewrite() error {
	for next := kafka.Offset(0); ; {
		group, behind := p.group(next)
		if len(group) == 0 {
			return nil
		}
		changed, err := p.thinGroup(group)
		if err != nil {
			return err
		}
		firstDirty := p.log.compaction.firstDirty
		if behind >= p.end {
			firstDirty = p.end
		}
		if changed {
			err = p.log.swap(p.task, p, group, firstDirty)
		} else {
			p.log.compaction.firstDirty = firstDirty
			p.log.dropMade()
		}
		if err != nil {
			return err
		}
		next = behind
	}
}

// group is the next run of segments that become one, and the offset behind them. They
// are of a size together that one may have. Source: Kafka, Cleaner.groupSegmentsBySize.
func (p *pass) group(from kafka.Offset) (group []*segment, behind kafka.Offset) {
	chain, config := p.log.chain.segments, &p.log.config
	size, offsetEntries, timeEntries := int64(0), int64(0), int64(0)
	for i, s := range chain[:len(chain)-1] {
		if s.base < from {
			continue
		}
		size += s.size
		offsetEntries += int64(s.offsets.count())
		timeEntries += int64(s.times.count())
		next := chain[i+1].base
		fits := size <= config.SegmentBytes && len(group) < groupSegmentsMax &&
			offsetEntries*offsetEntrySize <= config.SegmentIndexBytes &&
			timeEntries*timeEntrySize <= config.SegmentIndexBytes
		if s.base >= p.end || len(group) > 0 && (!fits || next-group[0].base > math.MaxInt32) {
			return group, behind
		}
		group, behind = append(group, s), next
	}
	return group, behind
}

// thinGroup writes what stays of a group's segments to new ones, and makes them
// durable under names of their own. It reports whether anything is other than it was.
func (p *pass) thinGroup(group []*segment) (changed bool, err error) {
	l := p.log
	l.compaction.swaps++
	if err := p.make(group[0].base); err != nil {
		return false, err
	}
	changed = len(group) > 1
	for _, s := range group {
		err := p.scan(s, 0, func(b batch.Batch) error {
			left, err := p.thin.Batch(b, p.stays(b))
			if err != nil {
				return err
			}
			changed = changed || left == nil || &left[0] != &b[0]
			return p.put(left)
		})
		if err != nil {
			return false, err
		}
	}
	made := l.compaction.made
	made[len(made)-1].created = group[len(group)-1].created
	return changed, p.finishMade()
}

// stays reports whether a batch stays even without records: the last one that is
// compacted, so that a follower's log ends where this one does, and the one with the
// last sequence of a producer, or the marker with the last epoch. Source: Kafka,
// Cleaner.cleanInto.
func (p *pass) stays(b batch.Batch) bool {
	if b.LastOffset() >= p.lastOffset {
		return true
	}
	known := p.log.producers.byID[b.ProducerID()]
	if known == nil {
		return false
	}
	if last := known.last(); last != nil {
		return last.lastOffset == b.LastOffset()
	}
	return b.IsControl() && b.ProducerEpoch() == known.epoch
}

// make begins another segment for what stays.
func (p *pass) make(base kafka.Offset) error {
	if err := p.check(); err != nil {
		return err
	}
	l := p.log
	s := newSegment(l.home.Disk, l.chain.dir, base)
	s.created = l.home.Clock.Wall()
	s.rename(l.compaction.swaps)
	l.compaction.made = append(l.compaction.made, s)
	err := s.create()
	if errors.Is(err, env.ErrExist) {
		// Of a pass that a crash has cut short, before a State spoke of it.
		if err = s.remove(); err == nil {
			err = s.create()
		}
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", s.name, err)
	}
	return nil
}

// rename gives the segment the names of files that a swap is to bring.
func (s *segment) rename(swap int64) {
	s.name = cleanedName(s.name, swap)
	s.offsets.name = cleanedName(s.offsets.name, swap)
	s.times.name = cleanedName(s.times.name, swap)
}

// put appends a batch to the last segment being made, or to another one when that is
// full: rebuilt batches may be longer than they were.
func (p *pass) put(b batch.Batch) error {
	if b == nil {
		return nil
	}
	l := p.log
	s := l.compaction.made[len(l.compaction.made)-1]
	if s.size > 0 && l.config.fills(s, b) {
		if err := p.flush(s); err != nil {
			return err
		}
		if err := p.make(b.BaseOffset()); err != nil {
			return err
		}
		s = l.compaction.made[len(l.compaction.made)-1]
	}
	s.note(b, l.config.IndexIntervalBytes)
	p.out = append(p.out, b...)
	if len(p.out) < cleanWriteBytes {
		return nil
	}
	return p.flush(s)
}

// fills reports whether a batch has no room any more in a segment being made.
func (c *Config) fills(s *segment, b batch.Batch) bool {
	return s.size+int64(len(b)) > positionMax || b.LastOffset()-s.base > math.MaxInt32 ||
		int64(s.offsets.count()+1)*offsetEntrySize > max(c.SegmentIndexBytes, offsetEntrySize)
}

// flush writes what waits for the segment being made.
func (p *pass) flush(s *segment) error {
	if len(p.out) == 0 {
		return nil
	}
	at := s.size - int64(len(p.out))
	if err := s.file.WriteAt(p.out, kafka.Position(at)); err != nil {
		return fmt.Errorf("write %s at %d: %w", s.name, at, err)
	}
	written := int64(len(p.out))
	p.out = p.out[:0]
	s.writeBehind()
	return p.pace(written)
}

// finishMade makes the segments that were made durable, names and all.
func (p *pass) finishMade() error {
	l := p.log
	for i, s := range l.compaction.made {
		if i == len(l.compaction.made)-1 {
			if err := p.flush(s); err != nil {
				return err
			}
		}
		s.seal()
		s.acquire()
		err := s.sync(p.task)
		s.release()
		if err != nil {
			return err
		}
		if err := p.check(); err != nil {
			return err
		}
	}
	if err := l.home.Disk.SyncDir(p.task, l.chain.dir); err != nil {
		return fmt.Errorf("sync directory %s: %w", l.chain.dir, err)
	}
	return p.check()
}

// dropMade removes the segments that a pass was making, if there are any. Those of a log
// that is being removed go with its directory: another log may soon have its name.
func (l *Log) dropMade() {
	for _, s := range l.compaction.made {
		// Best effort: recovery removes what is left, and a later pass of that number.
		_ = s.retire()
		if !l.chain.leaving {
			_ = s.remove()
		}
	}
	l.compaction.made = nil
}
