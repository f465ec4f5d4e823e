package log

import (
	"errors"
	"math/bits"

	"odradek/core/kafka"
	"odradek/core/task"
)

// Errors of Cleaner.Clean.
var (
	// ErrUncleanable: a batch can't be read, so the log is not compacted any more until
	// it is opened anew. Nothing of it was dropped, and it is served as before.
	ErrUncleanable = errors.New("the log can't be compacted")
	// ErrInterrupted: the log was closed, removed, cut or let go of while it was being
	// compacted. It is as whole as before; another pass begins anew.
	ErrInterrupted = errors.New("the compaction was interrupted")
)

// compaction is what a log knows of its own compaction.
type compaction struct {
	// firstDirty is the offset up to which the log was compacted: NoOffset if it never
	// was. It survives in the State and, for Kafka, in cleaner-offset-checkpoint after
	// a clean stop. It is a hint: a lower one costs work, and nothing else. So is one
	// that is not within the log, as after a power loss under Background.
	firstDirty kafka.Offset
	// swaps counts the swaps that were begun; the number is in the names of the files
	// that a swap brings. Invariant: it is above the number of every such file that a
	// State speaks of.
	swaps int64
	// swapping are the bases of the segments of the last swap, from the moment at
	// which a State with them is appended until their files certainly have their own
	// names. While there are any, swaps is the number in the others.
	swapping []kafka.Offset
	swapped  task.Signal
	// made are segments that a pass is writing: no part of the log yet.
	made []*segment
	// forbidden counts those who keep swaps from beginning: they change the log as a
	// whole.
	forbidden int
	// cuts counts the truncations: a pass that began before one is not to be trusted.
	cuts int
	// uncleanable is why the log is not compacted any more, or nil.
	uncleanable error
}

// cut takes note that the log now ends at an offset.
func (c *compaction) cut(end kafka.Offset) {
	c.cuts++
	c.firstDirty = min(c.firstDirty, end)
}

// Uncleanable is why the log is not compacted any more, or nil.
func (l *Log) Uncleanable() error { return l.compaction.uncleanable }

// Dirt says what a compaction of a log would have to do.
type Dirt struct {
	// from and end are the offsets [from, end) that were never compacted and may be.
	// They begin and end with segments, but for where a pass could not go on.
	from, end kafka.Offset
	// clean and dirty are the bytes of the segments that begin below from, and of those
	// that have something in [from, end).
	clean, dirty int64
	// overdue is set when max.compaction.lag.ms is over for something in there.
	overdue  bool
	ratioMin int64
	// upTo is the highWatermark. Invariant: end <= upTo, unless nothing is dirty.
	upTo kafka.Offset
}

// Ratio is how much of the log is dirty, in millionths.
func (d Dirt) Ratio() int64 {
	total := d.clean + d.dirty
	if total == 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(d.dirty), 1_000_000)
	ratio, _ := bits.Div64(high, low, uint64(total))
	return int64(ratio)
}

// Due reports whether the log is to be compacted now. Source: Kafka,
// LogCleanerManager.grabFilthiestCompactedLog.
func (d Dirt) Due() bool {
	return d.dirty > 0 && (d.overdue || d.Ratio() > d.ratioMin)
}

// Dirt works out what a compaction would have to do at a wall time. Nothing from the
// segment on that has upTo in it, or a record newer than min.compaction.lag.ms, is
// compacted, nor the active one: upTo is the highWatermark or, with transactions, the
// lastStableOffset. It does not wait. Source: Kafka, LogCleanerManager.cleanableOffsets.
func (l *Log) Dirt(now kafka.Timestamp, upTo kafka.Offset) Dirt {
	d := Dirt{ratioMin: l.config.DirtyRatioMin, upTo: upTo}
	if l.failed != nil || !l.config.Compact || l.compaction.uncleanable != nil {
		return d
	}
	d.from = l.compaction.firstDirty
	if d.from < l.logStartOffset || d.from > l.logEndOffset {
		d.from = l.logStartOffset
	}
	d.end = d.from
	for i, s := range l.chain.segments[:len(l.chain.segments)-1] {
		next := l.chain.segments[i+1].base
		if next > d.from {
			tooYoung := l.config.MinCompactionLagMs > 0 &&
				int64(now-s.maxTimestamp) < l.config.MinCompactionLagMs
			if next > upTo || tooYoung {
				break
			}
			d.end = next
			d.dirty += s.size
			d.overdue = d.overdue || s.firstTimestamp > 0 &&
				int64(now-s.firstTimestamp) > l.config.MaxCompactionLagMs
		}
		if s.base < d.from {
			d.clean += s.size
		}
	}
	return d
}

// RollForCompaction rolls the active segment if it keeps a record from being compacted
// that max.compaction.lag.ms is over for. Kafka only does so at the next append, which
// may never come.
func (l *Log) RollForCompaction(now kafka.Timestamp) error {
	if l.failed != nil || !l.config.Compact || l.truncating {
		return nil
	}
	s := l.chain.active()
	if s.size == 0 || s.firstTimestamp <= 0 ||
		int64(now-s.firstTimestamp) <= l.config.MaxCompactionLagMs {
		return nil
	}
	return l.Roll()
}

// forbidSwaps keeps swaps from beginning until allowSwaps, and waits until the one
// under way has ended: the caller is about to change the log as a whole. It must not
// hold the maintenance lock, as the swap may have to wait for a checkpoint.
func (l *Log) forbidSwaps(t *task.Task) {
	l.compaction.forbidden++
	for l.swaps() {
		// Without a deadline the wait only ends by a notification.
		_ = l.compaction.swapped.Wait(t, kafka.Never, "the swap of segments")
	}
}

func (l *Log) allowSwaps() { l.compaction.forbidden-- }

// swaps reports whether a swap is under way.
func (l *Log) swaps() bool { return len(l.compaction.swapping) > 0 }
