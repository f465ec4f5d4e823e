package envtest

import (
	"fmt"
	"slices"
	"strings"

	"odradek/core/env"
	"odradek/core/kafka"
)

// byteCases are about reading and writing at positions.
func byteCases() []Case {
	cases := slices.Concat(writeCases(), readCases())
	// Every edge of a page, a block and a sector, within and across.
	for _, edge := range []int{1, 511, 512, 513, 4095, 4096, 4097, 8191, 8192, 65536, 1 << 20} {
		cases = append(cases, one(fmt.Sprintf("%d bytes at every edge", edge), func(s *Scene) {
			writeAtEdges(s, edge)
		}))
	}
	return cases
}

// writeCases are about writing at positions.
func writeCases() []Case {
	return []Case{
		one("write extends the file", func(s *Scene) {
			f := s.file("a", "one")
			s.write(f, "two", 3)
			s.holds(f, "onetwo")
			s.close(f)
		}),
		one("write overwrites in place", func(s *Scene) {
			f := s.file("a", "0123456789")
			s.write(f, "abc", 4)
			s.holds(f, "0123abc789")
			s.close(f)
		}),
		one("write over the end", func(s *Scene) {
			f := s.file("a", "0123456789")
			s.write(f, "abcdef", 8)
			s.holds(f, "01234567abcdef")
			s.close(f)
		}),
		one("write past the end leaves zeros between", func(s *Scene) {
			f := s.file("a", "xy")
			s.write(f, "z", 10)
			s.holds(f, "xy"+zeros(8)+"z")
			s.close(f)
		}),
		one("write far past the end", func(s *Scene) {
			f := s.create("a")
			s.write(f, "end", 10<<20)
			s.That(f.Size() == 10<<20+3, "size %d", f.Size())
			s.That(string(s.read(f, 5<<20, 100)) == zeros(100), "a hole reads as zeros")
			s.That(string(s.read(f, 10<<20-2, 5)) == "\x00\x00end", "the end is there")
			s.close(f)
		}),
		one("an empty write changes nothing", func(s *Scene) {
			f := s.file("a", "abc")
			s.Must(f.WriteAt(nil, 1))
			s.Must(f.WriteAt([]byte{}, 3))
			s.holds(f, "abc")
			s.close(f)
		}),
		one("the caller keeps its buffer", func(s *Scene) {
			f := s.create("a")
			p := []byte("mine")
			s.Must(f.WriteAt(p, 0))
			copy(p, "XXXX")
			s.holds(f, "mine")
			s.close(f)
		}),
	}
}

// readCases are about reading at positions.
func readCases() []Case {
	return []Case{
		one("read at the end", func(s *Scene) {
			f := s.file("a", "abc")
			s.That(len(s.read(f, 3, 10)) == 0, "bytes after the end")
			s.close(f)
		}),
		one("read past the end", func(s *Scene) {
			f := s.file("a", "abc")
			s.That(len(s.read(f, 100, 10)) == 0, "bytes after the end")
			s.That(len(s.read(f, 1<<40, 10)) == 0, "bytes after the end")
			s.close(f)
		}),
		one("read over the end is short", func(s *Scene) {
			f := s.file("a", "abcdef")
			s.That(string(s.read(f, 4, 10)) == "ef", "short read")
			s.close(f)
		}),
		one("read nothing", func(s *Scene) {
			f := s.file("a", "abc")
			n, err := f.ReadAt(s.T, nil, 1)
			s.That(n == 0 && err == nil, "%d, %v", n, err)
			s.close(f)
		}),
		one("read an empty file", func(s *Scene) {
			f := s.create("a")
			s.That(len(s.read(f, 0, 10)) == 0, "bytes in an empty file")
			s.close(f)
		}),
		one("two handles write one file", func(s *Scene) {
			f := s.file("a", "aaaa")
			g := s.open("a")
			s.write(f, "bb", 0)
			s.write(g, "cc", 2)
			s.That(string(s.read(f, 0, 10)) == "bbcc", "first handle")
			s.That(string(s.read(g, 0, 10)) == "bbcc", "second handle")
			s.close(f, g)
		}),
		one("many small appends", func(s *Scene) {
			f := s.create("a")
			var want strings.Builder
			for i := range 1000 {
				line := fmt.Sprintf("line %d\n", i)
				s.write(f, line, kafka.Position(want.Len()))
				want.WriteString(line)
			}
			s.holds(f, want.String())
			s.close(f)
		}),
		one("writes backwards", func(s *Scene) {
			f := s.create("a")
			want := pattern(7, 64<<10)
			for at := len(want) - 1000; ; at -= 1000 {
				from := max(at, 0)
				s.write(f, want[from:at+1000], kafka.Position(from))
				if from == 0 {
					break
				}
			}
			s.holds(f, want)
			s.close(f)
		}),
	}
}

// writeAtEdges writes a piece of length bytes around page edges and compares
// with a plain slice.
func writeAtEdges(s *Scene, length int) {
	f := s.create("a")
	var model []byte
	for i, at := range []int{0, 1, 4095, 4096, 4097, 12288, 511, 20000} {
		piece := pattern(length+i, length)
		if need := at + length; need > len(model) {
			model = append(model, make([]byte, need-len(model))...)
		}
		copy(model[at:], piece)
		s.write(f, piece, kafka.Position(at))
		got := s.read(f, kafka.Position(max(0, at-10)), length+20)
		want := model[max(0, at-10):min(len(model), max(0, at-10)+length+20)]
		s.That(string(got) == string(want), "around %d: %s, want %s", at, brief(got), brief(want))
	}
	s.holds(f, string(model))
	s.close(f)
	s.stored("a", string(model))
}

