package metadata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// UUID is 16 bytes of identity: of a topic, an incarnation of a broker, or a
// log directory.
type UUID [16]byte

// Why bytes are not a record.
var (
	errShort  = errors.New("the bytes end within a field")
	errVarint = errors.New("a varint is longer than it may be")
	errLength = errors.New("a length reaches beyond the bytes")
	errNull   = errors.New("a field is null that must not be")
	errText   = errors.New("a string is not UTF-8")
	errTags   = errors.New("tags are not ascending, or a tagged field has another length")
	errBool   = errors.New("a boolean is neither 0 nor 1")
)

// stringBytesMax is the longest string of Kafka's protocol.
const stringBytesMax = 1<<15 - 1

// coder walks through a record's fields, reading them from bytes or appending
// them to bytes. Every method takes the place where the value lives. After the
// first error of a read the others do nothing, so that a fields method needs
// no branches.
type coder struct {
	// bytes is what is still to be read, or all that was written.
	bytes   []byte
	writing bool
	err     error
}

func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.bytes = nil
}

// take cuts n bytes off what is to be read.
func (c *coder) take(n int) []byte {
	if c.err != nil || len(c.bytes) < n {
		c.fail(errShort)
		return nil
	}
	taken := c.bytes[:n]
	c.bytes = c.bytes[n:]
	return taken
}

// uvarint reads an unsigned varint of at most 32 bits.
func (c *coder) uvarint() uint64 {
	if c.err != nil {
		return 0
	}
	value, n := binary.Uvarint(c.bytes)
	if n == 0 {
		c.fail(errShort)
		return 0
	}
	if n < 0 || value > 1<<32-1 {
		c.fail(errVarint)
		return 0
	}
	c.bytes = c.bytes[n:]
	return value
}

func (c *coder) putUvarint(value int) { c.bytes = binary.AppendUvarint(c.bytes, uint64(value)) }

func (c *coder) boolean(value *bool) {
	var raw int8
	if *value {
		raw = 1
	}
	integer8(c, &raw)
	if raw != 0 && raw != 1 {
		c.fail(errBool)
	}
	*value = raw == 1
}

func integer8[T ~int8](c *coder, value *T) {
	if c.writing {
		c.bytes = append(c.bytes, byte(*value))
	} else if raw := c.take(1); raw != nil {
		*value = T(raw[0])
	}
}

func integer16[T ~int16 | ~uint16](c *coder, value *T) {
	if c.writing {
		c.bytes = binary.BigEndian.AppendUint16(c.bytes, uint16(*value))
	} else if raw := c.take(2); raw != nil {
		*value = T(binary.BigEndian.Uint16(raw))
	}
}

func integer32[T ~int32](c *coder, value *T) {
	if c.writing {
		c.bytes = binary.BigEndian.AppendUint32(c.bytes, uint32(*value))
	} else if raw := c.take(4); raw != nil {
		*value = T(binary.BigEndian.Uint32(raw))
	}
}

func integer64[T ~int64](c *coder, value *T) {
	if c.writing {
		c.bytes = binary.BigEndian.AppendUint64(c.bytes, uint64(*value))
	} else if raw := c.take(8); raw != nil {
		*value = T(binary.BigEndian.Uint64(raw))
	}
}

func uuid[T ~[16]byte](c *coder, value *T) {
	if c.writing {
		raw := [16]byte(*value)
		c.bytes = append(c.bytes, raw[:]...)
	} else if raw := c.take(16); raw != nil {
		*value = T(raw)
	}
}

func (c *coder) text(value *string) {
	pointer := value
	c.nullableText(&pointer)
	if pointer == nil {
		c.fail(errNull)
		return
	}
	*value = *pointer
}

// nullableText is a string or null.
func (c *coder) nullableText(value **string) {
	if c.writing {
		if *value == nil {
			c.putUvarint(0)
			return
		}
		c.putUvarint(len(**value) + 1)
		c.bytes = append(c.bytes, **value...)
		return
	}
	length := c.uvarint()
	if length == 0 {
		*value = nil
		return
	}
	if length-1 > stringBytesMax {
		c.fail(errLength)
		return
	}
	raw := c.take(int(length - 1))
	if !utf8.Valid(raw) {
		c.fail(errText)
		return
	}
	text := string(raw)
	*value = &text
}

// array is an array whose elements take at least elementMin bytes each: what a
// length that was made up is measured by. A null array is read as nil when
// nullable; an empty one is never nil then.
func array[T any](c *coder, values *[]T, nullable bool, elementMin int, element func(*coder, *T)) {
	if c.writing {
		if *values == nil && nullable {
			c.putUvarint(0)
			return
		}
		c.putUvarint(len(*values) + 1)
		for i := range *values {
			element(c, &(*values)[i])
		}
		return
	}
	length := c.uvarint()
	*values = nil
	if c.err != nil || length <= 1 {
		if length == 0 && !nullable {
			c.fail(errNull)
		} else if length == 1 && nullable {
			*values = []T{}
		}
		return
	}
	count := int(length - 1)
	if count > len(c.bytes)/elementMin {
		c.fail(errLength)
		return
	}
	*values = make([]T, count)
	for i := range *values {
		element(c, &(*values)[i])
	}
}

// brokers is an array of broker ids, not null.
func integers[T ~int32](c *coder, values *[]T, nullable bool) {
	array(c, values, nullable, 4, integer32[T])
}

func uuids(c *coder, values *[]UUID, nullable bool) { array(c, values, nullable, 16, uuid[UUID]) }

// tagged is an optional field: written when present is true.
type tagged struct {
	tag     int
	present bool
	field   func(*coder)
}

// tags ends a structure. The fields are given in the order of their tags. Tags
// that are not among them are skipped when read, as KIP-482 asks.
func (c *coder) tags(fields ...tagged) {
	if !c.writing {
		c.readTags(fields)
		return
	}
	count := 0
	for _, f := range fields {
		if f.present {
			count++
		}
	}
	c.putUvarint(count)
	for _, f := range fields {
		if !f.present {
			continue
		}
		body := coder{writing: true}
		f.field(&body)
		c.putUvarint(f.tag)
		c.putUvarint(len(body.bytes))
		c.bytes = append(c.bytes, body.bytes...)
	}
}

func (c *coder) readTags(fields []tagged) {
	last := -1
	for count := c.uvarint(); count > 0 && c.err == nil; count-- {
		tag, length := int(c.uvarint()), c.uvarint()
		if c.err == nil && tag <= last {
			c.fail(errTags)
		}
		if length > uint64(len(c.bytes)) {
			c.fail(errLength)
		}
		last = tag
		body := coder{bytes: c.take(int(length))}
		i := slices.IndexFunc(fields, func(f tagged) bool { return f.tag == tag })
		if c.err != nil || i < 0 {
			continue
		}
		fields[i].field(&body)
		if body.err != nil || len(body.bytes) != 0 {
			c.fail(fmt.Errorf("%w: tag %d", errTags, tag))
		}
	}
}
