package log

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"odradek/core/env"
	"odradek/core/kafka"
)

// isDisk reports whether an error is the disk's and not that of what is on it.
func isDisk(err error) bool {
	return errors.Is(err, env.ErrIO) || errors.Is(err, env.ErrNoSpace)
}

// readOffsets reads one of Kafka's checkpoints of the log directory. A malformed
// one matters only to a directory that Kafka left: the journal knows better.
func (r *recovery) readOffsets(name string) ([]PartitionOffset, error) {
	offsets, err := readOffsets(r.task, r.disk, name)
	if errors.Is(err, ErrTextFile) && r.found.Journal.Run.Number > 0 {
		return nil, nil
	}
	return offsets, err
}

// files is what a log's directory holds, by name.
type files []env.Entry

func (r *recovery) listFiles(dir string) (files, error) {
	entries, err := r.disk.List(dir)
	return files(entries), err
}

// size returns a file's length, -1 when there is none of that name.
func (f files) size(name string) int64 {
	name = name[strings.LastIndexByte(name, '/')+1:]
	i, ok := slices.BinarySearchFunc(f, name,
		func(e env.Entry, n string) int { return strings.Compare(e.Name, n) })
	if !ok {
		return -1
	}
	return f[i].Size
}

// segments returns the base offsets of the log files, in order.
func (f files) segments() (bases []kafka.Offset) {
	for _, e := range f {
		if base, ok := parseName(e.Name, logSuffix); ok {
			bases = append(bases, base)
		}
	}
	return bases
}

// beyond reports whether there is anything behind a point.
func (f files) beyond(at point) bool {
	bases := f.segments()
	return len(bases) > 0 && bases[len(bases)-1] > at.base ||
		f.size(fileName("", at.base, logSuffix)) > at.position
}

// needRepair reports whether a file of the log is not as long as it should be.
func (f files) needRepair(l *RecoveredLog) bool {
	for _, s := range l.state.segments {
		if f.size(fileName("", s.base, logSuffix)) != s.size ||
			f.size(fileName("", s.base, indexSuffix)) != int64(s.offsetEntries*offsetEntrySize) ||
			f.size(fileName("", s.base, timeIndexSuffix)) != int64(s.timeEntries*timeEntrySize) {
			return true
		}
	}
	return false
}

// openSegment opens a segment that has bytes known durable. What is behind them
// stays for now: it is scanned, or written over by what the journal has, which
// costs the file system less than if it had to find room for it again. settle
// cuts off what is then left. Indexes that are missing or too short are made
// again; recount has what is kept in memory worked out again.
func (r *recovery) openSegment(s *segment, recount bool) (err error) {
	s.file, err = r.disk.Open(s.name)
	if errors.Is(err, env.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing", ErrCorrupt, s.name)
	}
	if err != nil {
		return err
	}
	if s.file.Size() < s.size {
		return fmt.Errorf("%w: %s has %d bytes, %d are known to have been durable",
			ErrCorrupt, s.name, s.file.Size(), s.size)
	}
	whole, err := openIndexes(s)
	if err != nil {
		return err
	}
	if !whole {
		return s.rebuild(r.task)
	}
	if recount {
		return s.reload(r.task, s.size, s.next, make([]byte, scratchBytes))
	}
	return nil
}

// openIndexes opens a segment's indexes and cuts them to the entries they
// should have. It reports whether both have them.
func openIndexes(s *segment) (whole bool, err error) {
	whole = true
	for _, x := range []*index{&s.offsets.index, &s.times.index} {
		x.file, err = x.disk.Open(x.name)
		if errors.Is(err, env.ErrNotExist) {
			x.file, err = x.disk.Create(x.name)
		}
		if err != nil {
			return false, err
		}
		want := int64(x.stored) * int64(x.entrySize)
		if x.file.Size() < want {
			whole = false
		}
		if x.file.Size() > want {
			if err := x.file.Truncate(want); err != nil {
				return false, err
			}
		}
	}
	return whole, nil
}
