package batch

import (
	"bytes"
	"fmt"

	"odradek/core/kafka"
)

// Limits bound what reading a batch's records may cost.
type Limits struct {
	// DecompressedMax is the most bytes the records may decompress to; 0 means
	// DefaultDecompressedMax.
	DecompressedMax int
	// Codecs is working memory to use; nil means fresh memory.
	Codecs *Codecs
}

// Records walks the records of one batch:
//
//	records := b.Records(batch.Limits{})
//	for records.Next() {
//		use(records.Record())
//	}
//	if err := records.Err(); err != nil { ...
//
// What it yields aliases the batch or, where that is compressed, memory that
// was allocated for this walk, so it may be kept.
type Records struct {
	rest   []byte
	left   int32
	record Record
	err    error
}

// Records starts a walk. A compressed batch is decompressed here, within
// limits. The batch need not have been checked: bytes that make no sense end
// the walk with an error.
func (b Batch) Records(limits Limits) Records {
	if limits.DecompressedMax == 0 {
		limits.DecompressedMax = DefaultDecompressedMax
	}
	it := Records{left: b.RecordCount(), rest: b.RecordBytes()}
	if it.left == 0 {
		// Compaction leaves batches without records, and nothing to decompress.
		return it
	}
	if b.Codec() != Uncompressed {
		codecs := limits.Codecs
		if codecs == nil {
			codecs = new(Codecs)
		}
		it.rest, it.err = codecs.Decompress(nil, b.Codec(), it.rest, limits.DecompressedMax)
		if cap(it.rest) > 2*len(it.rest) {
			// A codec's room must not stay with records that are kept.
			it.rest = bytes.Clone(it.rest)
		}
	}
	if it.err == nil && (it.left < 0 || int64(it.left)*recordMin > int64(len(it.rest))) {
		it.err = fmt.Errorf("%w: %d records in %d bytes", ErrCorrupt, it.left, len(it.rest))
	}
	return it
}

// Next moves to the next record and reports whether there is one. It is false
// at the end, and at the first record that cannot be read: see Err.
func (it *Records) Next() bool {
	if it.err != nil {
		return false
	}
	if it.left == 0 {
		if len(it.rest) != 0 {
			it.err = fmt.Errorf("%w: %d bytes after the last record", ErrCorrupt, len(it.rest))
		}
		return false
	}
	body, rest, err := recordFrame(it.rest)
	if err == nil {
		it.record, err = decodeRecord(body)
	}
	if err != nil {
		it.err = err
		return false
	}
	it.rest = rest
	it.left--
	return true
}

// Record is the record that Next moved to.
func (it *Records) Record() Record { return it.record }

// Err says why the walk ended early, or is nil: it wraps ErrCorrupt, ErrTooLarge
// or ErrCodec.
func (it *Records) Err() error { return it.err }

// Offset is a record's offset.
func (b Batch) Offset(r Record) kafka.Offset {
	return b.BaseOffset() + kafka.Offset(r.OffsetDelta)
}

// Timestamp is a record's timestamp: its own, or under LogAppendTime the
// batch's. kafka.NoTimestamp means that its producer gave none.
func (b Batch) Timestamp(r Record) kafka.Timestamp {
	if b.TimestampType() == LogAppendTime {
		return b.MaxTimestamp()
	}
	return b.BaseTimestamp() + kafka.Timestamp(r.TimestampDelta)
}
