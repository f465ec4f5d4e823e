package broker

import (
	"errors"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
	"odradek/replica"
)

// fetchEntry is one partition of a fetch, between the connection's shard and
// the partition's.
type fetchEntry struct {
	id    kafka.TopicPartition
	shard int
	// host is the partition when it is on the connection's own shard.
	host *partition

	offset             kafka.Offset
	currentLeaderEpoch kafka.LeaderEpoch
	lastFetchedEpoch   kafka.LeaderEpoch
	bytesMax           int

	outcome fetchOutcome
	watch   replica.Watch
}

// fetchOutcome is what one look at a partition found.
type fetchOutcome struct {
	code             kafka.ErrorCode
	highWatermark    kafka.Offset
	lastStableOffset kafka.Offset
	logStartOffset   kafka.Offset
	// records are whole batches of one segment; none when its Length is 0.
	records log.Range
	// pinned is set when records.File was pinned until it is sent.
	pinned bool
	// diverging tells a reader whose last batch is of another history where
	// the common one ends.
	diverging      bool
	divergingEpoch kafka.LeaderEpoch
	divergingEnd   kafka.Offset
	// unread is set when the partition was not even looked at.
	unread bool
	// cold is set when the bytes are not in memory: a task has to fetch them.
	cold bool
	// bytesThere is how much counts towards min_bytes: the records, or, when the
	// partition's own limit kept some of them back, as much as that limit.
	bytesThere int64
	// stuck is set when the log goes on in another segment than that of the
	// records, or when they fill the response: waiting can add nothing to them.
	stuck bool
}

func failedFetch(code kafka.ErrorCode) fetchOutcome {
	return fetchOutcome{code: code, highWatermark: kafka.NoOffset,
		lastStableOffset: kafka.NoOffset, logStartOffset: kafka.NoOffset}
}

// bytes is how much the entry adds to the response.
func (o *fetchOutcome) bytes() int64 { return o.records.Length }

// urgent reports whether the answer should not wait for more records. That a
// partition is not known is no reason: another one may get some.
func (o *fetchOutcome) urgent() bool {
	return o.code != kafka.None && !o.unread || o.diverging || o.stuck
}

// found takes in what was read below a bound, of a request's partition that has
// a limit of its own. Source: Kafka, DelayedFetch.
func (o *fetchOutcome) found(
	records log.Range, upTo kafka.Offset, partitionBytesMax int, limits fetchLimits,
) {
	o.records, o.bytesThere, o.stuck = records, records.Length, false
	switch {
	case records.NextOffset >= upTo:
	case records.Length > 0 && records.SegmentEnd < upTo,
		limits.bytesLeft <= int64(partitionBytesMax):
		o.stuck = true
	default:
		o.bytesThere = max(records.Length, int64(partitionBytesMax))
	}
}

// fetchLimits are the request's bounds as far as one shard needs them.
type fetchLimits struct {
	// bytesLeft bounds all records of the response; the first batch of a
	// response is whole whatever its size (KIP-74).
	bytesLeft int64
	committed bool
}

