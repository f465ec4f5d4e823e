package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Header is one of a record's headers: free-form, ordered, keys may repeat.
// Source: KIP-82.
type Header struct {
	Key string
	// Value is nil where Kafka has null.
	Value []byte
}

// Record is one record as a batch holds it, relative to the batch's header;
// Batch.Offset and Batch.Timestamp give what it is in absolute terms.
//
//	length          varint   of all that follows
//	attributes      int8     none is defined
//	timestampDelta  varlong  to the batch's baseTimestamp
//	offsetDelta     varint   to the batch's baseOffset
//	keyLength       varint   -1: null, then the key
//	valueLength     varint   -1: null, then the value
//	headerCount     varint
//	headers:        keyLength varint, key; valueLength varint (-1: null), value
type Record struct {
	OffsetDelta    int32
	TimestampDelta int64
	// Key and Value alias what was decoded; nil is null, which is not empty.
	Key, Value []byte
	Headers    []Header
	// Attributes is a byte of flags of which Kafka defines none.
	Attributes int8
}

// headersMax bounds the headers of one record. Kafka has no bound of its own,
// but a header takes 2 bytes in a batch and 40 decoded, and nobody has so many.
const headersMax = 1 << 16

// recordMin is the least a record takes, its length included: seven numbers of
// one byte each.
const recordMin = 7

// errRecord is what is wrong with a record's own bytes.
var errRecord = errors.New("a record's bytes do not make a record")

// recordFrame cuts the first record off b: its body after the length, and what
// follows it.
func recordFrame(b []byte) (body, rest []byte, err error) {
	length, n := varint32(b)
	if n == 0 || length < recordMin-1 || int64(length) > int64(len(b)-n) {
		return nil, nil, fmt.Errorf("%w: %w: length in %d bytes", ErrCorrupt, errRecord, len(b))
	}
	end := n + int(length)
	return b[n:end:end], b[end:], nil
}

// cursor reads a record's body. After its first failure it is stuck and yields
// zeros, so that reading is a list of fields and one look at bad at the end.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) int8() int8 {
	if c.bad || len(c.b) == 0 {
		c.bad = true
		return 0
	}
	v := int8(c.b[0])
	c.b = c.b[1:]
	return v
}

func (c *cursor) varint32() int32 {
	v, n := varint32(c.b)
	c.advance(n)
	return v
}

func (c *cursor) varint64() int64 {
	v, n := varint64(c.b)
	c.advance(n)
	return v
}

func (c *cursor) advance(n int) {
	if n == 0 {
		c.bad, c.b = true, nil
		return
	}
	c.b = c.b[n:]
}

// bytes reads a length and that many bytes. Every negative length is null, as
// Kafka reads it.
func (c *cursor) bytes() []byte {
	length := c.varint32()
	if length < 0 {
		return nil
	}
	if int64(length) > int64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	v := c.b[:length:length]
	c.b = c.b[length:]
	return v
}

// headerKey reads a header's key, which cannot be null.
func (c *cursor) headerKey() []byte {
	key := c.bytes()
	if key == nil {
		c.bad = true
	}
	return key
}

// decodeRecord reads a record's body. The result aliases it.
func decodeRecord(body []byte) (Record, error) {
	c := cursor{b: body}
	r := Record{
		Attributes:     c.int8(),
		TimestampDelta: c.varint64(),
		OffsetDelta:    c.varint32(),
		Key:            c.bytes(),
		Value:          c.bytes(),
	}
	count := c.varint32()
	// A header takes two bytes at least.
	if c.bad || count < 0 || int64(count)*2 > int64(len(c.b)) {
		return Record{}, fmt.Errorf("%w: %w: before the headers", ErrCorrupt, errRecord)
	}
	if count > headersMax {
		return Record{}, fmt.Errorf("%w: %d headers in a record", ErrTooLarge, count)
	}
	if count > 0 {
		r.Headers = make([]Header, count)
	}
	for i := range r.Headers {
		r.Headers[i] = Header{Key: string(c.headerKey()), Value: c.bytes()}
	}
	if c.bad || len(c.b) != 0 {
		return Record{}, fmt.Errorf("%w: %w: its headers or its end", ErrCorrupt, errRecord)
	}
	return r, nil
}

// appendRecord writes a record with its length before it.
func appendRecord(dst []byte, r Record) []byte {
	dst = binary.AppendVarint(dst, int64(recordBodySize(r)))
	dst = append(dst, byte(r.Attributes))
	dst = binary.AppendVarint(dst, r.TimestampDelta)
	dst = binary.AppendVarint(dst, int64(r.OffsetDelta))
	dst = appendNullable(dst, r.Key)
	dst = appendNullable(dst, r.Value)
	dst = binary.AppendVarint(dst, int64(len(r.Headers)))
	for _, h := range r.Headers {
		dst = binary.AppendVarint(dst, int64(len(h.Key)))
		dst = append(dst, h.Key...)
		dst = appendNullable(dst, h.Value)
	}
	return dst
}

func appendNullable(dst, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(dst, -1)
	}
	dst = binary.AppendVarint(dst, int64(len(v)))
	return append(dst, v...)
}

// recordBodySize is what a record takes without its length.
func recordBodySize(r Record) int {
	size := 1 + varintSize(r.TimestampDelta) + varintSize(int64(r.OffsetDelta)) +
		nullableSize(r.Key) + nullableSize(r.Value) + varintSize(int64(len(r.Headers)))
	for _, h := range r.Headers {
		size += varintSize(int64(len(h.Key))) + len(h.Key) + nullableSize(h.Value)
	}
	return size
}

func nullableSize(v []byte) int {
	if v == nil {
		return varintSize(-1)
	}
	return varintSize(int64(len(v))) + len(v)
}

// recordsMax bounds the bytes of a batch's records, since its length is an
// int32 that counts the header, too.
const recordsMax = math.MaxInt32 - HeaderSize
