package batch

import (
	"encoding/binary"
	"math"
)

// Records number things in zigzag variable-length integers of at most 5 bytes
// (lengths, counts, offset deltas) or 10 (timestamp deltas), as Protocol
// Buffers' sint32 and sint64.

// varint32 reads an integer of 32 bits. n is its size, or 0 if there is none:
// the bytes end, or the number needs more than 32 bits.
func varint32(b []byte) (v int32, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int32(b[0]>>1) ^ -int32(b[0]&1), 1
	}
	wide, n := binary.Varint(b)
	if n <= 0 || n > binary.MaxVarintLen32 || wide < math.MinInt32 || wide > math.MaxInt32 {
		return 0, 0
	}
	return int32(wide), n
}

// varint64 reads an integer of 64 bits. n is its size, or 0 if there is none.
func varint64(b []byte) (v int64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int64(b[0]>>1) ^ -int64(b[0]&1), 1
	}
	v, n = binary.Varint(b)
	return v, max(n, 0)
}

// varintSize is how many bytes v takes.
func varintSize(v int64) int {
	size := 1
	for u := uint64(v)<<1 ^ uint64(v>>63); u >= 0x80; u >>= 7 {
		size++
	}
	return size
}
