package log

import (
	"errors"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Errors of a log.
var (
	// ErrOutOfRange: the offset is below logStartOffset or above logEndOffset.
	ErrOutOfRange = errors.New("offset out of range")
	// ErrClosed: the log was closed or removed.
	ErrClosed = errors.New("the log is closed")
	// ErrBadFollow: a batch of the leader does not begin where the log ends.
	ErrBadFollow = errors.New("the batch does not follow the log's end")
)

// Home is where the logs of one shard live.
type Home struct {
	Disk    env.Disk
	Loop    *task.Loop
	Clock   env.Clock
	Random  env.Random
	Journal *journal.Journal

	gathering gathering
	// moved are the logs that movesAtTurnEnd was called for in this turn;
	// movedBefore is the list of the turn before, to be used again.
	moved, movedBefore []*Log
}

// NewHome makes a home in a shard's world.
func NewHome(world *env.World, j *journal.Journal) *Home {
	h := &Home{
		Disk: world.Disk, Loop: world.Loop, Clock: world.Clock,
		Random: world.Random.Fork("segment jitter"), Journal: j,
	}
	h.gathering.arena = make([]byte, 0, gatheredBytesMax)
	h.Loop.AtTurnEnd(h.endTurn)
	return h
}

// Log is one partition's log. All of its methods are called on its shard.
type Log struct {
	home      *Home
	topic     string
	partition kafka.TopicPartition
	config    Config
	chain     chain
	writer    *journal.Writer
	// incarnation is as in state.
	incarnation uint64
	// failed is why the log is offline, or nil.
	failed error

	// logStartOffset is the first offset that can be read; logEndOffset the one
	// the next record gets; flushedEndOffset the first one that is not flushed.
	// logStartOffset <= logEndOffset, flushedEndOffset <= logEndOffset.
	// logStartOffset may pass flushedEndOffset only up to what is appended.
	logStartOffset kafka.Offset
	// flushedStartOffset is where the log starts for good: what clients are told,
	// as a crash takes back what is not durable. Invariant: it is at or below
	// logStartOffset. movedStarts are the moves on their way, in order.
	flushedStartOffset kafka.Offset
	movedStarts        []movedStart
	logEndOffset       kafka.Offset
	flushedEndOffset   kafka.Offset

	tail      tail
	reads     recentReads
	cold      coldRange
	epochs    epochs
	producers producers

	// syncedSequence and durable are as in state.
	syncedSequence journal.Sequence
	durable        point
	maintenance    lock
	// truncating forbids appends while a truncation is made durable.
	truncating bool
	closed     bool
	// snapshots wait to be written: one for each roll.
	snapshots []pendingSnapshot
	// doomed segments are no part of the log any more; their files go when the
	// move of the logStartOffset is durable and nobody should be reading them.
	doomed    []doomedSegment
	sweeping  bool
	stateSize int
	// moves is set while the log is among its home's moved.
	moves bool

	compaction compaction

	onFlushed []func()
	flushed   task.Signal
}

// Topic is the topic's name.
func (l *Log) Topic() string { return l.topic }

// Partition names the partition.
func (l *Log) Partition() kafka.TopicPartition { return l.partition }

// Dir is the log's directory.
func (l *Log) Dir() string { return l.chain.dir }

// Failed is why the log is offline, or nil: it wraps ErrCorrupt, ErrClosed or,
// when the whole log directory has failed, env.ErrIO.
func (l *Log) Failed() error {
	if l.failed != nil {
		return l.failed
	}
	return l.home.Journal.Failed()
}

// LogStartOffset is the first offset that can be read. It only moves up.
func (l *Log) LogStartOffset() kafka.Offset { return l.logStartOffset }

// FlushedStartOffset is where the log starts for good: at or below LogStartOffset
// while a move of that is on its way to the disk. It is what clients are told.
func (l *Log) FlushedStartOffset() kafka.Offset { return l.flushedStartOffset }

// LogEndOffset is the offset that the next record will get.
func (l *Log) LogEndOffset() kafka.Offset { return l.logEndOffset }

// FlushedEndOffset is the first offset that is not flushed: everything below it
// survives what the FlushPolicy says. It moves down only by Truncate.
func (l *Log) FlushedEndOffset() kafka.Offset { return l.flushedEndOffset }

// LastLeaderEpoch is the newest leader epoch in the log, or NoLeaderEpoch.
func (l *Log) LastLeaderEpoch() kafka.LeaderEpoch { return l.epochs.latest() }

// EpochAt is the leader epoch under which an offset was written, or
// NoLeaderEpoch where that is not known.
func (l *Log) EpochAt(offset kafka.Offset) kafka.LeaderEpoch { return l.epochs.at(offset) }

// EndOffsetForEpoch returns the largest epoch of the log that is not above the
// one asked for, and the offset it ends before; NoLeaderEpoch and NoOffset if
// the epoch is newer than the log's. Source: KIP-101, KIP-279.
func (l *Log) EndOffsetForEpoch(epoch kafka.LeaderEpoch) (kafka.LeaderEpoch, kafka.Offset) {
	return l.epochs.endOf(epoch, l.logEndOffset)
}

// SizeBytes is the size of the log's segments.
func (l *Log) SizeBytes() int64 {
	if l.failed != nil {
		return 0
	}
	return l.chain.sizeBytes()
}

// Producers lists what the log knows of idempotent producers.
func (l *Log) Producers() []ProducerSnapshot { return l.producers.snapshots() }

// SetConfig gives the log another configuration; the FlushPolicy stays as it
// was when the log was opened.
func (l *Log) SetConfig(config Config) {
	config.FlushPolicy = l.config.FlushPolicy
	l.config = config
	if l.failed == nil {
		l.chain.active().jitter = l.drawJitter()
	}
}

// OnFlushed registers a function to be called whenever flushedEndOffset has
// moved up. Under Durable it is called between tasks; under Background at the
// end of the turn. It must not wait.
func (l *Log) OnFlushed(fn func()) { l.onFlushed = append(l.onFlushed, fn) }

// AwaitFlushed waits until everything below end is flushed. It returns the
// log's failure, or task.ErrDeadline.
func (l *Log) AwaitFlushed(t *task.Task, end kafka.Offset, deadline kafka.Instant) error {
	for l.flushedEndOffset < end {
		if err := l.Failed(); err != nil {
			return err
		}
		if l.config.FlushPolicy == Durable {
			if err := l.home.Journal.Await(t, l.home.Journal.Appended(), deadline); err != nil {
				return err
			}
			continue
		}
		if err := l.flushed.Wait(t, deadline, "the log to be flushed"); err != nil {
			return err
		}
	}
	return nil
}

// Flushed implements journal.Owner.
func (l *Log) Flushed(end kafka.Offset) {
	for len(l.movedStarts) > 0 && l.movedStarts[0].after <= l.home.Journal.Committed() {
		l.flushedStartOffset = l.movedStarts[0].to
		l.movedStarts = l.movedStarts[1:]
	}
	// A commit that was under way when the log was cut may speak of more.
	l.moveFlushed(min(end, l.logEndOffset))
}

func (l *Log) moveFlushed(end kafka.Offset) {
	l.sweepSoon()
	if end <= l.flushedEndOffset {
		return
	}
	l.flushedEndOffset = end
	l.flushed.Broadcast()
	for _, fn := range l.onFlushed {
		fn()
	}
}

// goOffline stops the log for good, keeping its files as they are.
func (l *Log) goOffline(reason error) {
	if l.failed == nil {
		l.failed = reason
	}
	l.flushed.Broadcast()
}

// drawJitter draws how much earlier than segment.ms the active segment rolls.
func (l *Log) drawJitter() int64 {
	limit := min(l.config.SegmentJitterMs, l.config.SegmentMs)
	if limit <= 0 {
		return 0
	}
	return int64(l.home.Random.Uint64() % uint64(limit))
}

// state is the log as it is now.
func (l *Log) state() state {
	active := l.chain.active()
	s := state{
		policy: l.config.FlushPolicy, topic: l.topic, incarnation: l.incarnation,
		syncedSequence: l.syncedSequence, durable: l.durable,
		logStartOffset: l.logStartOffset, epochs: l.epochs.entries, producers: l.producers,
		end:        place{active.base, active.size, l.logEndOffset},
		firstDirty: l.compaction.firstDirty, swaps: l.compaction.swaps,
		swapping: l.compaction.swapping,
	}
	for _, one := range l.chain.segments {
		s.segments = append(s.segments, one.state())
	}
	return s
}

// journalState appends a State entry.
func (l *Log) journalState(s state) journal.Sequence {
	return l.journalEncoded(s.encode(make([]byte, 0, l.stateSize)))
}

func (l *Log) journalEncoded(bytes []byte) journal.Sequence {
	l.stateSize = len(bytes) + len(bytes)/8
	return l.writer.Append(journal.State, 0, 0, bytes, l.logEndOffset)
}