// look fills an entry's outcome without waiting. With atLeastOne the first
// batch comes whole even when it is over the limits.
func (h *partition) look(e *fetchEntry, limits fetchLimits, atLeastOne bool) {
	if h.Log.Failed() != nil {
		e.outcome = failedFetch(kafka.ErrKafkaStorageError)
		return
	}
	// To a Fetch, and to it alone, every negative epoch is none.
	if code := h.checkEpoch(max(e.currentLeaderEpoch, kafka.NoLeaderEpoch)); code != kafka.None {
		e.outcome = failedFetch(code)
		return
	}
	if e.bytesMax < 0 {
		e.outcome = failedFetch(kafka.ErrUnknownServerError) // as Kafka answers it
		return
	}
	upTo := h.fetchable(limits.committed)
	e.outcome = fetchOutcome{highWatermark: h.HighWatermark(),
		lastStableOffset: h.LastStableOffset(), logStartOffset: h.Log.FlushedStartOffset()}
	if h.diverges(e) {
		return
	}
	if e.offset < h.Log.LogStartOffset() || e.offset > h.Log.LogEndOffset() {
		e.outcome = failedFetch(kafka.ErrOffsetOutOfRange)
		return
	}
	bytesMax := int(min(int64(e.bytesMax), limits.bytesLeft))
	if e.offset >= upTo {
		return
	}
	if bytesMax <= 0 && !atLeastOne {
		e.outcome.stuck = limits.bytesLeft <= 0
		return
	}
	records, err := h.Log.Read(e.offset, upTo, bytesMax, atLeastOne)
	switch {
	case errors.Is(err, env.ErrCold):
		e.outcome.cold = true
	case err != nil:
		e.outcome = failedFetch(kafka.ErrKafkaStorageError)
	default:
		e.outcome.found(records, upTo, e.bytesMax, limits)
		e.outcome.cold = !h.resident(records)
	}
}

// lookAgain fills an entry's outcome as look does, waiting for the disk.
func (h *partition) lookAgain(t *task.Task, e *fetchEntry, limits fetchLimits, atLeastOne bool) {
	bytesMax := int(min(int64(e.bytesMax), limits.bytesLeft))
	upTo := h.fetchable(limits.committed)
	// The first look is a while ago: what is told belongs to what is read.
	e.outcome.highWatermark, e.outcome.lastStableOffset = h.HighWatermark(), h.LastStableOffset()
	e.outcome.drop()
	records, err := h.Log.ReadCold(t, e.offset, upTo, bytesMax, atLeastOne)
	if err == nil && records.Length > 0 {
		e.outcome.records = records
		e.outcome.pin()
		if err = records.File.Prefetch(t, records.Position, records.Length); err != nil {
			e.outcome.unpin()
		}
	}
	e.outcome.cold = false
	switch {
	case errors.Is(err, log.ErrOutOfRange):
		e.outcome = failedFetch(kafka.ErrOffsetOutOfRange)
	case err != nil:
		e.outcome = failedFetch(kafka.ErrKafkaStorageError)
	default:
		e.outcome.found(records, upTo, e.bytesMax, limits)
	}
}

// tailBytes is how near the end of a segment a range counts as in memory
// without asking: it was written moments ago.
const tailBytes = 1 << 20

func (h *partition) resident(r log.Range) bool {
	if r.Length == 0 || int64(r.Position) >= r.File.Size()-tailBytes {
		return true
	}
	return r.File.Resident(r.Position, r.Length)
}

// checkEpoch fences a client whose view of the leadership is older or newer
// than ours. Source: KIP-320.
func (h *partition) checkEpoch(epoch kafka.LeaderEpoch) kafka.ErrorCode {
	switch {
	case epoch == kafka.NoLeaderEpoch || epoch == h.Epoch():
		return kafka.None
	case epoch < h.Epoch():
		return kafka.ErrFencedLeaderEpoch
	}
	return kafka.ErrUnknownLeaderEpoch
}

// diverges finds out whether the reader's last batch belongs to another history
// of the log. Source: KIP-595, Fetch v12.
func (h *partition) diverges(e *fetchEntry) bool {
	if e.lastFetchedEpoch <= kafka.NoLeaderEpoch {
		return false
	}
	epoch, end := h.Log.EndOffsetForEpoch(e.lastFetchedEpoch)
	if end == kafka.NoOffset || epoch == kafka.NoLeaderEpoch {
		e.outcome = failedFetch(kafka.ErrOffsetOutOfRange)
		return true
	}
	if epoch == e.lastFetchedEpoch && end >= e.offset {
		return false
	}
	e.outcome.diverging = true
	e.outcome.divergingEpoch, e.outcome.divergingEnd = epoch, end
	return true
}
