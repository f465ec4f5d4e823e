package netio

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestMemoryGivesEachByteOnce takes and gives buffers of random sizes; every
// buffer is filled with its number, which must still be there when it is given.
func TestMemoryGivesEachByteOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var m memory
		type taken struct {
			buffer buffer
			mark   byte
		}
		var out []taken
		steps := rapid.IntRange(1, 300).Draw(r, "steps")
		for i := range steps {
			switch {
			case rapid.IntRange(0, 99).Draw(r, "trim") == 0:
				m.trim()
			case len(out) == 0 || rapid.Bool().Draw(r, "take"):
				size := rapid.OneOf(
					rapid.IntRange(0, 5000), rapid.IntRange(0, 300<<10), rapid.IntRange(0, 5<<20),
				).Draw(r, "size")
				b := m.take(size)
				if len(b.bytes) < size || cap(b.bytes) > len(b.bytes) {
					r.Fatalf("a buffer of %d for %d bytes", len(b.bytes), size)
				}
				mark(b, byte(i))
				out = append(out, taken{b, byte(i)})
			default:
				at := rapid.IntRange(0, len(out)-1).Draw(r, "give")
				checkMark(r, out[at].buffer, out[at].mark)
				m.give(out[at].buffer)
				out[at] = out[len(out)-1]
				out = out[:len(out)-1]
			}
		}
		for _, o := range out {
			checkMark(r, o.buffer, o.mark)
			m.give(o.buffer)
		}
		m.trim()
		m.trim()
		if m.inUse != 0 || len(m.chunks) != 0 || len(m.large) != 0 || m.hoards() {
			r.Fatalf("kept %d chunks and %d large buffers though nothing is used",
				len(m.chunks), len(m.large))
		}
		m.close()
	})
}

// mark writes at the ends and at each page of a buffer.
func mark(b buffer, value byte) {
	for i := 0; i < len(b.bytes); i += 4096 {
		b.bytes[i] = value
	}
	b.bytes[len(b.bytes)-1] = value
}

func checkMark(r *rapid.T, b buffer, value byte) {
	for i := 0; i < len(b.bytes); i += 4096 {
		if b.bytes[i] != value {
			r.Fatalf("byte %d of a buffer of %d was overwritten", i, len(b.bytes))
		}
	}
	if b.bytes[len(b.bytes)-1] != value {
		r.Fatalf("the last byte of a buffer of %d was overwritten", len(b.bytes))
	}
}

func TestMemoryIsKeptWhileItIsUsed(t *testing.T) {
	var m memory
	for range 10 { // something between two trims needed it each time
		b := m.take(1 << 20)
		m.give(b)
		m.trim()
		if len(m.chunks) != 1 {
			t.Fatalf("%d chunks while one is used again and again", len(m.chunks))
		}
	}
	m.trim()
	if len(m.chunks) != 0 {
		t.Fatalf("%d chunks after a span without use", len(m.chunks))
	}
}

func TestTakingAndGivingAllocateNothing(t *testing.T) {
	var m memory
	for _, size := range []int{1, 1000, 100_000, 2 << 20} {
		m.give(m.take(size))
		if n := testing.AllocsPerRun(100, func() { m.give(m.take(size)) }); n != 0 {
			t.Errorf("%v allocations for a buffer of %d", n, size)
		}
	}
	m.trim()
	m.trim()
}

func BenchmarkTakeAndGive(b *testing.B) {
	var m memory
	for b.Loop() {
		m.give(m.take(200))
	}
}

// BenchmarkTakeAndGiveMany has as many small buffers out at a time as requests that
// wait for one group commit.
func BenchmarkTakeAndGiveMany(b *testing.B) {
	for _, out := range []int{1, 64, 512} {
		b.Run(fmt.Sprint(out), func(b *testing.B) {
			var m memory
			held := make([]buffer, out)
			for n := 0; n < b.N; n += out {
				for i := range held {
					held[i] = m.take(250)
				}
				for i := range held {
					m.give(held[i])
				}
			}
			m.close()
		})
	}
}
