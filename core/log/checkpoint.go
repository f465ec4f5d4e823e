package log

import (
	"errors"
	"fmt"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Checkpoint implements journal.Owner: it makes durable what was appended
// before the call, in the files, and appends a State, so that the journal's
// older entries are not needed any more. Appends go on meanwhile.
func (l *Log) Checkpoint(t *task.Task) error {
	for {
		err := l.checkpoint(t)
		if !errors.Is(err, errLeaving) {
			return err
		}
		// Whoever removes the log goes first; then there is nothing left to do here.
		t.Yield()
	}
}

// errLeaving ends a checkpoint of a log that is being removed.
var errLeaving = errors.New("the log is being removed")

func (l *Log) checkpoint(t *task.Task) error {
	l.maintenance.acquire(t)
	defer l.maintenance.release()
	if l.closed {
		return l.writer.SayAgain(t)
	}
	mark := l.writer.Mark()
	defer l.writer.Forget(mark)
	before := l.state()
	var encoded []byte
	if l.config.FlushPolicy == Background {
		// Without entries in the journal, nothing would tell what the producers
		// were at the durable point but a State of that very moment.
		before.syncedSequence, before.durable = l.home.Journal.Appended(), l.pointNow()
		encoded = before.encode(make([]byte, 0, l.stateSize))
	}
	if err := l.syncFiles(t); err != nil {
		return fmt.Errorf("checkpoint %s: %w", l.chain.dir, err)
	}
	if l.config.FlushPolicy == Background {
		l.journalEncoded(encoded)
		if l.logStartOffset > before.logStartOffset {
			l.journalStart() // it has moved meanwhile
		}
		return nil
	}
	l.journalState(l.state())
	return nil
}

// syncFiles makes the files durable as far as they go now. The maintenance lock
// is held.
func (l *Log) syncFiles(t *task.Task) error {
	sequence := l.home.Journal.Appended()
	reached := l.pointNow()
	if err := l.writeSnapshots(t); err != nil {
		return err
	}
	if err := l.writeEpochs(t); err != nil {
		return err
	}
	if err := l.chain.sync(t); err != nil {
		return err
	}
	l.syncedSequence, l.durable = sequence, reached
	return nil
}

// pointNow is where the files end.
func (l *Log) pointNow() point {
	s := l.chain.active()
	return point{place: place{s.base, s.size, l.logEndOffset}, segment: s.state()}
}

// Snapshots, leader-epoch-checkpoint and the indexes can be made again from what
// is durable elsewhere. So a disk too full for them is no failure: they are
// written at the next checkpoint that finds room.

// writeEpochs writes leader-epoch-checkpoint if it is behind.
func (l *Log) writeEpochs(t *task.Task) error {
	if !l.epochs.changed {
		return nil
	}
	l.epochs.changed = false
	err := replaceFile(t, l.home.Disk, l.chain.dir+"/"+epochsName, l.epochs.encode())
	if errors.Is(err, env.ErrNoSpace) {
		l.epochs.changed = true
		return nil
	}
	l.chain.dirChanged = true
	return err
}

// writeSnapshots writes the producer snapshots that wait.
func (l *Log) writeSnapshots(t *task.Task) error {
	for len(l.snapshots) > 0 {
		if l.chain.leaving {
			return errLeaving
		}
		one := l.snapshots[0]
		if one.offset < l.chain.segments[0].base {
			l.snapshots = l.snapshots[1:] // its segment is gone, and never asks for it
			continue
		}
		name := fileName(l.chain.dir, one.offset, snapshotSuffix)
		err := replaceFile(t, l.home.Disk, name, one.bytes)
		if errors.Is(err, env.ErrNoSpace) {
			return nil
		}
		if err != nil {
			return err
		}
		l.chain.dirChanged = true
		// Only Truncate drops snapshots, and it keeps out while this waits.
		l.snapshots = l.snapshots[1:]
	}
	return nil
}

// Close makes everything durable, writes the files that Kafka reads at a clean
// start, and gives the log up. It is called once nobody appends any more.
func (l *Log) Close(t *task.Task) error {
	l.forbidSwaps(t)
	defer l.allowSwaps()
	l.dropMade()
	last, err := l.finish(t)
	if err != nil || last == 0 {
		return err
	}
	// The lock is free: the commit may have to wait for a file that is given up only
	// after all checkpoints.
	if err := l.home.Journal.Await(t, last, kafka.Never); err != nil {
		return fmt.Errorf("close %s: %w", l.chain.dir, err)
	}
	l.flushed.Broadcast()
	return l.chain.close()
}

// finish makes everything durable but the log's last State, which it appends. The
// sequence is 0 when there is nothing to wait for.
func (l *Log) finish(t *task.Task) (journal.Sequence, error) {
	l.maintenance.acquire(t)
	defer l.maintenance.release()
	if l.closed {
		return 0, nil
	}
	if l.failed != nil {
		l.writer.Detach()
		l.closed = true
		return 0, nil
	}
	if err := l.Failed(); err != nil {
		return 0, err
	}
	last := pendingSnapshot{l.logEndOffset, l.producers.encodeSnapshot()}
	l.snapshots = append(l.snapshots, last)
	l.chain.active().seal()
	if err := l.syncFiles(t); err != nil {
		l.home.Journal.Fail(err)
		return 0, fmt.Errorf("close %s: %w", l.chain.dir, err)
	}
	final := l.state()
	encoded := final.encode(make([]byte, 0, l.stateSize))
	sequence := l.journalEncoded(encoded)
	// From here on the journal asks nothing of the log any more.
	l.closed, l.failed = true, ErrClosed
	l.writer.Rest(encoded)
	return sequence, nil
}
