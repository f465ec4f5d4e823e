package batch

import (
	"encoding/binary"

	"odradek/core/assert"
)

// rebuild makes a batch of the same records, numbered without gaps and
// compressed with target. plain has been surveyed, and s is what was found.
// The batch has memory of its own.
func (c *Codecs) rebuild(b Batch, plain []byte, s *survey, target Codec, r *Rules) Batch {
	h := b.header()
	h.attributes = h.attributes&knownFlags&^codecMask | Attributes(target)
	h.maxTimestamp = s.maxTimestamp
	if !s.dense {
		plain = renumber(plain, h.recordCount)
	}
	level := r.Level
	if r.Compression == ProducerCompression {
		// The topic names no codec, so it has no level for this one either.
		level = DefaultLevel
	}
	return assemble(h, c.Compress(make([]byte, HeaderSize, HeaderSize+len(plain)),
		target, level, plain))
}

// renumber returns the records with offset deltas 0, 1, 2 ... All else in them
// is copied byte by byte.
func renumber(plain []byte, count int32) []byte {
	out := make([]byte, 0, len(plain)+int(count))
	for i := range count {
		body, rest, err := recordFrame(plain)
		assert.That(err == nil, "records are sound when they are numbered anew")
		_, n := varint64(body[1:])
		head, tail := body[:1+n], body[1+n:]
		_, n = varint32(tail)
		tail = tail[n:]
		size := len(head) + varintSize(int64(i)) + len(tail)
		out = binary.AppendVarint(out, int64(size))
		out = append(out, head...)
		out = binary.AppendVarint(out, int64(i))
		out = append(out, tail...)
		plain = rest
	}
	return out
}
