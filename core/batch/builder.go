package batch

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Builder makes a batch out of records. It is for those who write records of
// their own: clients, coordinators, the metadata log, compaction. A producer's
// batches pass through the broker as they are.
//
//	b := batch.NewBuilder().
//		Compress(batch.LZ4, batch.DefaultLevel).
//		Producer(producerID, producerEpoch, baseSequence)
//	b.Append(now, key, value)
//	records := b.Build()
//
// Its arguments are the caller's own, so a wrong one is an assertion.
type Builder struct {
	header header
	level  int
	codecs *Codecs
	// spanned is set where the last offset is fixed, based where the base time is,
	// and stamped where the newest time is.
	spanned, based, stamped bool
	plain                   []byte
}

// NewBuilder returns a builder of an uncompressed batch with CreateTime and
// without a producer, at offset 0 and of no leader epoch, as a client sends it.
func NewBuilder() *Builder {
	return &Builder{level: DefaultLevel, header: header{
		leaderEpoch:     kafka.NoLeaderEpoch,
		lastOffsetDelta: -1,
		baseTimestamp:   kafka.NoTimestamp,
		maxTimestamp:    kafka.NoTimestamp,
		producerID:      kafka.NoProducerID,
		producerEpoch:   kafka.NoProducerEpoch,
		baseSequence:    kafka.NoSequence,
	}}
}

// Compress makes Build compress the records. level is DefaultLevel or one of
// the codec's own.
func (b *Builder) Compress(codec Codec, level int) *Builder {
	assert.That(codec.Valid(), "a batch is built with a codec that exists")
	b.header.attributes = b.header.attributes&^codecMask | Attributes(codec)
	b.level = level
	return b
}

// Working gives Build working memory to reuse; without it, it uses its own.
func (b *Builder) Working(codecs *Codecs) *Builder {
	b.codecs = codecs
	return b
}

// Producer makes the batch an idempotent producer's.
func (b *Builder) Producer(
	id kafka.ProducerID, epoch kafka.ProducerEpoch, baseSequence kafka.Sequence,
) *Builder {
	b.header.producerID, b.header.producerEpoch = id, epoch
	b.header.baseSequence = baseSequence
	return b
}

// Transactional makes the batch part of its producer's open transaction.
func (b *Builder) Transactional() *Builder {
	b.header.attributes |= transactionalFlag
	return b
}

// Control makes the records control records; control.go has their contents.
func (b *Builder) Control() *Builder {
	b.header.attributes |= controlFlag
	return b
}

// At puts the batch at an offset, under a leader epoch.
func (b *Builder) At(offset kafka.Offset, epoch kafka.LeaderEpoch) *Builder {
	b.header.baseOffset, b.header.leaderEpoch = offset, epoch
	return b
}

// Span fixes the last offset, which is the last record's otherwise: compaction
// keeps a batch's offsets when it removes records, even all of them.
func (b *Builder) Span(lastOffsetDelta int32) *Builder {
	b.header.lastOffsetDelta, b.spanned = lastOffsetDelta, true
	return b
}

// Append adds a record at the next offset.
func (b *Builder) Append(timestamp kafka.Timestamp, key, value []byte, headers ...Header) {
	next := b.header.recordCount
	if !b.spanned {
		next = b.header.lastOffsetDelta + 1
	}
	b.AppendAt(next, timestamp, Record{Key: key, Value: value, Headers: headers})
}

// AppendAt adds a record at baseOffset+offsetDelta; r's own deltas are not
// looked at. Offsets that go up without gaps are the caller's business.
func (b *Builder) AppendAt(offsetDelta int32, timestamp kafka.Timestamp, r Record) {
	h := &b.header
	if h.recordCount == 0 && !b.based {
		h.baseTimestamp = timestamp
	}
	if !b.stamped && (h.recordCount == 0 || timestamp > h.maxTimestamp) {
		h.maxTimestamp = timestamp
	}
	if !b.spanned {
		h.lastOffsetDelta = offsetDelta
	}
	h.recordCount++
	r.OffsetDelta = offsetDelta
	r.TimestampDelta = int64(timestamp - h.baseTimestamp)
	b.plain = appendRecord(b.plain, r)
}

// Count is the number of records appended so far.
func (b *Builder) Count() int32 { return b.header.recordCount }

// Size is how long the batch would be now, uncompressed, in bytes.
func (b *Builder) Size() int { return HeaderSize + len(b.plain) }

// Build returns the batch, in memory of its own; the builder may go on, and
// build a longer one.
func (b *Builder) Build() Batch {
	assert.That(b.header.lastOffsetDelta >= 0, "a batch has records or spans offsets")
	codecs := b.codecs
	if codecs == nil {
		codecs = new(Codecs)
		b.codecs = codecs
	}
	bytes := make([]byte, HeaderSize, HeaderSize+len(b.plain))
	h := b.header
	if h.recordCount == 0 {
		// There is nothing to compress, and Kafka says so in the attributes.
		h.attributes &^= codecMask
	}
	return assemble(h, codecs.Compress(bytes, h.attributes.Codec(), b.level, b.plain))
}
