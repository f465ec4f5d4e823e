package metadatahash

import (
	"encoding/binary"
	"math/bits"
)

// The constants of XXH3. Source: the xxHash specification, 0.8.
const (
	prime32a = 0x9E3779B1
	prime32b = 0x85EBCA77
	prime32c = 0xC2B2AE3D
	prime64a = 0x9E3779B185EBCA87
	prime64b = 0xC2B2AE3D27D4EB4F
	prime64c = 0x165667B19E3779F9
	prime64d = 0x85EBCA77C2B2AE63
	prime64e = 0x27D4EB2F165667C5
	primeMix = 0x165667919E3779F9
	primeMul = 0x9FB21C651E98DF25
)

// secret is the fixed key that input is mixed with.
const secret = "" +
	"\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe\x7c\x01\x81\x2c\xf7\x21\xad\x1c" +
	"\xde\xd4\x6d\xe9\x83\x90\x97\xdb\x72\x40\xa4\xa4\xb7\xb3\x67\x1f" +
	"\xcb\x79\xe6\x4e\xcc\xc0\xe5\x78\x82\x5a\xd0\x7d\xcc\xff\x72\x21" +
	"\xb8\x08\x46\x74\xf7\x43\x24\x8e\xe0\x35\x90\xe6\x81\x3a\x26\x4c" +
	"\x3c\x28\x52\xbb\x91\xc3\x00\xcb\x88\xd0\x65\x8b\x1b\x53\x2e\xa3" +
	"\x71\x64\x48\x97\xa2\x0d\xf9\x4e\x38\x19\xef\x46\xa9\xde\xac\xd8" +
	"\xa8\xfa\x76\x3f\xe3\x9c\x34\x3f\xf9\xdc\xbb\xc7\xc7\x0b\x4f\x1d" +
	"\x8a\x51\xe0\x4b\xcd\xb4\x59\x31\xc8\x9f\x7e\xc9\xd9\x78\x73\x64" +
	"\xea\xc5\xac\x83\x34\xd3\xeb\xc3\xc5\x81\xa0\xff\xfa\x13\x63\xeb" +
	"\x17\x0d\xdd\x51\xb7\xf0\xda\x49\xd3\x16\x55\x26\x29\xd4\x68\x9e" +
	"\x2b\x16\xbe\x58\x7d\x47\xa1\xfc\x8f\xf8\xb8\xd1\x7a\xd0\x31\xce" +
	"\x45\xcb\x3a\x8f\x95\x16\x04\x28\xaf\xd7\xfb\xca\xbb\x4b\x40\x7e"

// Sizes of the hash of long input.
const (
	stripeSize = 64
	// stripesPerBlock is how often the key is moved on by 8 bytes before it ends.
	stripesPerBlock = (len(secret) - stripeSize) / 8
	blockSize       = stripeSize * stripesPerBlock
	midSizeMax      = 240
)

// sum64 is XXH3 with 64 bits and seed 0.
func sum64(b []byte) uint64 {
	n := len(b)
	switch {
	case n == 0:
		return avalanche64(keyWord(56) ^ keyWord(64))
	case n <= 3:
		word := uint64(b[0])<<16 | uint64(b[n>>1])<<24 | uint64(b[n-1]) | uint64(n)<<8
		key := keyWord(0)
		return avalanche64(word ^ uint64(uint32(key)^uint32(key>>32)))
	case n <= 8:
		first, last := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[n-4:])
		h := uint64(last) + uint64(first)<<32
		h ^= keyWord(8) ^ keyWord(16)
		h ^= bits.RotateLeft64(h, 49) ^ bits.RotateLeft64(h, 24)
		h *= primeMul
		h ^= h>>35 + uint64(n)
		h *= primeMul
		return h ^ h>>28
	case n <= 16:
		low := word(b, 0) ^ keyWord(24) ^ keyWord(32)
		high := word(b, n-8) ^ keyWord(40) ^ keyWord(48)
		return avalanche(uint64(n) + bits.ReverseBytes64(low) + high + fold(low, high))
	case n <= 128:
		return sumSmall(b)
	case n <= midSizeMax:
		return sumMiddle(b)
	}
	return sumLong(b)
}

// sumSmall is for 17 to 128 bytes: pairs of 16, from both ends inwards.
func sumSmall(b []byte) uint64 {
	n := len(b)
	h := uint64(n) * prime64a
	for i := (n - 1) / 32; i >= 0; i-- {
		h += mix(b, 16*i, 32*i)
		h += mix(b, n-16*(i+1), 32*i+16)
	}
	return avalanche(h)
}

// sumMiddle is for 129 to 240 bytes.
func sumMiddle(b []byte) uint64 {
	n := len(b)
	h := uint64(n) * prime64a
	for i := range n / 16 {
		switch {
		case i < 8:
			h += mix(b, 16*i, 16*i)
		default:
			h += mix(b, 16*i, 16*(i-8)+3)
		}
		if i == 7 {
			h = avalanche(h)
		}
	}
	return avalanche(h + mix(b, n-16, 136-17))
}

// sumLong is for more than 240 bytes: eight lanes take in stripes of 64 bytes, and are
// scrambled after each block of stripes.
func sumLong(b []byte) uint64 {
	n := len(b)
	lanes := [8]uint64{prime32c, prime64a, prime64b, prime64c, prime64d, prime32b, prime64e, prime32a}
	at := 0
	for ; at+blockSize < n; at += blockSize {
		for s := range stripesPerBlock {
			accumulate(&lanes, b[at+stripeSize*s:], 8*s)
		}
		for i := range lanes {
			lanes[i] = (lanes[i] ^ lanes[i]>>47 ^ keyWord(128+8*i)) * prime32a
		}
	}
	for s := range (n - 1 - at) / stripeSize {
		accumulate(&lanes, b[at+stripeSize*s:], 8*s)
	}
	accumulate(&lanes, b[n-stripeSize:], 121)
	h := uint64(n) * prime64a
	for i := range 4 {
		h += fold(lanes[2*i]^keyWord(11+16*i), lanes[2*i+1]^keyWord(19+16*i))
	}
	return avalanche(h)
}

// accumulate takes a stripe into the lanes.
func accumulate(lanes *[8]uint64, stripe []byte, key int) {
	for i := range lanes {
		value := word(stripe, 8*i)
		keyed := value ^ keyWord(key+8*i)
		lanes[i^1] += value
		lanes[i] += (keyed & 0xffffffff) * (keyed >> 32)
	}
}

func mix(b []byte, at, key int) uint64 {
	return fold(word(b, at)^keyWord(key), word(b, at+8)^keyWord(key+8))
}

// fold multiplies to 128 bits and folds them to 64.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func avalanche(h uint64) uint64 {
	h ^= h >> 37
	h *= primeMix
	return h ^ h>>32
}

// avalanche64 is XXH64's, used for the shortest input.
func avalanche64(h uint64) uint64 {
	h ^= h >> 33
	h *= prime64b
	h ^= h >> 29
	h *= prime64c
	return h ^ h>>32
}

func word(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// keyWord is eight bytes of the key.
func keyWord(at int) uint64 {
	var h uint64
	for i := 7; i >= 0; i-- {
		h = h<<8 | uint64(secret[at+i])
	}
	return h
}
