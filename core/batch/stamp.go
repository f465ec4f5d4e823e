package batch

import (
	"encoding/binary"

	"odradek/core/kafka"
)

// SetBaseOffset moves the batch to where the log has it. The base offset is
// outside the CRC, so the leader stamps it without reading the records again.
func (b Batch) SetBaseOffset(offset kafka.Offset) {
	binary.BigEndian.PutUint64(b[baseOffsetAt:], uint64(offset))
}

// SetLeaderEpoch stamps the epoch of the leader that appends the batch. It is
// outside the CRC, too. Source: KIP-101.
func (b Batch) SetLeaderEpoch(epoch kafka.LeaderEpoch) {
	binary.BigEndian.PutUint32(b[leaderEpochAt:], uint32(epoch))
}

// SetMaxTimestamp stamps the timestamp type and the newest timestamp, and
// renews the CRC if that changed anything. Attribute bits that mean nothing
// are cleared with it, as Kafka does. The CRC has to be right before.
func (b Batch) SetMaxTimestamp(timestampType TimestampType, timestamp kafka.Timestamp) {
	if b.TimestampType() == timestampType && b.MaxTimestamp() == timestamp {
		return
	}
	before := b.headerSum()
	attributes := b.Attributes() & knownFlags &^ logAppendTimeFlag
	if timestampType == LogAppendTime {
		attributes |= logAppendTimeFlag
	}
	binary.BigEndian.PutUint16(b[attributesAt:], uint16(attributes))
	binary.BigEndian.PutUint64(b[maxTimestampAt:], uint64(timestamp))
	b.reseal(before)
}
