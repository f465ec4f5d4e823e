package broker

import (
	"errors"

	"odradek/core/batch"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/wire"
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

// produce appends one entry of a Produce request and says in outcome, which is
// as AddPartition made it, what became of it. It returns the offset behind the
// batch, which the highWatermark has to reach before the entry may be
// acknowledged. roomWanted is not zero when nothing was done since the journal
// has no room: the bytes to wait for.
func (h *partition) produce(s *Shard, records []byte, version, acks int16,
	outcome *wire.ProduceResponsePartition) (next kafka.Offset, roomWanted int) {
	if h.Log.Failed() != nil {
		outcome.Error = kafka.ErrKafkaStorageError
		return 0, 0
	}
	if acks == -1 && len(h.ISR()) < h.insyncMin {
		outcome.Error = kafka.ErrNotEnoughReplicas
		return 0, 0
	}
	h.rules.Now = s.world.Clock.Wall()
	h.rules.ProduceVersion = version
	verdict := batch.Validate(records, &h.rules)
	if verdict.Error != kafka.None {
		h.refuse(outcome, &verdict)
		return 0, 0
	}
	if verdict.Batch.IsTransactional() {
		h.refuse(outcome, &batch.Verdict{Error: kafka.ErrInvalidTxnState})
		return 0, 0
	}
	appended, code, err := h.Append(verdict.Batch)
	if err != nil {
		if errors.Is(err, journal.ErrCongested) {
			return 0, len(verdict.Batch)
		}
		s.diskFailed(err)
		outcome.Error = kafka.ErrKafkaStorageError
		return 0, 0
	}
	if code != kafka.None {
		h.refuse(outcome, &batch.Verdict{Error: code})
		return 0, 0
	}
	if !appended.Duplicate {
		s.world.Trace.Event("append", h.Topic, int64(appended.BaseOffset), int64(appended.LastOffset))
	}
	outcome.BaseOffset, outcome.LogAppendTime = appended.BaseOffset, appended.LogAppendTime
	outcome.LogStartOffset = h.Log.FlushedStartOffset()
	return appended.LastOffset + 1, 0
}

// refuse is the outcome of a batch that the log does not take. As in Kafka it
// has the logStartOffset, except where the batch's bytes themselves are bad.
func (h *partition) refuse(outcome *wire.ProduceResponsePartition, v *batch.Verdict) {
	outcome.Error, outcome.ErrorMessage = v.Error, v.Message
	for _, fault := range v.RecordErrors {
		outcome.RecordErrors = append(outcome.RecordErrors, wire.RecordError(fault))
	}
	switch v.Error {
	case kafka.ErrCorruptMessage, kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge:
	default:
		if !v.Outright {
			outcome.LogStartOffset = h.Log.FlushedStartOffset()
		}
	}
}

// fetchable is the bound of what a fetch may see.
func (h *partition) fetchable(committed bool) kafka.Offset {
	if committed {
		return h.LastStableOffset()
	}
	return h.HighWatermark()
}
