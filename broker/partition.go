package broker

import (
	"errors"

	"odradek/core/batch"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/replica"
)

// partition is a partition on the shard that owns it: its replica, and what the
// topic's configuration says of writing to it.
type partition struct {
	*replica.Leader
	// rules are what a produced batch is held to, but for the time and the
	// request's version, which are filled in for each.
	rules batch.Rules
	// insyncMin is min.insync.replicas: acks=all is refused below it.
	insyncMin int
	// compactOnly topics are never cut from the front.
	compactOnly bool
	// retired is set when the partition was deleted.
	retired bool
}

// produce appends one entry of a Produce request. It returns the offset behind
// the batch, which the highWatermark has to reach before the entry may be
// acknowledged.
func (h *partition) produce(s *Shard, records []byte, version, acks int16) (
	next kafka.Offset, outcome produceOutcome) {
	if h.Log.Failed() != nil {
		return 0, failedProduce(kafka.ErrKafkaStorageError)
	}
	if acks == -1 && len(h.ISR()) < h.insyncMin {
		return 0, failedProduce(kafka.ErrNotEnoughReplicas)
	}
	h.rules.Now = s.world.Clock.Wall()
	h.rules.ProduceVersion = version
	verdict := batch.Validate(records, h.rules)
	if verdict.Error != kafka.None {
		outcome = h.refusal(verdict.Error)
		if verdict.Outright {
			outcome.logStartOffset = kafka.NoOffset
		}
		outcome.message, outcome.recordErrors = verdict.Message, verdict.RecordErrors
		return 0, outcome
	}
	if verdict.Batch.IsTransactional() {
		return 0, h.refusal(kafka.ErrInvalidTxnState)
	}
	appended, code, err := h.Append(verdict.Batch)
	if errors.Is(err, journal.ErrCongested) {
		outcome.roomWanted = len(verdict.Batch)
		return 0, outcome
	}
	if err != nil {
		s.diskFailed(err)
		return 0, failedProduce(kafka.ErrKafkaStorageError)
	}
	if code != kafka.None {
		return 0, h.refusal(code)
	}
	if !appended.Duplicate {
		s.world.Trace.Event("append", h.Topic, int64(appended.BaseOffset), int64(appended.LastOffset))
	}
	return appended.LastOffset + 1, produceOutcome{
		baseOffset:     appended.BaseOffset,
		logAppendTime:  appended.LogAppendTime,
		logStartOffset: h.Log.FlushedStartOffset(),
	}
}

// refusal is the outcome of a batch that the log does not take. As in Kafka it
// has the logStartOffset, except where the batch's bytes themselves are bad.
func (h *partition) refusal(code kafka.ErrorCode) produceOutcome {
	outcome := failedProduce(code)
	switch code {
	case kafka.ErrCorruptMessage, kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge:
	default:
		outcome.logStartOffset = h.Log.FlushedStartOffset()
	}
	return outcome
}

// fetchable is the bound of what a fetch may see.
func (h *partition) fetchable(committed bool) kafka.Offset {
	if committed {
		return h.LastStableOffset()
	}
	return h.HighWatermark()
}
