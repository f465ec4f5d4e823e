package wire

import (
	"encoding/binary"
	"math"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// The append functions put Kafka's primitive types behind dst. flexible chooses
// the compact encoding (KIP-482): a length is written plus one, as a uvarint,
// and zero is null.

func appendInt16(dst []byte, value int16) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(value))
}

func appendInt32(dst []byte, value int32) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(value))
}

func appendInt64(dst []byte, value int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(value))
}

func appendUvarint(dst []byte, value uint32) []byte {
	for value >= 0x80 {
		dst = append(dst, byte(value)|0x80)
		value >>= 7
	}
	return append(dst, byte(value))
}

// appendLength appends the length of bytes or of an array; -1 is null.
func appendLength(dst []byte, flexible bool, length int) []byte {
	assert.That(length >= -1 && length <= math.MaxInt32, "a length fits its field")
	if flexible {
		return appendUvarint(dst, uint32(length+1))
	}
	return appendInt32(dst, int32(length))
}

// appendText appends a string that is not null.
func appendText[T string | []byte](dst []byte, flexible bool, text T) []byte {
	if flexible {
		dst = appendUvarint(dst, uint32(len(text)+1))
	} else {
		assert.That(len(text) <= math.MaxInt16, "a string fits a classic length field")
		dst = appendInt16(dst, int16(len(text)))
	}
	return append(dst, text...)
}

// appendTextOrNull appends a string, or null in place of an empty one. It is for
// messages, which may quote what a client sent: one too long for a classic
// length field is cut.
func appendTextOrNull(dst []byte, flexible bool, text string) []byte {
	switch {
	case text != "" && !flexible:
		return appendText(dst, flexible, text[:min(len(text), math.MaxInt16)])
	case text != "":
		return appendText(dst, flexible, text)
	case flexible:
		return append(dst, 0)
	default:
		return appendInt16(dst, -1)
	}
}

// appendTopic appends a topic's id or, in versions before ids, its name.
func appendTopic(dst []byte, byID, flexible bool, name []byte, id kafka.TopicID) []byte {
	if byID {
		return append(dst, id[:]...)
	}
	return appendText(dst, flexible, name)
}
