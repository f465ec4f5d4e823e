package record

import (
	"encoding/binary"
	"errors"
	"slices"

	"odradek/core/assert"
)

// Why bytes are not a record.
var (
	errShort  = errors.New("the bytes end within a field")
	errVarint = errors.New("a varint is longer than it may be")
	errLength = errors.New("a length reaches beyond the bytes")
	errNull   = errors.New("a field is null that must not be")
)

// StringBytesMax is the longest string that a record can hold, in bytes: its length is
// an int16, in the compact form by convention. Whoever makes a record of what a client
// sent checks first.
const StringBytesMax = 1<<15 - 1

// coder walks through fields, reading them from bytes or appending them to bytes. Every
// method takes the place where the value lives. After the first error of a read the
// others do nothing, so that a fields method needs no branches.
type coder struct {
	// bytes is what is still to be read, or all that was written.
	bytes   []byte
	writing bool
	// compact is the encoding of KIP-482: lengths plus one as unsigned varints, and
	// tagged fields at the end of every structure. Without it lengths are an int16
	// (strings) or an int32 (bytes and arrays), and null is -1.
	compact bool
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
	if c.err != nil || n < 0 || len(c.bytes) < n {
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

func integer8[T ~int8](c *coder, value *T) {
	if c.writing {
		c.bytes = append(c.bytes, byte(*value))
	} else if raw := c.take(1); raw != nil {
		*value = T(raw[0])
	}
}

func integer16[T ~int16](c *coder, value *T) {
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

// null is the length of what is null.
const null = -1

// length reads the length of a string (short) or of bytes or an array; null is null.
func (c *coder) length(short bool) int {
	if c.compact {
		return int(c.uvarint()) - 1
	}
	if short {
		var length int16
		integer16(c, &length)
		return max(int(length), null)
	}
	var length int32
	integer32(c, &length)
	return max(int(length), null)
}

func (c *coder) putLength(length int, short bool) {
	switch {
	case c.compact:
		c.putUvarint(length + 1)
	case short:
		raw := int16(length)
		integer16(c, &raw)
	default:
		raw := int32(length)
		integer32(c, &raw)
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

// nullableText is a string or null. A string is taken as it is: whether it is UTF-8 is
// nothing to a coordinator, and refusing it would leave its group without one.
func (c *coder) nullableText(value **string) {
	if c.writing {
		if *value == nil {
			c.putLength(null, true)
			return
		}
		assert.That(len(**value) <= StringBytesMax, "a string of a record fits its length")
		c.putLength(len(**value), true)
		c.bytes = append(c.bytes, **value...)
		return
	}
	length := c.length(true)
	if c.err != nil || length == null {
		*value = nil
		return
	}
	if length > StringBytesMax {
		c.fail(errLength)
		return
	}
	text := string(c.take(length))
	*value = &text
}

// blob is bytes that mean nothing to the coordinator, never null. What is read is a
// copy.
func (c *coder) blob(value *[]byte) {
	if c.writing {
		c.putLength(len(*value), false)
		c.bytes = append(c.bytes, *value...)
		return
	}
	length := c.length(false)
	if c.err == nil && length == null {
		c.fail(errNull)
		return
	}
	*value = slices.Clone(c.take(length))
}

// array is an array that is not null, whose elements take at least elementMin bytes
// each: what a length that was made up is measured by. An empty one is read as nil.
func array[T any](c *coder, values *[]T, elementMin int, element func(*coder, *T)) {
	if c.writing {
		c.putLength(len(*values), false)
		for i := range *values {
			element(c, &(*values)[i])
		}
		return
	}
	count := c.length(false)
	*values = nil
	if c.err == nil && count == null {
		c.fail(errNull)
	}
	if c.err != nil || count == 0 {
		return
	}
	if count > len(c.bytes)/elementMin {
		c.fail(errLength)
		return
	}
	*values = make([]T, count)
	for i := range *values {
		element(c, &(*values)[i])
	}
}

func texts(c *coder, values *[]string) { array(c, values, 1, (*coder).text) }

// tagged is an optional field: written when present is true.
type tagged struct {
	tag     int
	present bool
	field   func(*coder)
}

// tags ends a structure of the compact encoding; of the other it does nothing. The
// fields are given in the order of their tags. Tags that are not among them are
// skipped when read, as KIP-482 asks.
func (c *coder) tags(fields ...tagged) {
	switch {
	case !c.compact:
	case c.writing:
		c.putTags(fields)
	default:
		c.readTags(fields)
	}
}

func (c *coder) putTags(fields []tagged) {
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
		body := coder{writing: true, compact: true}
		f.field(&body)
		c.putUvarint(f.tag)
		c.putUvarint(len(body.bytes))
		c.bytes = append(c.bytes, body.bytes...)
	}
}

func (c *coder) readTags(fields []tagged) {
	for count := c.uvarint(); count > 0 && c.err == nil; count-- {
		tag, length := int(c.uvarint()), c.uvarint()
		if length > uint64(len(c.bytes)) {
			c.fail(errLength)
		}
		body := coder{bytes: c.take(int(length)), compact: true}
		i := slices.IndexFunc(fields, func(f tagged) bool { return f.tag == tag })
		if c.err != nil || i < 0 {
			continue
		}
		fields[i].field(&body)
		if body.err != nil {
			c.fail(body.err)
		}
	}
}
