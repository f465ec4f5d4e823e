package log

import (
	"errors"
	"fmt"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Create makes the log of a new partition, empty and durable: its directory,
// its first segment, and its State. A directory that has the name and is nobody's, since
// what it says of itself cannot be read, is set aside under another name.
func Create(
	t *task.Task, home *Home, topic string, partition kafka.TopicPartition, config Config,
) (*Log, error) {
	if err := home.Journal.Failed(); err != nil {
		return nil, err
	}
	dir := DirName(topic, partition.Partition)
	l := newLog(home, dir, topic, partition, config)
	l.incarnation = home.Journal.Unique()
	err := home.Disk.MakeDir(dir)
	if errors.Is(err, env.ErrExist) {
		if err = home.Disk.Rename(dir, l.uniqueName(straySuffix)); err == nil {
			err = home.Disk.MakeDir(dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("create log %s: %w", dir, err)
	}
	err = l.create(t)
	if err == nil {
		return l, nil
	}
	err = fmt.Errorf("create log %s: %w", dir, err)
	if !errors.Is(err, env.ErrNoSpace) {
		home.Journal.Fail(err)
		return nil, err
	}
	// Best effort: what stays behind has no data, and the next start removes it.
	_ = l.chain.close()
	_ = removeFiles(home.Disk, dir)
	_ = home.Disk.Remove(dir)
	return nil, err
}

func (l *Log) create(t *task.Task) error {
	disk, dir := l.home.Disk, l.chain.dir
	err := replaceFile(t, disk, dir+"/"+metadataName, encodeMetadata(l.partition.Topic))
	if err != nil {
		return err
	}
	s, err := l.chain.add(0)
	if err != nil {
		return err
	}
	s.created, s.jitter = l.home.Clock.Wall(), l.drawJitter()
	if err := l.chain.sync(t); err != nil {
		return err
	}
	if err := disk.SyncDir(t, ""); err != nil {
		return err
	}
	// A log of the same name and id that was deleted before has nothing to do
	// with this one.
	l.syncedSequence, l.durable = l.home.Journal.Appended(), l.pointNow()
	return l.home.Journal.Await(t, l.journalState(l.state()), kafka.Never)
}

func newLog(
	home *Home, dir, topic string, partition kafka.TopicPartition, config Config,
) *Log {
	l := &Log{
		home: home, topic: topic, partition: partition, config: config,
		chain: newChain(home.Disk, dir),
	}
	l.compaction.firstDirty = kafka.NoOffset
	l.writer = home.Journal.NewWriter(partition, l)
	return l
}

// Open opens a log that Recover has found. It reads nothing: what must be known
// is in the journal. A log that could not be recovered is opened offline: see
// Failed.
func Open(t *task.Task, home *Home, found *RecoveredLog, config Config) (*Log, error) {
	l := newLog(home, found.Dir, found.Topic, found.Partition, config)
	known := &found.state
	l.logStartOffset, l.logEndOffset = known.logStartOffset, known.end.offset
	l.flushedEndOffset, l.flushedStartOffset = l.logEndOffset, l.logStartOffset
	if found.Err != nil {
		l.failed = found.Err
		return l, nil
	}
	l.incarnation = known.incarnation
	l.epochs.entries, l.producers = known.epochs, known.producers
	l.compaction.firstDirty, l.compaction.swaps = known.firstDirty, known.swaps
	for i := range known.segments {
		s := newSegment(home.Disk, l.chain.dir, known.segments[i].base)
		s.restore(known.segments[i])
		l.chain.segments = append(l.chain.segments, s)
	}
	active := l.chain.active()
	if err := active.open(); err != nil {
		return nil, fmt.Errorf("open log %s: %w", l.chain.dir, err)
	}
	active.jitter = l.drawJitter()
	l.durable = l.pointNow()
	l.writer.Expect(found.stateBytes)
	if known.policy != config.FlushPolicy {
		// Recovery must know whether the journal has this log's entries.
		if err := home.Journal.Await(t, l.journalState(l.state()), kafka.Never); err != nil {
			return nil, fmt.Errorf("open log %s: %w", l.chain.dir, err)
		}
	}
	return l, nil
}

// Remove deletes the log. When it returns, the deletion is durable; the files
// go after file.delete.delay.ms, for those who still read them.
//
// The directory is renamed to <topic>-<partition>.<unique>-delete first, as in
// Kafka, so that the name is free at once.
func (l *Log) Remove(t *task.Task) error {
	l.forbidSwaps(t)
	defer l.allowSwaps()
	l.chain.leaving = true
	deletion, err := l.journalDeletion(t)
	if err != nil || deletion == 0 {
		l.chain.leaving = false
		return err
	}
	// The lock is free: the commit may have to wait for a file that is given up
	// only after a checkpoint of this log.
	if err := l.home.Journal.Await(t, deletion, kafka.Never); err != nil {
		return err
	}
	doomed := l.uniqueName(deleteSuffix)
	err = l.home.Disk.Rename(l.chain.dir, doomed)
	if err == nil {
		err = l.home.Disk.SyncDir(t, "")
	}
	if err != nil {
		l.home.Journal.Fail(err)
		return fmt.Errorf("remove log %s: %w", l.chain.dir, err)
	}
	l.home.Loop.Spawn("remove "+doomed, func(t *task.Task) { l.removeLater(t, doomed) })
	return nil
}

// journalDeletion takes the log offline and appends its deletion. The sequence is
// 0 for a log that was closed before.
func (l *Log) journalDeletion(t *task.Task) (journal.Sequence, error) {
	l.maintenance.acquire(t)
	defer l.maintenance.release()
	if l.closed {
		return 0, nil
	}
	if err := l.home.Journal.Failed(); err != nil {
		return 0, err
	}
	l.goOffline(fmt.Errorf("%s was deleted: %w", l.chain.dir, ErrClosed))
	// The incarnation keeps the entry from meaning a later log of the same name.
	incarnation := kafka.Offset(l.incarnation)
	deletion := l.writer.Append(journal.Delete, incarnation, 0, nil, l.logEndOffset)
	l.closed = true
	l.writer.Bury(incarnation)
	return deletion, nil
}

// uniqueName is a name that the log's directory never had, for one that is no longer a
// partition's: Kafka's for directories of deleted logs, and for those that it cannot place.
func (l *Log) uniqueName(end string) string {
	suffix := fmt.Sprintf("-%d.%032x%s", l.partition.Partition, l.home.Journal.Unique(), end)
	const nameMax = 255 // of a file, on every file system there is
	return l.topic[:min(len(l.topic), nameMax-len(suffix))] + suffix
}

func (l *Log) removeLater(t *task.Task, dir string) {
	t.Sleep(millis(l.config.FileDeleteDelayMs))
	for _, one := range l.doomed {
		_ = one.segment.retire() // the files are about to go
	}
	_ = l.chain.close() // the same
	l.dropMade()
	if err := RemoveLeftover(t, l.home.Disk, dir); err != nil {
		l.home.Journal.Fail(err)
	}
}

// RemoveLeftover removes a directory that Recover has listed among the
// leftovers, file by file, with other work in between.
func RemoveLeftover(t *task.Task, disk env.Disk, dir string) error {
	entries, err := disk.List(dir)
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	for _, entry := range entries {
		if err := disk.Remove(dir + "/" + entry.Name); err != nil {
			return fmt.Errorf("remove %s: %w", dir, err)
		}
		t.Yield()
	}
	if err := disk.Remove(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// removeFiles removes all files of a directory.
func removeFiles(disk env.Disk, dir string) error {
	entries, err := disk.List(dir)
	for _, entry := range entries {
		err = errors.Join(err, disk.Remove(dir+"/"+entry.Name))
	}
	return err
}

func removeIfThere(disk env.Disk, name string) error {
	if err := disk.Remove(name); err != nil && !errors.Is(err, env.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}
