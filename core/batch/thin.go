package batch

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Compaction takes records out of a batch. What is left keeps the batch's place:
// its base and last offset, so that no offset is given twice, its producer's
// sequences, so that the producer is still known by them, its leader epoch and its
// codec. The records left keep their offsets and times.

// DeleteHorizon is the time from which compaction may drop the batch's tombstones
// and markers; ok is false where none was set yet. Source: KIP-534.
func (b Batch) DeleteHorizon() (horizon kafka.Timestamp, ok bool) {
	if !b.HasDeleteHorizon() {
		return kafka.NoTimestamp, false
	}
	return b.BaseTimestamp(), true
}

// Like takes over what a batch says of itself, for a batch of some of its records:
// all but the records' number, the times that follow from them, and the delete
// horizon. Under LogAppendTime the newest time is the original's, too.
func (b *Builder) Like(original Batch) *Builder {
	h := original.header()
	h.attributes &= knownFlags &^ deleteHorizonFlag
	h.recordCount, h.baseTimestamp = 0, kafka.NoTimestamp
	b.stamped = original.TimestampType() == LogAppendTime
	if !b.stamped {
		h.maxTimestamp = kafka.NoTimestamp
	}
	b.header, b.spanned = h, true
	return b
}

// Until sets the delete horizon: the field that else has the first record's
// time. It comes before the first record. Source: KIP-534.
func (b *Builder) Until(horizon kafka.Timestamp) *Builder {
	assert.That(b.header.recordCount == 0, "a batch's base time is known before its records")
	b.header.attributes |= deleteHorizonFlag
	b.header.baseTimestamp, b.based = horizon, true
	return b
}

// Emptied is the batch without any of its records: what stays of a batch whose
// place or producer has to be remembered. Its newest time stays as it was. The
// result has memory of its own. Source: Kafka, DefaultRecordBatch.writeEmptyHeader.
func (b Batch) Emptied() Batch {
	h := b.header()
	h.attributes &= knownFlags &^ (codecMask | deleteHorizonFlag)
	h.recordCount, h.baseTimestamp = 0, kafka.NoTimestamp
	return assemble(h, make([]byte, HeaderSize))
}
