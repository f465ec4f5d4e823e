package log

import (
	"fmt"
	"slices"

	"odradek/core/kafka"
	"odradek/core/task"
)

// Truncate cuts off everything from offset on, and waits until that is durable:
// a follower calls it when the new leader's log goes another way. Nothing may be
// appended meanwhile, and no connection may have the range pinned. An offset
// within a batch cuts the whole batch off; one below logStartOffset leaves the
// log empty at that offset's place, as Kafka's truncateFullyAndStartAt would.
//
// Source: KIP-101, KIP-279; Kafka's UnifiedLog.truncateTo.
func (l *Log) Truncate(t *task.Task, offset kafka.Offset) error {
	l.forbidSwaps(t)
	defer l.allowSwaps()
	l.maintenance.acquire(t)
	defer l.maintenance.release()
	if err := l.Failed(); err != nil {
		return err
	}
	if offset >= l.logEndOffset {
		// There is nothing to cut but an epoch that this replica has led, or was
		// about to, without a batch: KAFKA-10706.
		l.epochs.cutEnd(offset)
		return nil
	}
	l.truncating = true
	defer func() { l.truncating = false }()
	if err := l.truncate(t, max(offset, l.logStartOffset)); err != nil {
		err = fmt.Errorf("truncate %s to %d: %w", l.chain.dir, offset, err)
		l.home.Journal.Fail(err)
		return err
	}
	return nil
}

func (l *Log) truncate(t *task.Task, offset kafka.Offset) error {
	if l.config.FlushPolicy == Background {
		// The state below must be that of the durable point: nothing else would
		// tell what the producers were there.
		if err := l.syncFiles(t); err != nil {
			return err
		}
	}
	if err := l.writeSnapshots(t); err != nil {
		return err
	}
	to, err := l.placeOf(t, offset)
	if err != nil {
		return err
	}
	// First the journal: were the files cut first, a crash would leave a log
	// that lacks what its newest State says is durable.
	before := l.state()
	if err := l.dropSnapshots(t, to.offset); err != nil {
		return err
	}
	l.logEndOffset = to.offset
	l.flushedEndOffset = min(l.flushedEndOffset, to.offset)
	l.tail.clear()
	l.reads.clear()
	l.compaction.cut(to.offset)
	l.epochs.cutEnd(to.offset)
	if err := l.rebuildProducers(t, to.offset); err != nil {
		return err
	}
	cut, err := l.cutState(t, before, to)
	if err != nil {
		return err
	}
	if err := l.home.Journal.Await(t, l.journalState(cut), kafka.Never); err != nil {
		return err
	}
	l.syncedSequence, l.durable = cut.syncedSequence, cut.durable
	if err := l.chain.truncate(t, to.offset, to.base, to.position); err != nil {
		return err
	}
	if l.config.FlushPolicy == Background {
		// There are no entries to replay: without a sync the old bytes might
		// come back behind the new end.
		return l.syncFiles(t)
	}
	return nil
}

// placeOf finds the batch that holds offset.
func (l *Log) placeOf(t *task.Task, offset kafka.Offset) (place, error) {
	s := l.chain.segments[l.chain.find(offset)]
	if offset >= s.next {
		return place{s.base, s.size, s.next}, nil
	}
	w := walker{segment: s, task: t, scratch: make([]byte, scratchBytes)}
	position, err := s.positionBefore(&w, max(offset, s.base))
	if err != nil {
		return place{}, err
	}
	for {
		h, err := w.at(position)
		if err != nil {
			return place{}, err
		}
		if h.next > offset {
			// Compaction may have left a gap before the batch.
			return place{s.base, position, min(h.base, offset)}, nil
		}
		position += h.size
	}
}

// cutState is the state of the log when it ends at a place.
func (l *Log) cutState(t *task.Task, before state, to place) (state, error) {
	s := before
	s.truncated, s.end = true, to
	s.firstDirty = l.compaction.firstDirty
	s.epochs, s.producers = l.epochs.entries, l.producers
	for len(s.segments) > 1 && s.segments[len(s.segments)-1].base > to.base {
		s.segments = s.segments[:len(s.segments)-1]
	}
	last := &s.segments[len(s.segments)-1]
	last.size, last.next = to.position, to.offset
	if to.offset >= s.durable.offset {
		return s, nil
	}
	// The files themselves are cut below what was durable, so the entries
	// between are of no use any more.
	active := l.chain.segments[l.chain.find(to.base)]
	offsetEntries, err := active.offsets.countBelow(t, to.offset)
	if err != nil {
		return s, err
	}
	timeEntries, err := active.times.countBelow(t, to.offset)
	if err != nil {
		return s, err
	}
	s.durable = point{place: to, recount: true, segment: segmentState{
		base: to.base, next: to.offset, size: to.position, created: active.created,
		offsetEntries: offsetEntries, timeEntries: timeEntries,
	}}
	s.syncedSequence = l.home.Journal.Appended()
	return s, nil
}

// rebuildProducers makes the producers what they were at an offset: what the
// newest snapshot at or below it says, and the batches behind that.
func (l *Log) rebuildProducers(t *task.Task, end kafka.Offset) error {
	l.producers.clear()
	from, err := l.loadSnapshot(t, end)
	if err != nil {
		return err
	}
	if first := l.chain.segments[0].base; from < first {
		// Batches between the snapshot and the first segment have gone. A producer
		// that is not known may begin anywhere; what is known of one must be true.
		l.producers.clear()
		from = first
	}
	for _, s := range l.chain.segments {
		if s.next <= from || s.base >= end {
			continue
		}
		s.acquire()
		err := s.scan(t, 0, func(b scanned) error {
			if b.batch.BaseOffset() >= from && b.batch.NextOffset() <= end {
				l.producers.apply(b.batch)
			}
			return nil
		})
		s.release()
		if err != nil {
			return err
		}
	}
	return nil
}

// dropSnapshots removes the producer snapshots of offsets above end: they tell
// of batches that are about to go. They must not come back after a crash, when
// other batches have those offsets.
func (l *Log) dropSnapshots(t *task.Task, end kafka.Offset) error {
	l.snapshots = slices.DeleteFunc(l.snapshots,
		func(s pendingSnapshot) bool { return s.offset > end })
	entries, err := l.home.Disk.List(l.chain.dir)
	if err != nil {
		return err
	}
	dropped := false
	for _, entry := range entries {
		if offset, ok := parseName(entry.Name, snapshotSuffix); ok && offset > end {
			dropped = true
			if err := removeIfThere(l.home.Disk, l.chain.dir+"/"+entry.Name); err != nil {
				return err
			}
		}
	}
	if !dropped {
		return nil
	}
	return l.home.Disk.SyncDir(t, l.chain.dir)
}
