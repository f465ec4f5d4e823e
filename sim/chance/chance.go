package chance

import (
	"math/bits"
	"time"
)

// golden is 2^64 divided by the golden ratio: steps of it visit all of 64 bits.
const golden = 0x9E3779B97F4A7C15

// Mix turns a number into one that looks unrelated: the finalizer of
// SplitMix64 (Steele, Lea, Flood, 2014). It is a bijection.
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// Combine folds a part into a key; the order of parts matters.
func Combine(key, part uint64) uint64 {
	return Mix(key*golden + Mix(part+golden))
}

// Text is the hash of a name, the same in every process.
func Text(name string) uint64 {
	h := uint64(len(name)) * golden
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * 0x100000001B3
	}
	return Mix(h)
}

// Stream is a source of numbers. The zero value is the stream of key zero.
type Stream struct {
	key   uint64
	drawn uint64
}

// New makes the stream of a seed and a purpose.
func New(seed uint64, purpose string) Stream {
	return Stream{key: Combine(seed, Text(purpose))}
}

// Fork makes an independent stream; it draws nothing from s.
func (s *Stream) Fork(purpose string) Stream {
	return Stream{key: Combine(s.key, Text(purpose))}
}

// ForkNumber is Fork for one of many alike.
func (s *Stream) ForkNumber(purpose string, number uint64) Stream {
	return Stream{key: Combine(Combine(s.key, Text(purpose)), number)}
}

// Uint64 draws the next number.
func (s *Stream) Uint64() uint64 {
	s.drawn++
	return Mix(s.key + s.drawn*golden)
}

// Below draws a number in [0, n); 0 when n is 0.
func (s *Stream) Below(n uint64) uint64 { return Scale(s.Uint64(), n) }

// OneIn is true once in n draws on average; never when n is 0.
func (s *Stream) OneIn(n uint64) bool { return n > 0 && s.Below(n) == 0 }

// Between draws a duration in [low, high].
func (s *Stream) Between(low, high time.Duration) time.Duration {
	return low + time.Duration(s.Below(uint64(high-low)+1))
}

// tailMax bounds the doublings of Tail, so that its mean exists.
const tailMax = 6

// Tail draws a duration with a long tail: below base half of the time, up to
// 2^k bases with probability 2^-(k+1), 2^6 at most. Waiting times look like it.
func (s *Stream) Tail(base time.Duration) time.Duration {
	r := s.Uint64()
	doublings := min(bits.TrailingZeros64(r|1<<63), tailMax)
	return time.Duration(Scale(Mix(r), uint64(base)<<doublings))
}

// Scale maps a random 64-bit number to [0, n) without a division.
func Scale(random, n uint64) uint64 {
	high, _ := bits.Mul64(random, n)
	return high
}
