package log

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
)

// readDirectories finds out which directory is whose.
func (r *recovery) readDirectories() error {
	entries, err := r.disk.List("")
	if err != nil {
		return err
	}
	changed := false
	for _, entry := range entries {
		if !entry.Dir {
			continue
		}
		if strings.HasSuffix(entry.Name, deleteSuffix) {
			r.found.Leftovers = append(r.found.Leftovers, entry.Name)
			if err := r.readDeleted(entry.Name); err != nil {
				return err
			}
			continue
		}
		topic, partition, ok := parseDirName(entry.Name)
		if !ok {
			continue
		}
		renamed, err := r.readDirectory(entry.Name, topic, partition)
		if err != nil {
			return err
		}
		changed = changed || renamed
	}
	if changed {
		return r.disk.SyncDir(r.task, "")
	}
	return nil
}

// readDeleted takes note that a log's directory was renamed for deletion.
func (r *recovery) readDeleted(dir string) error {
	id, err := readMetadata(r.task, r.disk, dir)
	if err != nil {
		if isDisk(err) {
			return err
		}
		return nil // it was partly removed already
	}
	name := dir[:max(0, strings.LastIndexByte(dir, '.'))]
	if _, partition, ok := parseDirName(name); ok {
		if l, _ := r.logs.Get(kafka.TopicPartition{Topic: id, Partition: partition}); l != nil {
			l.deleted = l.deleted || l.Dir == ""
		}
	}
	return nil
}

// readDirectory finds the log of a directory; it renames those that a creation
// or a deletion left unfinished, and reports whether it did.
func (r *recovery) readDirectory(
	dir, topic string, partition kafka.Partition,
) (renamed bool, err error) {
	id, err := readMetadata(r.task, r.disk, dir)
	switch {
	case err == nil:
	case errors.Is(err, env.ErrNotExist) || errors.Is(err, ErrTextFile):
		empty, err := r.hasNoData(dir)
		if err != nil || empty {
			if err == nil {
				err = r.doom(dir)
			}
			return empty, err
		}
		r.found.Strays = append(r.found.Strays, dir)
		return false, nil
	default:
		return false, err
	}
	at := kafka.TopicPartition{Topic: id, Partition: partition}
	l, _ := r.logs.Get(at)
	switch {
	case l == nil:
		l = &RecoveredLog{Partition: at}
		r.logs.Put(at, l)
	case l.Dir != "":
		r.found.Strays = append(r.found.Strays, dir)
		return false, nil
	case l.deleted:
		return true, r.doom(dir)
	}
	l.Dir, l.Topic = dir, topic
	return false, nil
}

// hasNoData reports whether all segments of a directory are empty.
func (r *recovery) hasNoData(dir string) (bool, error) {
	list, err := r.listFiles(dir)
	for _, e := range list {
		if strings.HasSuffix(e.Name, logSuffix) && e.Size > 0 {
			return false, err
		}
	}
	return true, err
}

// doom renames a directory so that it is removed.
func (r *recovery) doom(dir string) error {
	for n := 0; ; n++ {
		doomed := fmt.Sprintf("%s.unfinished%d%s", dir, n, deleteSuffix)
		if _, err := r.disk.List(doomed); err == nil {
			continue // an earlier start got no further
		}
		r.found.Leftovers = append(r.found.Leftovers, doomed)
		return r.disk.Rename(dir, doomed)
	}
}

// removeOthers removes files that are no part of the log: segments that were
// begun and never committed, ones that were on their way out, half-written
// replacements.
func (r *recovery) removeOthers(l *RecoveredLog, list files) error {
	for _, e := range list {
		if l.owns(e.Name) {
			continue
		}
		if err := r.disk.Remove(l.Dir + "/" + e.Name); err != nil {
			return err
		}
	}
	return nil
}

// owns reports whether a file belongs to the log as it is now, or is none of
// our business.
func (l *RecoveredLog) owns(name string) bool {
	for _, suffix := range []string{logSuffix, indexSuffix, timeIndexSuffix} {
		if base, ok := parseName(name, suffix); ok {
			return l.hasSegment(base)
		}
	}
	if offset, ok := parseName(name, snapshotSuffix); ok {
		// One of a segment's start, or of a clean shutdown just now.
		return l.hasSegment(offset) || offset == l.live.end.offset
	}
	return !strings.HasSuffix(name, ".tmp") && !strings.HasSuffix(name, cleanedSuffix)
}

func (l *RecoveredLog) hasSegment(base kafka.Offset) bool {
	if l.chain == nil {
		return slices.ContainsFunc(l.live.segments,
			func(s segmentState) bool { return s.base == base })
	}
	return slices.ContainsFunc(l.chain.segments,
		func(s *segment) bool { return s.base == base })
}

// scanBeyond takes into a log what its files have behind what is durable: it is
// all there is of a log whose appends are not journaled. The first batch that
// is not whole ends it, as in Kafka.
func (r *recovery) scanBeyond(l *RecoveredLog, list files) error {
	c := l.chain
	whole, err := r.scanSegment(l, c.active())
	if err != nil {
		return err
	}
	for _, base := range list.segments() {
		if !whole || base <= c.active().base {
			continue
		}
		if base < c.end() {
			continue // left over from a roll that found the disk full
		}
		if base > c.end() {
			break // the end of the segment before was lost
		}
		s := newSegment(r.disk, l.Dir, base)
		if _, err := r.openForScan(s); err != nil {
			return err
		}
		c.active().seal()
		c.segments = append(c.segments, s)
		if whole, err = r.scanSegment(l, s); err != nil {
			return err
		}
	}
	if c.end() < l.live.logStartOffset {
		// What survived ends before what may be read begins: go on from there.
		// The old segments stay, wholly below the start, for retention to
		// remove: this recovery may itself be cut short, and come again.
		if _, err := c.add(l.live.logStartOffset); err != nil {
			return err
		}
	}
	active := c.active()
	l.live.end = place{active.base, active.size, active.next}
	return nil
}

