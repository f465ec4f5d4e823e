package log

import (
	"errors"
	"fmt"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
)

// writebackBytes is how much is handed to write-behind at a time: the segments
// follow the journal in steady steps, and a sync later finds little to do.
const writebackBytes = 1 << 20

// Appended is where a batch went.
type Appended struct {
	BaseOffset kafka.Offset
	LastOffset kafka.Offset
	// LogAppendTime is the batch's timestamp if the leader set it, else
	// NoTimestamp. A duplicate has its first appending's timestamp.
	LogAppendTime  kafka.Timestamp
	LogStartOffset kafka.Offset
	// Duplicate is set when the batch was appended before, at these offsets.
	Duplicate bool
}

// Append writes a validated batch at the log's end, under the leader's epoch.
// It stamps the batch's base offset and leader epoch in place, and does not
// wait: the batch can be read at once, and survives once FlushedEndOffset is
// above its last offset.
//
// The code is the client's fault, and nothing was appended:
// OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, RECORD_LIST_TOO_LARGE (a
// batch over segment.bytes), MESSAGE_TOO_LARGE (one the journal can't take).
// The error is the world's fault, and nothing was appended either:
// journal.ErrCongested (wait with journal.AwaitReady, then try again),
// env.ErrNoSpace (nothing is wrong with the log), and the log's failure, which
// wraps env.ErrIO, ErrCorrupt or ErrClosed. Source: Kafka's UnifiedLog.append.
func (l *Log) Append(b batch.Batch, epoch kafka.LeaderEpoch) (Appended, kafka.ErrorCode, error) {
	if err := l.Failed(); err != nil {
		return Appended{}, kafka.None, err
	}
	if b.ProducerID() >= 0 && !b.IsControl() {
		known, code := l.producers.check(b)
		if code != kafka.None {
			return Appended{}, code, nil
		}
		if known != nil {
			return Appended{
				BaseOffset: known.baseOffset(), LastOffset: known.lastOffset, Duplicate: true,
				LogAppendTime: known.timestamp, LogStartOffset: l.flushedStartOffset,
			}, kafka.None, nil
		}
	}
	if int64(len(b)) > l.config.SegmentBytes {
		return Appended{}, kafka.ErrRecordListTooLarge, nil
	}
	b.SetBaseOffset(l.logEndOffset)
	b.SetLeaderEpoch(epoch)
	if err := l.put(b); err != nil {
		if errors.Is(err, journal.ErrTooLarge) {
			return Appended{}, kafka.ErrMessageTooLarge, nil
		}
		return Appended{}, kafka.None, err
	}
	appended := Appended{
		BaseOffset: b.BaseOffset(), LastOffset: b.LastOffset(),
		LogAppendTime: kafka.NoTimestamp, LogStartOffset: l.flushedStartOffset,
	}
	if b.TimestampType() == batch.LogAppendTime {
		appended.LogAppendTime = b.MaxTimestamp()
	}
	return appended, kafka.None, nil
}

// AppendFetched writes a batch of the leader's as it is. It must begin at
// logEndOffset or, where compaction has left a gap, above: ErrBadFollow
// otherwise. Other errors are Append's.
func (l *Log) AppendFetched(b batch.Batch) error {
	if err := l.Failed(); err != nil {
		return err
	}
	if b.BaseOffset() < l.logEndOffset {
		return fmt.Errorf("append %s at %d, a batch from %d: %w",
			l.chain.dir, l.logEndOffset, b.BaseOffset(), ErrBadFollow)
	}
	return l.put(b)
}

// put writes a stamped batch to the active segment and to the journal. All that
// can fail comes first; from the write on, nothing does.
func (l *Log) put(b batch.Batch) error {
	assert.That(!l.truncating, "nothing is appended while the log is being cut")
	durable := l.config.FlushPolicy == Durable
	if durable {
		if err := l.home.Journal.Ready(len(b)); err != nil {
			return err
		}
	}
	if err := l.rollIfDue(b); err != nil {
		return l.writeFailed(err)
	}
	s := l.chain.active()
	position := s.size
	if err := s.append(b, l.config.IndexIntervalBytes, &l.home.gathering); err != nil {
		return l.writeFailed(err)
	}
	l.epochs.assign(b.LeaderEpoch(), b.BaseOffset())
	l.producers.apply(b)
	l.tail.add(mark{b.BaseOffset(), position}, l.flushedEndOffset)
	l.logEndOffset = b.NextOffset()
	assert.That(l.logEndOffset == s.next, "the log ends where its active segment does")
	if durable {
		l.writer.Append(journal.Data, s.base, kafka.Position(position), b, l.logEndOffset)
	} else {
		l.movesAtTurnEnd()
	}
	return nil
}

// writeFailed decides what an error of the page cache means. A full disk is
// the client's bad luck; anything else means that the device is going.
func (l *Log) writeFailed(err error) error {
	err = fmt.Errorf("append %s at %d: %w", l.chain.dir, l.logEndOffset, err)
	if !errors.Is(err, env.ErrNoSpace) {
		l.home.Journal.Fail(err)
	}
	return err
}
