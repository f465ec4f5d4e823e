package batch

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/snappy"
)

// Kafka's Java client frames snappy as the xerial library does; librdkafka and
// others send one bare snappy block. Both are read, the framed form is written.
//
//	 0 magic    8 bytes   82 'S' 'N' 'A' 'P' 'P' 'Y' 00
//	 8 version  int32     1
//	12 compat   int32     1, the oldest version that can read it
//	16 blocks:  length    int32, of the compressed bytes that follow
//	            block     one bare snappy block
const (
	xerialMagic      = "\x82SNAPPY\x00"
	xerialHeaderSize = 16
	xerialVersion    = 1
	// xerialBlockSize is how much goes into one block before compression: the
	// xerial library's default, which every reader has a buffer for.
	xerialBlockSize = 32 << 10
)

// snappyExpansionMax bounds how much longer than its input a snappy block can
// become: a copy of 64 bytes takes three. A longer claim is a lie, found out
// before anything is allocated for it.
const snappyExpansionMax = 22

// compressSnappy writes the xerial form.
func compressSnappy(dst, src []byte) []byte {
	dst = append(dst, xerialMagic...)
	dst = binary.BigEndian.AppendUint32(dst, xerialVersion)
	dst = binary.BigEndian.AppendUint32(dst, xerialVersion)
	for len(src) > 0 {
		block := src[:min(len(src), xerialBlockSize)]
		src = src[len(block):]
		lengthAt := len(dst)
		dst = grow(append(dst, 0, 0, 0, 0), snappy.MaxEncodedLen(len(block)))
		encoded := snappy.Encode(dst[lengthAt+4:cap(dst)], block)
		binary.BigEndian.PutUint32(dst[lengthAt:], uint32(len(encoded)))
		dst = dst[:lengthAt+4+len(encoded)]
	}
	return dst
}

// decompressSnappy reads either form.
func decompressSnappy(dst, src []byte, maxBytes int) ([]byte, error) {
	if len(src) < xerialHeaderSize || string(src[:len(xerialMagic)]) != xerialMagic {
		return decompressSnappyBlock(dst, src, maxBytes)
	}
	start := len(dst)
	src = src[xerialHeaderSize:]
	for len(src) > 0 {
		if len(src) < 4 {
			return dst, fmt.Errorf("%w: snappy block without a length", ErrCorrupt)
		}
		length := int64(int32(binary.BigEndian.Uint32(src)))
		src = src[4:]
		if length < 0 || length > int64(len(src)) {
			return dst, fmt.Errorf("%w: snappy block of %d bytes in %d", ErrCorrupt, length, len(src))
		}
		var err error
		dst, err = decompressSnappyBlock(dst, src[:length], maxBytes-(len(dst)-start))
		if err != nil {
			return dst, err
		}
		src = src[length:]
	}
	return dst, nil
}

// decompressSnappyBlock appends one bare block.
func decompressSnappyBlock(dst, src []byte, maxBytes int) ([]byte, error) {
	size, err := snappy.DecodedLen(src)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if size > maxBytes {
		return dst, ErrTooLarge
	}
	if size > snappyExpansionMax*len(src) {
		return dst, fmt.Errorf("%w: snappy block of %d bytes claims %d", ErrCorrupt, len(src), size)
	}
	dst = grow(dst, size)
	decoded, err := snappy.Decode(dst[len(dst):len(dst)+size:len(dst)+size], src)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return dst[:len(dst)+len(decoded)], nil
}

// grow returns dst with room for n more bytes.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	grown := make([]byte, len(dst), 2*len(dst)+n)
	copy(grown, dst)
	return grown
}
