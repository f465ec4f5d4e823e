package log

import (
	"slices"

	"odradek/core/kafka"
)

// epochStart says at which offset a leader epoch began.
type epochStart struct {
	Epoch kafka.LeaderEpoch
	Start kafka.Offset
}

// epochs is the history of a log's leader epochs: both columns rise strictly.
// It is what the leader epochs in the batches say, shortened.
//
// Source: KIP-101, KIP-279; Kafka's LeaderEpochFileCache.
type epochs struct {
	entries []epochStart
	// changed is set when leader-epoch-checkpoint is behind.
	changed bool
}

// assign takes note that what begins at offset is written under an epoch. An
// epoch that began there or later has left nothing in the log, or what it has
// left was cut off: it is forgotten. So is one that contradicts, being newer.
func (e *epochs) assign(epoch kafka.LeaderEpoch, offset kafka.Offset) {
	if epoch < 0 {
		return
	}
	n := len(e.entries)
	for n > 0 && (e.entries[n-1].Epoch > epoch ||
		e.entries[n-1].Epoch < epoch && e.entries[n-1].Start >= offset) {
		n--
	}
	if n > 0 && e.entries[n-1].Epoch == epoch && e.entries[n-1].Start > offset {
		n-- // it began earlier than was known
	}
	if n < len(e.entries) {
		e.entries, e.changed = e.entries[:n], true
	}
	if n == 0 || e.entries[n-1].Epoch < epoch {
		e.entries, e.changed = append(e.entries, epochStart{epoch, offset}), true
	}
}

// latest is the newest epoch, or NoLeaderEpoch.
func (e *epochs) latest() kafka.LeaderEpoch {
	if len(e.entries) == 0 {
		return kafka.NoLeaderEpoch
	}
	return e.entries[len(e.entries)-1].Epoch
}

// at is the epoch that an offset was written under, or NoLeaderEpoch.
func (e *epochs) at(offset kafka.Offset) kafka.LeaderEpoch {
	i, _ := slices.BinarySearchFunc(e.entries, offset, func(s epochStart, o kafka.Offset) int {
		if s.Start <= o {
			return -1
		}
		return 1
	})
	if i == 0 {
		return kafka.NoLeaderEpoch
	}
	return e.entries[i-1].Epoch
}

// endOf returns the largest epoch known that is not above the one asked for,
// and where it ends: where the next begins, or the log's end. It returns
// NoLeaderEpoch and NoOffset for an epoch that is newer than all known. For one
// that is older than all known it returns that epoch, and where the first known
// begins.
func (e *epochs) endOf(
	epoch kafka.LeaderEpoch, logEnd kafka.Offset,
) (kafka.LeaderEpoch, kafka.Offset) {
	if epoch < 0 || epoch > e.latest() {
		return kafka.NoLeaderEpoch, kafka.NoOffset
	}
	if epoch == e.latest() {
		return epoch, logEnd
	}
	higher := slices.IndexFunc(e.entries, func(s epochStart) bool { return s.Epoch > epoch })
	if higher == 0 {
		return epoch, e.entries[0].Start
	}
	return e.entries[higher-1].Epoch, e.entries[higher].Start
}

// cutEnd forgets epochs that began at offset or later.
func (e *epochs) cutEnd(offset kafka.Offset) {
	n := len(e.entries)
	for n > 0 && e.entries[n-1].Start >= offset {
		n--
	}
	if n < len(e.entries) {
		e.entries, e.changed = e.entries[:n], true
	}
}

// cutStart forgets epochs that ended before offset; the one that holds it
// begins there.
func (e *epochs) cutStart(offset kafka.Offset) {
	n := 0
	for n+1 < len(e.entries) && e.entries[n+1].Start <= offset {
		n++
	}
	if len(e.entries) == 0 || n == 0 && e.entries[0].Start >= offset {
		return
	}
	e.entries = slices.Delete(e.entries, 0, n)
	if e.entries[0].Start < offset {
		e.entries[0].Start = offset
	}
	e.changed = true
}
