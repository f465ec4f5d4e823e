package batch

import (
	"encoding/binary"

	"odradek/core/kafka"
)

// survey is what is to be known of a batch's records as a whole, found without
// decoding any of them.
type survey struct {
	// minTimestamp and maxTimestamp bound the timestamps of the records that have
	// one. As Kafka counts, maxTimestamp is at least kafka.NoTimestamp.
	minTimestamp, maxTimestamp kafka.Timestamp
	// dense is set if the offset deltas are 0, 1, 2 ...
	dense bool
	// keyed is set if every record has a key.
	keyed bool
}

// surveyor takes a survey of plain records, as far at a time as it is let.
type surveyor struct {
	survey
	records []byte
	// at is where the next record begins, seen how many came before it.
	at   int
	seen int32
	// base and count are what the header says of the records; count is -1 once
	// something was not a record, where the survey ends.
	base  kafka.Timestamp
	count int32
}

// begin prepares to survey the records of a batch, which are plain. Nothing that
// the header says is relied on.
func (s *surveyor) begin(b Batch, plain []byte) {
	s.records, s.base, s.count = plain, b.BaseTimestamp(), b.RecordCount()
	s.survey = survey{minTimestamp: noneSeen, maxTimestamp: kafka.NoTimestamp,
		dense: true, keyed: true}
}

// walk surveys the records that begin before end. It reads about ten bytes of a
// record and skips the rest.
func (s *surveyor) walk(end int) {
	// What the loop works on is in registers, not in *s: a record must not wait for
	// the store of where it begins.
	found, rest, seen := s.survey, s.records[s.at:], s.seen
	for left := len(s.records) - end; seen < s.count && len(rest) > left; seen++ {
		shape := quickShape(rest)
		if shape.size == 0 {
			shape = carefulShape(rest)
		}
		if shape.size == 0 {
			s.count = -1
			break
		}
		timestamp := s.base + kafka.Timestamp(shape.timestampDelta)
		if timestamp != kafka.NoTimestamp {
			found.minTimestamp = min(found.minTimestamp, timestamp)
			found.maxTimestamp = max(found.maxTimestamp, timestamp)
		}
		found.dense = found.dense && shape.offsetDelta == seen
		found.keyed = found.keyed && shape.keyed
		rest = rest[shape.size:]
	}
	s.survey, s.at, s.seen = found, len(s.records)-len(rest), seen
}

// sound ends the survey, all having been walked, and reports whether there were
// as many records as the header says, each well-formed, and nothing after.
func (s *surveyor) sound() bool {
	if s.minTimestamp == noneSeen {
		s.minTimestamp = kafka.NoTimestamp
	}
	return s.seen == s.count && s.at == len(s.records)
}

// noneSeen is a minTimestamp until a record with a timestamp was seen.
const noneSeen kafka.Timestamp = 1<<63 - 1

// shape is what a survey looks at in one record.
type shape struct {
	// size is the record's, its length included; 0: this is not a record.
	size           int
	timestampDelta int64
	offsetDelta    int32
	keyed          bool
}

// quickShape reads the first record of b if that is of the ordinary kind: no
// headers, no number beyond three bytes, and room to read whole words. For any
// other it gives up with a size of 0, and carefulShape has the last word.
func quickShape(b []byte) shape {
	if len(b) < 24 {
		return shape{}
	}
	length, n := shortVarint(binary.LittleEndian.Uint64(b))
	end := n + length
	if n == 0 || length < recordMin-1 || end > len(b) {
		return shape{}
	}
	word := binary.LittleEndian.Uint64(b[n+1:]) // behind the attributes
	delta, deltaSize := shortVarint(word)
	offset, offsetSize := shortVarint(word >> (8 * deltaSize & 63))
	at := n + 1 + deltaSize + offsetSize
	if deltaSize == 0 || offsetSize == 0 || at+8 > len(b) {
		return shape{}
	}
	key, keySize := shortVarint(binary.LittleEndian.Uint64(b[at:]))
	at += keySize + max(key, 0)
	if keySize == 0 || at+8 > len(b) {
		return shape{}
	}
	value, valueSize := shortVarint(binary.LittleEndian.Uint64(b[at:]))
	at += valueSize + max(value, 0)
	if valueSize == 0 || at+1 != end || b[at] != 0 {
		return shape{}
	}
	return shape{size: end, timestampDelta: int64(delta), offsetDelta: int32(offset), keyed: key >= 0}
}

// shortVarint reads a zigzag integer of at most three bytes off the low end of
// a word. n is its size, or 0 if it is longer. It branches where it could
// shift: the sizes repeat from record to record, so they are predicted, and
// reading the next record need not wait for this one.
func shortVarint(word uint64) (v, n int) {
	u := uint32(word)
	switch {
	case u&0x80 == 0:
		u, n = u&0x7f, 1
	case u&0x8000 == 0:
		u, n = u&0x7f|u>>1&0x3f80, 2
	case u&0x800000 == 0:
		u, n = u&0x7f|u>>1&0x3f80|u>>2&0x1fc000, 3
	default:
		return 0, 0
	}
	return int(u>>1) ^ -int(u&1), n
}

// carefulShape reads any record.
func carefulShape(b []byte) shape {
	body, rest, err := recordFrame(b)
	if err != nil {
		return shape{}
	}
	s := readShape(body)
	if s.size != 0 {
		s.size = len(b) - len(rest)
	}
	return s
}

// readShape reads a record's body; size is then the body's.
func readShape(body []byte) shape {
	c := cursor{b: body}
	c.int8()
	s := shape{size: len(body), timestampDelta: c.varint64(), offsetDelta: c.varint32()}
	s.keyed = c.bytes() != nil
	c.bytes()
	headers := c.varint32()
	if c.bad || headers < 0 || int64(headers)*2 > int64(len(c.b)) {
		return shape{}
	}
	for range headers {
		c.headerKey()
		c.bytes()
		if c.bad {
			return shape{}
		}
	}
	if len(c.b) != 0 {
		return shape{}
	}
	return s
}
