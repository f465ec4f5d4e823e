package log

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/assert"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"
)

const (
	// segmentsPerStep is how many segments a RetentionStep lets go of.
	segmentsPerStep = 8
	// producersPerStep is how many producers a RetentionStep looks at.
	producersPerStep = 1024
)

// doomedSegment is a segment that is no part of the log any more.
type doomedSegment struct {
	segment *segment
	// replaced is set when another segment has taken its place, and the names of its
	// files: only its own handles are left to go.
	replaced bool
	// after is the journal entry that must be durable first.
	after journal.Sequence
}

// movedStart is a move of the logStartOffset that is durable after an entry.
type movedStart struct {
	to    kafka.Offset
	after journal.Sequence
}

// DeleteRecords moves logStartOffset up to before; records below it are gone
// for readers at once, and for good when the journal has committed. An offset
// that is not above logStartOffset changes nothing; one above logEndOffset is
// ErrOutOfRange. The caller bounds it by the highWatermark. It does not wait.
func (l *Log) DeleteRecords(before kafka.Offset) error {
	if err := l.Failed(); err != nil {
		return err
	}
	if before > l.logEndOffset {
		return ErrOutOfRange
	}
	if before > l.logStartOffset {
		l.moveStart(before)
	}
	return nil
}

// DeleteRecordsAndWait is DeleteRecords, and waits until it is durable.
func (l *Log) DeleteRecordsAndWait(t *task.Task, before kafka.Offset) error {
	if err := l.DeleteRecords(before); err != nil {
		return err
	}
	return l.home.Journal.Await(t, l.home.Journal.Appended(), kafka.Never)
}

// moveStart moves logStartOffset and lets go of what is wholly below it.
func (l *Log) moveStart(to kafka.Offset) {
	assert.That(to > l.logStartOffset && to <= l.logEndOffset, "logStartOffset only moves up")
	l.logStartOffset = to
	l.epochs.cutStart(to)
	first := l.firstLive()
	after := l.journalStart()
	l.movedStarts = append(l.movedStarts, movedStart{to, after})
	for _, s := range l.chain.segments[:first] {
		l.doomed = append(l.doomed, doomedSegment{segment: s, after: after})
	}
	l.chain.segments = slices.Delete(l.chain.segments, 0, first)
	l.sweepSoon()
}

// firstLive is the first segment that has something at or above logStartOffset.
func (l *Log) firstLive() int {
	first := 0
	for first+1 < len(l.chain.segments) && l.chain.segments[first+1].base <= l.logStartOffset {
		first++
	}
	return first
}

// journalStart appends where the log starts, and with which segment.
func (l *Log) journalStart() journal.Sequence {
	base := l.chain.segments[l.firstLive()].base
	return l.writer.Append(journal.LogStart,
		l.logStartOffset, kafka.Position(base), nil, l.logEndOffset)
}

// RetentionStep lets go of some segments that retention.ms, retention.bytes or
// logStartOffset no longer ask for, but of nothing at or above the
// highWatermark, and forgets some producers that have expired. It reports
// whether there is more to do at once. It does not wait.
//
// The active segment goes only after it was rolled, as in Kafka: when all of
// it is older than retention.ms.
func (l *Log) RetentionStep(now kafka.Timestamp, highWatermark kafka.Offset) (bool, error) {
	if l.failed != nil || l.truncating {
		return false, nil // offline, or being cut: the next round will do
	}
	if err := l.Failed(); err != nil {
		return false, err
	}
	more := l.producers.expireStep(now, l.config.ProducerExpirationMs, producersPerStep)
	n, err := l.deletable(now, highWatermark)
	if err != nil || n == 0 {
		return more, err
	}
	if n == len(l.chain.segments) {
		if err := l.Roll(); err != nil {
			return false, err
		}
	}
	limit := min(n, segmentsPerStep)
	to := l.chain.segments[limit].base
	if to > l.logStartOffset {
		l.moveStart(to)
	}
	return more || limit < n, nil
}

// deletable counts the segments from the oldest on that may go.
func (l *Log) deletable(now kafka.Timestamp, highWatermark kafka.Offset) (int, error) {
	excess := l.chain.sizeBytes() - l.config.RetentionBytes
	for i, s := range l.chain.segments {
		end := s.next
		last := i == len(l.chain.segments)-1
		if !last {
			end = l.chain.segments[i+1].base
		}
		tooBig := l.config.Delete && l.config.RetentionBytes >= 0 && excess >= s.size && !last
		tooOld := l.config.Delete && l.config.RetentionMs >= 0 && l.isTooOld(s, now)
		below := !last && end <= l.logStartOffset
		if end > highWatermark || s.size == 0 && last || !tooBig && !tooOld && !below {
			return i, nil
		}
		excess -= s.size
	}
	return len(l.chain.segments), nil
}

func (l *Log) isTooOld(s *segment, now kafka.Timestamp) bool {
	newest := s.maxTimestamp
	if newest < 0 {
		newest = s.created // Kafka takes the file's time
	}
	return int64(now-newest) > l.config.RetentionMs
}

// sweepSoon starts a task that removes the files of doomed segments, if the
// journal is as far.
func (l *Log) sweepSoon() {
	if l.sweeping || len(l.doomed) == 0 || l.swaps() ||
		l.home.Journal.Committed() < l.doomed[0].after && l.home.Journal.Failed() == nil {
		return
	}
	l.sweeping = true
	l.home.Loop.Spawn("remove old segments of "+l.chain.dir, l.sweep)
}

// sweep removes doomed segments one by one, once those who were reading have had
// file.delete.delay.ms.
func (l *Log) sweep(t *task.Task) {
	defer func() { l.sweeping = false }()
	for len(l.doomed) > 0 {
		t.Sleep(millis(l.config.FileDeleteDelayMs))
		if l.closed || l.Failed() != nil || len(l.doomed) == 0 || l.swaps() ||
			l.home.Journal.Committed() < l.doomed[0].after {
			return
		}
		ready := 0
		for ready < len(l.doomed) && l.home.Journal.Committed() >= l.doomed[ready].after {
			ready++
		}
		for range ready {
			if err := l.removeDoomed(); err != nil {
				l.home.Journal.Fail(err)
				return
			}
			t.Yield()
			if l.closed {
				return
			}
		}
	}
}

// removeDoomed removes the files of the oldest doomed segment, and the producer
// snapshot that went with it.
func (l *Log) removeDoomed() error {
	s, replaced := l.doomed[0].segment, l.doomed[0].replaced
	l.doomed[0] = doomedSegment{}
	l.doomed = l.doomed[1:]
	if err := s.retire(); err != nil {
		return fmt.Errorf("close %s: %w", s.name, err)
	}
	if replaced {
		return nil
	}
	l.chain.dirChanged = true
	if err := removeIfThere(l.home.Disk, fileName(l.chain.dir, s.base, snapshotSuffix)); err != nil {
		return err
	}
	return s.remove()
}

// millis is a configured number of milliseconds as a duration.
func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
