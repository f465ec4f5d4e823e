package batch

import (
	"encoding/binary"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// header is what a batch's first 61 bytes say, but for the length and the
// checksum, which follow from the rest.
type header struct {
	baseOffset      kafka.Offset
	leaderEpoch     kafka.LeaderEpoch
	attributes      Attributes
	lastOffsetDelta int32
	baseTimestamp   kafka.Timestamp
	maxTimestamp    kafka.Timestamp
	producerID      kafka.ProducerID
	producerEpoch   kafka.ProducerEpoch
	baseSequence    kafka.Sequence
	recordCount     int32
}

// header reads the batch's header.
func (b Batch) header() header {
	return header{
		baseOffset:      b.BaseOffset(),
		leaderEpoch:     b.LeaderEpoch(),
		attributes:      b.Attributes(),
		lastOffsetDelta: b.LastOffsetDelta(),
		baseTimestamp:   b.BaseTimestamp(),
		maxTimestamp:    b.MaxTimestamp(),
		producerID:      b.ProducerID(),
		producerEpoch:   b.ProducerEpoch(),
		baseSequence:    b.BaseSequence(),
		recordCount:     b.RecordCount(),
	}
}

// assemble makes a batch of a header and records that are already compressed as
// the header's attributes say. bytes has HeaderSize bytes of room, then the
// records.
func assemble(h header, bytes []byte) Batch {
	assert.That(len(bytes)-HeaderSize <= recordsMax, "a batch's length fits its length field")
	b := Batch(bytes)
	b.SetBaseOffset(h.baseOffset)
	binary.BigEndian.PutUint32(b[lengthAt:], uint32(len(b)-PrefixSize))
	b.SetLeaderEpoch(h.leaderEpoch)
	b[magicAt] = MagicV2
	binary.BigEndian.PutUint16(b[attributesAt:], uint16(h.attributes))
	binary.BigEndian.PutUint32(b[lastOffsetDeltaAt:], uint32(h.lastOffsetDelta))
	binary.BigEndian.PutUint64(b[baseTimestampAt:], uint64(h.baseTimestamp))
	binary.BigEndian.PutUint64(b[maxTimestampAt:], uint64(h.maxTimestamp))
	binary.BigEndian.PutUint64(b[producerIDAt:], uint64(h.producerID))
	binary.BigEndian.PutUint16(b[producerEpochAt:], uint16(h.producerEpoch))
	binary.BigEndian.PutUint32(b[baseSequenceAt:], uint32(h.baseSequence))
	binary.BigEndian.PutUint32(b[recordCountAt:], uint32(h.recordCount))
	b.seal()
	return b
}
