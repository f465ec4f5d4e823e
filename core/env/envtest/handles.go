package envtest

import (
	"errors"
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// taskOf keeps the bodies of spawned tasks short.
type taskOf = task.Task

// until waits for a condition that tasks or events of this shard make true.
func (s *Scene) until(what string, holds func() bool) {
	s.tb.Helper()
	limit := s.deadline()
	for !holds() {
		if s.T.Now() >= limit {
			s.Fatalf("gave up waiting for %s", what)
		}
		s.T.Sleep(time.Millisecond)
	}
}

// residentCases are about what is in memory. A world may call any byte cold at
// any time, so they check answers, not residence.
func residentCases() []Case {
	readNow := func(s *Scene, f env.File, at kafka.Position, length int) []byte {
		p := make([]byte, length)
		for range 1000 {
			n, err := f.ReadNow(p, at)
			if err == nil {
				return p[:n]
			}
			s.Want(err, env.ErrCold)
			s.Must(f.Prefetch(s.T, at, int64(length)))
		}
		s.Fatalf("prefetched 1000 times and still cold")
		return nil
	}
	return []Case{
		one("read now", func(s *Scene) {
			f := s.file("a", "in memory")
			s.That(string(readNow(s, f, 3, 6)) == "memory", "wrong bytes")
			s.close(f)
		}),
		one("read now over the end is short", func(s *Scene) {
			f := s.file("a", "abcdef")
			s.That(string(readNow(s, f, 4, 10)) == "ef", "short read")
			s.That(len(readNow(s, f, 6, 10)) == 0, "at the end")
			s.That(len(readNow(s, f, 1000, 10)) == 0, "past the end")
			s.close(f)
		}),
		one("read now of a large range", func(s *Scene) {
			f := s.file("a", pattern(4, 300000))
			s.That(string(readNow(s, f, 0, 300000)) == pattern(4, 300000), "wrong bytes")
			s.close(f)
		}),
		one("read now sees overwritten bytes", func(s *Scene) {
			f := s.file("a", "aaaa")
			s.Must(f.Sync(s.T))
			s.write(f, "bb", 1)
			s.That(string(readNow(s, f, 0, 4)) == "abba", "wrong bytes")
			s.close(f)
		}),
		one("a prefetched range becomes resident", func(s *Scene) {
			f := s.file("a", pattern(2, 100000))
			for range 1000 {
				s.Must(f.Prefetch(s.T, 0, 100000))
				if f.Resident(0, 100000) {
					s.close(f)
					return
				}
			}
			s.Fatalf("prefetched 1000 times and never resident")
		}),
		one("prefetch past the end", func(s *Scene) {
			f := s.file("a", "abc")
			s.Must(f.Prefetch(s.T, 0, 1<<20))
			s.Must(f.Prefetch(s.T, 1<<20, 4096))
			s.Must(f.Prefetch(s.T, 0, 0))
			s.close(f)
		}),
		restarted("read now after a restart", func(s *Scene) {
			s.close(s.file("a", pattern(8, 20000)))
		}, func(s *Scene) {
			f := s.open("a")
			s.That(string(readNow(s, f, 100, 10000)) == pattern(8, 20000)[100:10100], "wrong bytes")
			s.close(f)
		}),
	}
}

// handleCases are about handles: sizes, pins, closing.
func handleCases() []Case {
	return slices.Concat(sizeCases(), manyHandleCases())
}

// sizeCases are about what a handle knows.
func sizeCases() []Case {
	return []Case{
		one("size counts own writes", func(s *Scene) {
			f := s.create("a")
			for _, step := range []struct{ at, length, size int }{
				{0, 10, 10}, {5, 2, 10}, {8, 4, 12}, {100, 1, 101}, {0, 101, 101},
			} {
				s.write(f, pattern(1, step.length), kafka.Position(step.at))
				s.That(f.Size() == int64(step.size), "size %d after %+v", f.Size(), step)
			}
			s.Must(f.Truncate(50))
			s.That(f.Size() == 50, "size %d after the cut", f.Size())
			s.close(f)
		}),
		one("size does not count others' writes", func(s *Scene) {
			f := s.file("a", "1234")
			g := s.open("a")
			s.write(g, "5678", 4)
			s.That(f.Size() == 4, "first handle: %d", f.Size())
			s.That(g.Size() == 8, "second handle: %d", g.Size())
			h := s.open("a")
			s.That(h.Size() == 8, "third handle: %d", h.Size())
			s.close(f, g, h)
		}),
		one("a closed file says so", func(s *Scene) {
			f := s.file("a", "x")
			s.close(f)
			_, err := f.ReadAt(s.T, make([]byte, 1), 0)
			s.Want(err, env.ErrClosed)
			s.Want(f.WriteAt([]byte("y"), 0), env.ErrClosed)
			s.Want(f.Sync(s.T), env.ErrClosed)
			s.Want(f.Truncate(0), env.ErrClosed)
			s.stored("a", "x")
		}),
		one("closing twice is harmless", func(s *Scene) {
			f := s.file("a", "x")
			s.close(f)
			err := f.Close()
			s.That(err == nil || errors.Is(err, env.ErrClosed), "second close: %v", err)
		}),
	}
}

// manyHandleCases are about pins and many handles.
func manyHandleCases() []Case {
	return []Case{
		one("pins survive close and remove", func(s *Scene) {
			f := s.file("a", "x")
			f.Pin()
			f.Pin()
			s.close(f)
			s.Must(s.disk().Remove("a"))
			f.Unpin()
			f.Unpin()
		}),
		one("many handles of one file", func(s *Scene) {
			s.close(s.file("a", "shared"))
			var handles []env.File
			for range 100 {
				handles = append(handles, s.open("a"))
			}
			for _, f := range handles {
				s.holds(f, "shared")
			}
			s.close(handles...)
		}),
		one("many open files", func(s *Scene) {
			var handles []env.File
			for i := range 200 {
				handles = append(handles, s.file(pattern26(i), pattern(i, 100)))
			}
			for i, f := range handles {
				s.holds(f, pattern(i, 100))
			}
			s.close(handles...)
		}),
		one("a file is given up without a sync", func(s *Scene) {
			f := s.file("a", "x")
			s.close(f)
			s.Must(s.disk().Remove("a"))
			s.names("")
		}),
	}
}

// pattern26 is a short name that differs by number.
func pattern26(n int) string {
	return string([]byte{'a' + byte(n/26%26), 'a' + byte(n%26)}) + "-file"
}
