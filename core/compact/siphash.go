package compact

import (
	"encoding/binary"
	"math/bits"
)

// Secret is the key of a hash: with one that nobody outside knows, nobody can make
// two keys that are taken for the same.
type Secret struct{ Low, High uint64 }

// fingerprint stands for a key: two keys with the same one would be taken for the
// same, which does not happen by chance in 128 bits.
type fingerprint struct{ low, high uint64 }

// sipState is the state of SipHash: four words, mixed by additions, rotations and
// exclusive ors.
type sipState struct{ a, b, c, d uint64 }

func (s *sipState) round() {
	s.a += s.b
	s.b = bits.RotateLeft64(s.b, 13) ^ s.a
	s.a = bits.RotateLeft64(s.a, 32)
	s.c += s.d
	s.d = bits.RotateLeft64(s.d, 16) ^ s.c
	s.a += s.d
	s.d = bits.RotateLeft64(s.d, 21) ^ s.a
	s.c += s.b
	s.b = bits.RotateLeft64(s.b, 17) ^ s.c
	s.c = bits.RotateLeft64(s.c, 32)
}

func (s *sipState) absorb(word uint64) {
	s.d ^= word
	s.round()
	s.round()
	s.a ^= word
}

func (s *sipState) finish() uint64 {
	for range 4 {
		s.round()
	}
	return s.a ^ s.b ^ s.c ^ s.d
}

// of is SipHash-2-4 with 128 bits of output. Source: Aumasson and Bernstein,
// "SipHash: a fast short-input PRF"; its reference implementation for 128 bits.
func (k Secret) of(key []byte) fingerprint {
	s := sipState{
		a: k.Low ^ 0x736f6d6570736575, b: k.High ^ 0x646f72616e646f6d ^ 0xee,
		c: k.Low ^ 0x6c7967656e657261, d: k.High ^ 0x7465646279746573,
	}
	last := uint64(len(key)) << 56
	for ; len(key) >= 8; key = key[8:] {
		s.absorb(binary.LittleEndian.Uint64(key))
	}
	for i, b := range key {
		last |= uint64(b) << (8 * i)
	}
	s.absorb(last)
	s.c ^= 0xee
	low := s.finish()
	s.b ^= 0xdd
	return fingerprint{low, s.finish()}
}
