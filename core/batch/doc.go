// Package batch is Kafka's record batch, version 2: a view on bytes, and what
// may be done with them.
//
// A Batch is the unit of everything a broker does. It is written, replicated,
// checked and served whole, and on the hot path it is never taken apart: the
// header says how many records there are, which offsets and sequences they
// take and how new they are, and one CRC-32C covers the rest. Records are
// decoded only by those who must see them: consumers, compaction, the
// coordinators, and Validate where a topic's rules ask for it.
//
// The layout, with the position of each field; integers are big-endian:
//
//	 0 baseOffset           int64   stamped by the leader        \
//	 8 length               int32   bytes that follow it          | not under
//	12 partitionLeaderEpoch int32   stamped by the leader         | the CRC
//	16 magic                int8    2                             |
//	17 crc                  uint32  CRC-32C of all that follows  /
//	21 attributes           int16   codec, timestamp type, flags
//	23 lastOffsetDelta      int32   lastOffset - baseOffset
//	27 baseTimestamp        int64   what timestamp deltas add to
//	35 maxTimestamp         int64   the newest record's
//	43 producerId           int64   -1: none
//	51 producerEpoch        int16   -1: none
//	53 baseSequence         int32   -1: none
//	57 recordCount          int32
//	61 records                      compressed as one block, or plain
//
// What it must never do: panic on bytes that somebody else wrote, allocate by a
// length it has not checked against the bytes that are there or against a
// limit, keep state between calls (working memory is a Codecs that the caller
// owns), or start a goroutine for a codec.
//
// Invariants: a Batch from Next, Build or Validate has its length field equal
// to its length and at least the 61 bytes of a header; what changes a byte
// under the CRC renews it.
//
// Read batch.go first, then record.go, then validate.go. Sources: the Kafka
// protocol guide, KIP-98 (format), KIP-110 (zstd), KIP-467 (per-record errors),
// KIP-534 (delete horizon). The chapter is docs/chapters/02-batches-and-the-wire.md.
package batch
