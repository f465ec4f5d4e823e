package wire

import (
	"encoding/binary"
	"errors"

	"odradek/core/kafka"
)

// ErrMalformed is returned for bytes that are not a request of the announced
// key and version: too short, a length or count that cannot be, null where the
// protocol forbids it. The connection is closed, as Kafka does.
var ErrMalformed = errors.New("malformed request")

// ErrTooLarge is returned for a request that is well-formed as far as it was
// read, but has more entries than a request may have.
var ErrTooLarge = errors.New("request has too many entries")

// reader takes Kafka's primitive types off the front of a request. After the
// first fault it is failed for good, at the end of the data, and every method
// returns zero: callers check once, at the end. A loop over a count is safe,
// since a count that the bytes left cannot hold is a fault itself.
type reader struct {
	data   []byte
	at     int
	failed bool
}

func (r *reader) fail() {
	r.failed = true
	r.at = len(r.data)
}

func (r *reader) left() int { return len(r.data) - r.at }

func (r *reader) int8() int8 {
	if r.at >= len(r.data) {
		r.fail()
		return 0
	}
	value := r.data[r.at]
	r.at++
	return int8(value)
}

func (r *reader) int16() int16 {
	if r.left() < 2 {
		r.fail()
		return 0
	}
	value := binary.BigEndian.Uint16(r.data[r.at:])
	r.at += 2
	return int16(value)
}

func (r *reader) int32() int32 {
	if r.left() < 4 {
		r.fail()
		return 0
	}
	value := binary.BigEndian.Uint32(r.data[r.at:])
	r.at += 4
	return int32(value)
}

func (r *reader) int64() int64 {
	if r.left() < 8 {
		r.fail()
		return 0
	}
	value := binary.BigEndian.Uint64(r.data[r.at:])
	r.at += 8
	return int64(value)
}

func (r *reader) topicID() (id kafka.TopicID) {
	if r.left() < len(id) {
		r.fail()
		return id
	}
	id = kafka.TopicID(r.data[r.at : r.at+len(id)])
	r.at += len(id)
	return id
}

// uvarint reads seven bits a byte, the lowest first, at most 32 bits.
func (r *reader) uvarint() uint32 {
	if r.at < len(r.data) && r.data[r.at] < 0x80 {
		value := r.data[r.at]
		r.at++
		return uint32(value)
	}
	return r.longUvarint()
}

func (r *reader) longUvarint() uint32 {
	var value uint32
	for shift := 0; shift < 35 && r.at < len(r.data); shift += 7 {
		piece := r.data[r.at]
		r.at++
		if shift == 28 && piece > 0x0f {
			break
		}
		value |= uint32(piece&0x7f) << shift
		if piece < 0x80 {
			return value
		}
	}
	r.fail()
	return 0
}

// span takes length bytes, aliased; their capacity ends with them.
func (r *reader) span(length int) []byte {
	if length < 0 || length > r.left() {
		r.fail()
		return nil
	}
	from := r.at
	r.at += length
	return r.data[from:r.at:r.at]
}

// nullable takes length bytes, or nil for a negative length. What is not null
// is never nil.
func (r *reader) nullable(length int) []byte {
	if length < 0 {
		return nil
	}
	return r.span(length)
}

// length reads the length of bytes or of an array: -1 or less is null.
func (r *reader) length(flexible bool) int {
	if flexible {
		return int(r.uvarint()) - 1
	}
	return int(r.int32())
}

// textLength reads the length of a string: -1 or less is null.
func (r *reader) textLength(flexible bool) int {
	if flexible {
		return int(r.uvarint()) - 1
	}
	return int(r.int16())
}

// text reads a string that must not be null.
func (r *reader) text(flexible bool) []byte { return r.span(r.textLength(flexible)) }

// nullableText reads a string that may be null.
func (r *reader) nullableText(flexible bool) []byte {
	return r.nullable(r.textLength(flexible))
}

// topic reads a topic's id or, in versions before ids, its name.
func (r *reader) topic(byID, flexible bool) (name []byte, id kafka.TopicID) {
	if byID {
		return nil, r.topicID()
	}
	return r.text(flexible), id
}

// count reads the length of an array that must not be null, whose elements
// take at least elementBytesMin each on the wire. Zero if it cannot be.
func (r *reader) count(flexible bool, elementBytesMin int) int {
	count := r.length(flexible)
	if count < 0 || count > r.left()/elementBytesMin {
		r.fail()
		return 0
	}
	return count
}

// skipTags passes over tagged fields that this version does not know:
//
//	count:uvarint (tag:uvarint size:uvarint bytes[size])*
//
// Source: KIP-482.
func (r *reader) skipTags() {
	if r.at < len(r.data) && r.data[r.at] == 0 {
		r.at++
		return
	}
	r.skipSomeTags()
}

func (r *reader) skipSomeTags() {
	for count := r.uvarint(); count > 0 && !r.failed; count-- {
		r.uvarint()
		r.span(int(r.uvarint()))
	}
}
