package campaign

import (
	"slices"
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"
)

// Bits rot where a checksum covers them, and nowhere else.
func TestWhatMayRot(t *testing.T) {
	b := batch.NewBuilder()
	b.Append(1, nil, []byte("value"))
	one := b.Build()
	two := append(slices.Clone(one), one...)
	for at := range two {
		in := at % len(one)
		want := in < 8 || in >= 12 && in < 16
		if unguarded("t-0/0.log", two, kafka.Position(at)) != want {
			t.Errorf("byte %d: want %v", at, want)
		}
	}
	if unguarded("t-0/0.index", two, 0) || unguarded("t-0/0.log", two, kafka.Position(len(two))) {
		t.Error("a byte outside of batches is spared")
	}
}
