package log

import (
	"errors"
	"fmt"
	"slices"

	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"
)

// A swap puts compacted segments in the place of others. The journal says which of
// them the log has, as it is the one order of durable events; the files' names follow:
//
//	files                            journal              a crash now gives
//	------------------------------   ------------------   --------------------------
//	0.log  100.log  200.log          State: 0 100 200     the old segments
//	+ 0.log.7.cleaned, synced                             the old ones; it is removed
//	  names synced                                        the same
//	                                 State: 0 200,        the new ones: recovery
//	                                 swap 7 brings 0      renames what is left of them
//	0.log.7.cleaned -> 0.log                              the new ones, as before
//	100.log removed
//	  names synced                                        the new ones
//	                                 State: 0 200         the new ones
//
// The old files are whole until the State that does without them is committed, and no
// longer needed from then on: what the journal has beyond the files goes behind the
// durable point, which is in a later segment than those that are swapped. Until the
// names are durable every State says again what the swap brings. The number in the
// names keeps a State that was not written over yet from meaning the files of a later
// swap, which may be half-written.
//
// Readers are told of the new segments with the State, before it is committed: a crash
// gives them back the old ones, which hold the same and more. Who has a range of an old
// file reads it to its end, as with retention: the handles stay for
// file.delete.delay.ms, and pinned ranges longer.
//
// Truncate, Close and Remove wait for a swap under way, and keep others from
// beginning. A move of the logStartOffset does not: it lets go of old segments before
// the swap, which is then given up, or of new ones after it, whose files keep their
// names until the swap is over.

// swap puts the segments that were made in the place of a group, and waits until that
// is durable. firstDirty is where the log is dirty then. ErrInterrupted: the group is
// not in the log any more as it was.
func (l *Log) swap(t *task.Task, p *pass, group []*segment, firstDirty kafka.Offset) error {
	if err := l.awaitSwapRoom(t); err != nil {
		return err
	}
	sequence, err := l.beginSwap(t, p, group, firstDirty)
	l.maintenance.release()
	if err != nil {
		return err
	}
	// The lock is free: the commit may have to wait for a file that is given up only
	// after a checkpoint of this log.
	made := segmentsOf(l.chain.segments, l.compaction.swapping)
	err = l.home.Journal.Await(t, sequence, kafka.Never)
	if err == nil {
		err = l.nameSwapped(t, group, made)
	}
	if err != nil {
		l.home.Journal.Fail(err) // nothing may follow a swap that is not known to be durable
	}
	l.compaction.swapping = nil
	l.compaction.swapped.Broadcast()
	l.sweepSoon()
	return err
}

// segmentsOf finds segments by their bases.
func segmentsOf(all []*segment, bases []kafka.Offset) []*segment {
	var found []*segment
	for _, s := range all {
		if slices.Contains(bases, s.base) {
			found = append(found, s)
		}
	}
	return found
}

// awaitSwapRoom takes the maintenance lock when the journal has room for a State.
func (l *Log) awaitSwapRoom(t *task.Task) error {
	for {
		err := l.home.Journal.AwaitReady(t, l.stateSize, kafka.Never)
		if err != nil && !errors.Is(err, journal.ErrTooLarge) {
			return err
		}
		l.maintenance.acquire(t)
		if !errors.Is(l.home.Journal.Ready(l.stateSize), journal.ErrCongested) {
			return nil
		}
		l.maintenance.release()
	}
}

// beginSwap makes the new segments the log's, and appends the State that says so.
// The maintenance lock is held.
func (l *Log) beginSwap(
	t *task.Task, p *pass, group []*segment, firstDirty kafka.Offset,
) (journal.Sequence, error) {
	background := l.config.FlushPolicy == Background
	before := l.state()
	if background {
		// As for a checkpoint: the State has to be that of the durable point.
		before.syncedSequence, before.durable = l.home.Journal.Appended(), l.pointNow()
		if err := l.syncFiles(t); err != nil {
			return 0, err
		}
	}
	if err := p.check(); err != nil {
		return 0, err
	}
	if _, ok := l.chain.at(group); !ok {
		return 0, ErrInterrupted // retention has let go of some
	}
	if group[len(group)-1].base >= l.durable.base {
		return 0, ErrInterrupted // the log was cut, and has grown again
	}
	// From here on the names mean other files: whoever still reads the old ones has to
	// have them open.
	for _, s := range group {
		if err := s.openAll(); err != nil {
			return 0, err
		}
	}
	made := l.compaction.made
	l.compaction.made = nil
	for _, s := range made {
		l.compaction.swapping = append(l.compaction.swapping, s.base)
	}
	l.compaction.firstDirty = firstDirty
	l.chain.replace(group, made)
	l.reads.clear()
	l.cold = coldRange{}
	var sequence journal.Sequence
	if background {
		before.swap(group, made)
		before.firstDirty, before.swapping = firstDirty, l.compaction.swapping
		sequence = l.journalEncoded(before.encode(make([]byte, 0, l.stateSize)))
		if l.logStartOffset > before.logStartOffset {
			sequence = l.journalStart() // it has moved meanwhile
		}
	} else {
		sequence = l.journalState(l.state())
	}
	for _, s := range group {
		l.doomed = append(l.doomed, doomedSegment{segment: s, replaced: true, after: sequence})
	}
	return sequence, nil
}

// swap puts segments in the place of others in a State that was made before.
func (s *state) swap(group, made []*segment) {
	first := slices.IndexFunc(s.segments,
		func(known segmentState) bool { return known.base == group[0].base })
	var states []segmentState
	for _, one := range made {
		states = append(states, one.state())
	}
	s.segments = slices.Replace(s.segments, first, first+len(group), states...)
}

// nameSwapped gives the new segments' files their names, and removes those of the old
// ones. The State that says so is committed. Any error means that the device is going.
func (l *Log) nameSwapped(t *task.Task, group, made []*segment) error {
	err := l.renameMade(group, made)
	if err == nil {
		err = l.home.Disk.SyncDir(t, l.chain.dir)
	}
	if err != nil {
		return fmt.Errorf("swap segments of %s: %w", l.chain.dir, err)
	}
	return nil
}

func (l *Log) renameMade(group, made []*segment) error {
	for _, s := range made {
		plain := newSegment(l.home.Disk, l.chain.dir, s.base)
		names := [][2]*string{{&s.times.name, &plain.times.name},
			{&s.offsets.name, &plain.offsets.name}, {&s.name, &plain.name}}
		for _, name := range names {
			if err := l.home.Disk.Rename(*name[0], *name[1]); err != nil {
				return fmt.Errorf("rename %s: %w", *name[0], err)
			}
			*name[0] = *name[1]
		}
	}
	for _, s := range group {
		if slices.ContainsFunc(made, func(m *segment) bool { return m.base == s.base }) {
			continue
		}
		name := fileName(l.chain.dir, s.base, snapshotSuffix)
		if err := errors.Join(s.remove(), removeIfThere(l.home.Disk, name)); err != nil {
			return err
		}
	}
	return nil
}
