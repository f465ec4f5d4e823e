package batch

import (
	"encoding/binary"
	"hash/crc32"

	"odradek/core/kafka"
)

// checksum is the CRC-32C of what the batch's CRC covers: everything from the
// attributes on.
func (b Batch) checksum() uint32 {
	return crc32.Checksum(b[attributesAt:], crc32.MakeTable(crc32.Castagnoli))
}

// seal writes the CRC of the batch's bytes into its header.
func (b Batch) seal() {
	binary.BigEndian.PutUint32(b[crcAt:], b.checksum())
}

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
// are cleared with it, as Kafka does.
func (b Batch) SetMaxTimestamp(timestampType TimestampType, timestamp kafka.Timestamp) {
	if b.TimestampType() == timestampType && b.MaxTimestamp() == timestamp {
		return
	}
	attributes := b.Attributes() & knownFlags &^ logAppendTimeFlag
	if timestampType == LogAppendTime {
		attributes |= logAppendTimeFlag
	}
	binary.BigEndian.PutUint16(b[attributesAt:], uint16(attributes))
	binary.BigEndian.PutUint64(b[maxTimestampAt:], uint64(timestamp))
	b.seal()
}