// openForScan opens a segment of which nothing is known, with empty indexes.
func (r *recovery) openForScan(s *segment) (size int64, err error) {
	if err := s.open(); err != nil {
		return 0, err
	}
	if _, err := openIndexes(s); err != nil {
		return 0, err
	}
	return s.file.Size(), nil
}

// scanSegment takes in the batches of a segment behind its size, and cuts off
// what follows the last whole one. It reports whether nothing was cut.
func (r *recovery) scanSegment(l *RecoveredLog, s *segment) (whole bool, err error) {
	end := s.file.Size()
	reader := batchReader{file: s.file, end: end, task: r.task}
	for s.size < end {
		b, err := reader.at(s.size)
		if err == nil {
			err = b.Check()
		}
		if err != nil && !errors.Is(err, batch.ErrCorrupt) && !errors.Is(err, batch.ErrShort) {
			return false, err
		}
		if err != nil || b.BaseOffset() < s.next {
			return false, s.file.Truncate(s.size)
		}
		s.note(b, DefaultConfig().IndexIntervalBytes)
		l.live.producers.apply(b)
		l.live.epochs = assignEpoch(l.live.epochs, b)
	}
	return true, nil
}

// scanUnknown recovers a log that no journal knows: one that Kafka has written,
// or one whose journal was removed. All of it is read. Damage below Kafka's
// recovery point, or in front of a later segment, is no torn tail.
func (r *recovery) scanUnknown(l *RecoveredLog) error {
	list, err := r.listFiles(l.Dir)
	if err != nil {
		return err
	}
	if err := list.mustBeWhole(l.Dir); err != nil {
		return err
	}
	c := newChain(r.disk, l.Dir)
	l.chain, l.touched = &c, true
	start := r.offsetOf(r.starts, l)
	bases, err := r.dropDeleted(l, list.segments(), start)
	if err != nil {
		return err
	}
	if len(bases) == 0 {
		if _, err := c.add(0); err != nil {
			return err
		}
	}
	clean := r.offsetOf(r.recoveryPoints, l)
	for i, base := range bases {
		s := newSegment(r.disk, l.Dir, base)
		size, err := r.openForScan(s)
		if err != nil {
			return err
		}
		if size == 0 && len(c.segments) > 0 && base < c.end() {
			continue // left over from a roll that found the disk full
		}
		c.segments = append(c.segments, s)
		whole, err := r.scanSegmentKeeping(l, s, size, clean, i+1 < len(bases))
		if err != nil {
			return err
		}
		if whole && i+1 < len(bases) {
			s.seal()
		}
	}
	if err := r.readEpochs(l); err != nil {
		return err
	}
	l.live.topic, l.live.firstDirty = l.Topic, r.offsetOf(r.cleaned, l)
	l.live.logStartOffset = max(c.segments[0].base, min(start, c.end()))
	l.state.durable.base = c.segments[0].base
	return r.settle(l)
}

// dropDeleted removes the segments that are wholly below where the log starts. They
// were on their way out when the node stopped, and nobody made them durable.
func (r *recovery) dropDeleted(
	l *RecoveredLog, bases []kafka.Offset, start kafka.Offset,
) ([]kafka.Offset, error) {
	for len(bases) > 1 && bases[1] <= start {
		if err := newSegment(r.disk, l.Dir, bases[0]).remove(); err != nil {
			return nil, err
		}
		bases = bases[1:]
	}
	return bases, nil
}

// scanSegmentKeeping is scanSegment for a log of which some is known to have
// been durable: it cuts nothing of that off.
func (r *recovery) scanSegmentKeeping(
	l *RecoveredLog, s *segment, size int64, durable kafka.Offset, more bool,
) (whole bool, err error) {
	reader := batchReader{file: s.file, end: size, task: r.task}
	for s.size < size {
		b, err := reader.at(s.size)
		if err == nil {
			err = b.Check()
		}
		if err == nil && b.BaseOffset() < s.next {
			err = fmt.Errorf("%w: offset %d after %d", batch.ErrCorrupt, b.BaseOffset(), s.next-1)
		}
		if err != nil {
			if isDisk(err) || more || s.next < durable {
				return false, scanError(s.name, s.size, err)
			}
			return false, s.file.Truncate(s.size)
		}
		s.note(b, DefaultConfig().IndexIntervalBytes)
		l.live.producers.apply(b)
		l.live.epochs = assignEpoch(l.live.epochs, b)
	}
	return true, nil
}

// offsetOf finds a log's line in a checkpoint; -1 when it has none.
func (r *recovery) offsetOf(lines []PartitionOffset, l *RecoveredLog) kafka.Offset {
	for _, line := range lines {
		if line.Topic == l.Topic && line.Partition == l.Partition.Partition {
			return line.Offset
		}
	}
	return kafka.NoOffset
}