// vectorCases are about WriteVector.
func vectorCases() []Case {
	write := func(s *Scene, f env.File, at kafka.Position, pieces ...string) {
		var vector [][]byte
		for _, p := range pieces {
			vector = append(vector, []byte(p))
		}
		s.Must(f.WriteVector(vector, at))
	}
	return []Case{
		one("a vector is written one after the other", func(s *Scene) {
			f := s.create("a")
			write(s, f, 0, "one ", "two ", "three")
			s.holds(f, "one two three")
			s.close(f)
		}),
		one("a vector of nothing", func(s *Scene) {
			f := s.file("a", "x")
			write(s, f, 0)
			write(s, f, 1, "", "")
			s.holds(f, "x")
			s.close(f)
		}),
		one("a vector with empty pieces", func(s *Scene) {
			f := s.create("a")
			write(s, f, 0, "", "one", "", "", "two", "")
			s.holds(f, "onetwo")
			s.close(f)
		}),
		one("a vector past the end", func(s *Scene) {
			f := s.file("a", "x")
			write(s, f, 3, "a", "b")
			s.holds(f, "x\x00\x00ab")
			s.close(f)
		}),
		one("a vector over old bytes", func(s *Scene) {
			f := s.file("a", "0123456789")
			write(s, f, 2, "aa", "bb")
			s.holds(f, "01aabb6789")
			s.close(f)
		}),
		one("a vector longer than the kernel's", func(s *Scene) {
			f := s.create("a")
			var pieces []string
			for i := range 3000 {
				pieces = append(pieces, fmt.Sprintf("%d,", i))
			}
			write(s, f, 5, pieces...)
			s.holds(f, zeros(5)+strings.Join(pieces, ""))
			s.close(f)
		}),
		one("a vector of large pieces", func(s *Scene) {
			f := s.create("a")
			x, y, z := pattern(1, 300<<10), pattern(2, 5), pattern(3, 700<<10)
			write(s, f, 100, x, y, z)
			s.holds(f, zeros(100)+x+y+z)
			s.close(f)
		}),
		one("a vector's pieces stay the caller's", func(s *Scene) {
			f := s.create("a")
			p, q := []byte("one"), []byte("two")
			s.Must(f.WriteVector([][]byte{p, q}, 0))
			copy(p, "XXX")
			copy(q, "YYY")
			s.holds(f, "onetwo")
			s.close(f)
		}),
	}
}

// truncateCases are about Truncate.
func truncateCases() []Case {
	cases := []Case{
		one("truncate to nothing", func(s *Scene) {
			f := s.file("a", "abc")
			s.Must(f.Truncate(0))
			s.holds(f, "")
			s.close(f)
			s.stored("a", "")
		}),
		one("truncate to its own size", func(s *Scene) {
			f := s.file("a", "abc")
			s.Must(f.Truncate(3))
			s.holds(f, "abc")
			s.close(f)
		}),
		one("what was cut does not come back", func(s *Scene) {
			f := s.file("a", pattern(1, 10000))
			s.Must(f.Truncate(5000))
			s.write(f, "end", 9000)
			s.holds(f, pattern(1, 10000)[:5000]+zeros(4000)+"end")
			s.close(f)
		}),
		one("what was cut within a page does not come back", func(s *Scene) {
			f := s.file("a", "0123456789")
			s.Must(f.Truncate(3))
			s.write(f, "x", 6)
			s.holds(f, "012\x00\x00\x00x")
			s.close(f)
		}),
		one("truncate, then append", func(s *Scene) {
			f := s.file("a", "0123456789")
			s.Must(f.Truncate(4))
			s.write(f, "abc", 4)
			s.holds(f, "0123abc")
			s.close(f)
		}),
		one("truncate, sync, append, sync", func(s *Scene) {
			f := s.file("a", pattern(1, 9000))
			s.Must(f.Sync(s.T))
			s.Must(f.Truncate(4200))
			s.Must(f.Sync(s.T))
			s.write(f, "tail", 4200)
			s.Must(f.Sync(s.T))
			s.close(f)
			s.stored("a", pattern(1, 9000)[:4200]+"tail")
		}),
		restarted("a truncation outlives a clean restart", func(s *Scene) {
			f := s.file("a", pattern(3, 9000))
			s.Must(f.Truncate(100))
			s.Must(f.Sync(s.T))
			s.close(f)
		}, func(s *Scene) {
			s.stored("a", pattern(3, 9000)[:100])
		}),
	}
	for _, size := range []int{1, 511, 512, 4095, 4096, 4097, 8192, 12287} {
		cases = append(cases, one(fmt.Sprintf("truncate to %d", size), func(s *Scene) {
			whole := pattern(size, 12288)
			f := s.file("a", whole)
			s.Must(f.Truncate(int64(size)))
			s.holds(f, whole[:size])
			s.write(f, "!", 12288)
			s.holds(f, whole[:size]+zeros(12288-size)+"!")
			s.close(f)
		}))
	}
	return cases
}
