package chance_test

import (
	"testing"
	"time"

	"odradek/sim/chance"

	"pgregory.net/rapid"
)

// The first numbers are pinned: a change here changes what every seed means.
func TestNumbersArePinned(t *testing.T) {
	s := chance.New(42, "test")
	got := [3]uint64{s.Uint64(), s.Uint64(), s.Uint64()}
	again := chance.New(42, "test")
	for i := range got {
		if again.Uint64() != got[i] {
			t.Fatal("a stream does not repeat")
		}
	}
	if chance.Mix(1) != 0x5692161d100b05e5 {
		t.Fatalf("Mix(1) is %#x", chance.Mix(1))
	}
}

func TestStreamsDoNotDisturbEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := chance.New(seed, "a"), chance.New(seed, "a")
		for range rapid.IntRange(0, 10).Draw(t, "noise") {
			a.Fork("x")
			c := a.Fork("y")
			c.Uint64()
		}
		if a.Uint64() != b.Uint64() {
			t.Fatal("forking moved the stream")
		}
	})
}

func TestRangesAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := chance.New(rapid.Uint64().Draw(t, "seed"), "ranges")
		n := rapid.Uint64Min(1).Draw(t, "n")
		if got := s.Below(n); got >= n {
			t.Fatalf("%d is not below %d", got, n)
		}
		low := time.Duration(rapid.IntRange(0, 1000).Draw(t, "low"))
		if got := s.Between(low, low+5); got < low || got > low+5 {
			t.Fatalf("%d is not between %d and %d", got, low, low+5)
		}
		if got := s.Tail(1000); got < 0 || got >= 64000 {
			t.Fatalf("tail %d", got)
		}
	})
}

func TestChancesAreFair(t *testing.T) {
	s := chance.New(7, "fair")
	hits, buckets := 0, [10]int{}
	for range 100000 {
		if s.OneIn(10) {
			hits++
		}
		buckets[s.Below(10)]++
	}
	if hits < 9500 || hits > 10500 {
		t.Fatalf("one in ten hit %d of 100000 times", hits)
	}
	for i, n := range buckets {
		if n < 9500 || n > 10500 {
			t.Fatalf("bucket %d has %d", i, n)
		}
	}
}

func BenchmarkUint64(b *testing.B) {
	s := chance.New(1, "bench")
	var sum uint64
	for b.Loop() {
		sum += s.Uint64()
	}
	_ = sum
}
