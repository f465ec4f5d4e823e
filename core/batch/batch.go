package batch

import (
	"encoding/binary"

	"odradek/core/kafka"
)

// HeaderSize is the size of a batch without its records, in bytes.
const HeaderSize = 61

// PrefixSize is the size of what precedes the bytes that the length field
// counts: the base offset and the length itself.
const PrefixSize = 12

// MagicV2 is the only format that is kept and spoken. Formats 0 and 1 went
// with Kafka 4.0. Source: KIP-724.
const MagicV2 = 2

// Positions of the header's fields; doc.go draws them.
const (
	baseOffsetAt      = 0
	lengthAt          = 8
	leaderEpochAt     = 12
	magicAt           = 16
	crcAt             = 17
	attributesAt      = 21
	lastOffsetDeltaAt = 23
	baseTimestampAt   = 27
	maxTimestampAt    = 35
	producerIDAt      = 43
	producerEpochAt   = 51
	baseSequenceAt    = 53
	recordCountAt     = 57
)

// The bits of the attributes. Bits 7 to 15 are unused: Kafka does not look at
// them, and clears those it finds when it stamps a timestamp.
//
//	15          7   6         5         4         3          2    0
//	+------------+---------+---------+---------+-----------+------+
//	|   unused   | horizon | control | transac-| timestamp | codec|
//	|            |         |         | tional  | type      |      |
//	+------------+---------+---------+---------+-----------+------+
const (
	codecMask         = 0x07
	logAppendTimeFlag = 0x08
	transactionalFlag = 0x10
	controlFlag       = 0x20
	deleteHorizonFlag = 0x40
	knownFlags        = 0x7f
)

// Attributes are a batch's flags.
type Attributes int16

// Codec returns the codec that the records are compressed with. The three bits
// hold more values than there are codecs: ask Codec.Valid.
func (a Attributes) Codec() Codec { return Codec(a & codecMask) }

// TimestampType says whose clock the records' timestamps are from.
func (a Attributes) TimestampType() TimestampType {
	if a&logAppendTimeFlag != 0 {
		return LogAppendTime
	}
	return CreateTime
}

// TimestampType says whose clock a record's timestamp is from. Source: KIP-32.
type TimestampType int8

const (
	// CreateTime is the producer's clock: each record has its own timestamp.
	CreateTime TimestampType = 0
	// LogAppendTime is the leader's clock: all records of a batch have the
	// batch's maxTimestamp.
	LogAppendTime TimestampType = 1
)

// String returns the name that message.timestamp.type takes.
func (t TimestampType) String() string {
	if t == LogAppendTime {
		return "LogAppendTime"
	}
	return "CreateTime"
}

// Batch is exactly one whole batch, its 12-byte prefix included. It aliases
// whatever it was cut from. Its accessors may be called on any Batch from
// Next, which has seen that a whole header is there; none of them allocates.
type Batch []byte

// BaseOffset is the offset of the first record that was written into the
// batch. Compaction may have removed that record since.
func (b Batch) BaseOffset() kafka.Offset {
	return kafka.Offset(binary.BigEndian.Uint64(b[baseOffsetAt:]))
}

// LastOffset is the offset of the last record that was written into the batch,
// inclusive. Compaction keeps it even when it removes that record.
func (b Batch) LastOffset() kafka.Offset {
	return b.BaseOffset() + kafka.Offset(b.LastOffsetDelta())
}

// NextOffset is the offset after the batch's last one.
func (b Batch) NextOffset() kafka.Offset { return b.LastOffset() + 1 }

// LeaderEpoch is the epoch of the leader that appended the batch.
func (b Batch) LeaderEpoch() kafka.LeaderEpoch {
	return kafka.LeaderEpoch(binary.BigEndian.Uint32(b[leaderEpochAt:]))
}

// Magic is the format's version.
func (b Batch) Magic() int8 { return int8(b[magicAt]) }

// CRC is the checksum that the header holds; Check compares it with the bytes.
func (b Batch) CRC() uint32 { return binary.BigEndian.Uint32(b[crcAt:]) }

// Attributes are the batch's flags.
func (b Batch) Attributes() Attributes {
	return Attributes(binary.BigEndian.Uint16(b[attributesAt:]))
}

// Codec is what the records are compressed with.
func (b Batch) Codec() Codec { return b.Attributes().Codec() }

// TimestampType says whose clock the timestamps are from.
func (b Batch) TimestampType() TimestampType { return b.Attributes().TimestampType() }

// IsTransactional reports whether the batch belongs to a transaction.
func (b Batch) IsTransactional() bool { return b.Attributes()&transactionalFlag != 0 }

// IsControl reports whether the batch's records are control records, which
// brokers write and clients do not hand to their users.
func (b Batch) IsControl() bool { return b.Attributes()&controlFlag != 0 }

// HasDeleteHorizon reports whether baseTimestamp is the time from which
// compaction may drop the batch's tombstones and markers. Source: KIP-534.
func (b Batch) HasDeleteHorizon() bool { return b.Attributes()&deleteHorizonFlag != 0 }

// LastOffsetDelta is lastOffset less baseOffset.
func (b Batch) LastOffsetDelta() int32 {
	return int32(binary.BigEndian.Uint32(b[lastOffsetDeltaAt:]))
}

// BaseTimestamp is what the records' timestamp deltas add to: the first
// record's timestamp, or the delete horizon where HasDeleteHorizon holds.
func (b Batch) BaseTimestamp() kafka.Timestamp {
	return kafka.Timestamp(binary.BigEndian.Uint64(b[baseTimestampAt:]))
}

// MaxTimestamp is the newest record's timestamp as the writer of the batch
// says, or the leader's clock under LogAppendTime.
func (b Batch) MaxTimestamp() kafka.Timestamp {
	return kafka.Timestamp(binary.BigEndian.Uint64(b[maxTimestampAt:]))
}

// ProducerID is the idempotent producer, or kafka.NoProducerID.
func (b Batch) ProducerID() kafka.ProducerID {
	return kafka.ProducerID(binary.BigEndian.Uint64(b[producerIDAt:]))
}

// ProducerEpoch is the producer's epoch, or kafka.NoProducerEpoch.
func (b Batch) ProducerEpoch() kafka.ProducerEpoch {
	return kafka.ProducerEpoch(binary.BigEndian.Uint16(b[producerEpochAt:]))
}

// BaseSequence is the first record's sequence, or kafka.NoSequence.
func (b Batch) BaseSequence() kafka.Sequence {
	return kafka.Sequence(binary.BigEndian.Uint32(b[baseSequenceAt:]))
}

// LastSequence is the last record's sequence, or kafka.NoSequence. It wraps.
func (b Batch) LastSequence() kafka.Sequence {
	base := b.BaseSequence()
	if base == kafka.NoSequence {
		return kafka.NoSequence
	}
	return base.Plus(b.LastOffsetDelta())
}

// RecordCount is the number of records as the header says. Compaction may
// leave a batch with none.
func (b Batch) RecordCount() int32 {
	return int32(binary.BigEndian.Uint32(b[recordCountAt:]))
}

// RecordBytes are the records as they are stored: compressed, if they are.
func (b Batch) RecordBytes() []byte { return b[HeaderSize:] }
