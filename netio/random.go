package netio

import (
	cryptorand "crypto/rand"
	"crypto/sha256"
	"math/rand/v2"

	"odradek/core/env"
)

// random is env.Random: a ChaCha8 stream. The root's seed is the kernel's
// randomness; a fork's is derived from its parent's and its purpose, so that
// the order of forks does not matter.
type random struct {
	seed   [32]byte
	source *rand.ChaCha8
}

func newRandom(seed [32]byte) *random {
	return &random{seed, rand.NewChaCha8(seed)}
}

// freshSeed asks the kernel; since Go 1.24 that does not fail.
func freshSeed() [32]byte {
	var seed [32]byte
	_, _ = cryptorand.Read(seed[:]) // documented never to return an error
	return seed
}

// Uint64 is the stream's next number.
func (r *random) Uint64() uint64 { return r.source.Uint64() }

// Fork makes an independent stream for a purpose.
func (r *random) Fork(purpose string) env.Random {
	return newRandom(sha256.Sum256(append(r.seed[:], purpose...)))
}

// noTrace is env.Trace in production: nothing.
type noTrace struct{}

// Event does nothing.
func (noTrace) Event(string, string, int64, int64) {}

// Sometimes does nothing.
func (noTrace) Sometimes(string, bool) {}
