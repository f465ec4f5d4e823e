package envtest

import (
	"fmt"
	"slices"

	"odradek/core/env"
	"odradek/core/kafka"
)

// durableCases are about Sync, Preallocate and write-behind, as far as they
// show without a crash.
func durableCases() []Case {
	return slices.Concat(syncCases(), preallocateCases(), reserveCases())
}

// syncCases are about Sync.
func syncCases() []Case {
	return []Case{
		one("sync keeps the content", func(s *Scene) {
			f := s.file("a", "abc")
			s.Must(f.Sync(s.T))
			s.holds(f, "abc")
			s.close(f)
		}),
		one("sync an empty file", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Sync(s.T))
			s.Must(f.Sync(s.T))
			s.holds(f, "")
			s.close(f)
		}),
		one("sync after each write", func(s *Scene) {
			f := s.create("a")
			want := ""
			for i := range 20 {
				line := pattern(i, 700)
				s.write(f, line, kafka.Position(len(want)))
				want += line
				s.Must(f.Sync(s.T))
			}
			s.holds(f, want)
			s.close(f)
		}),
		one("write while another task syncs", writeWhileSyncing),
	}
}

// preallocateCases are about Preallocate, write-behind and what outlives a restart.
func preallocateCases() []Case {
	return []Case{
		one("preallocate makes zeros", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Preallocate(10000))
			s.holds(f, zeros(10000))
			s.close(f)
			s.stored("a", zeros(10000))
		}),
		one("preallocate keeps what is there", func(s *Scene) {
			f := s.file("a", "head")
			s.Must(f.Preallocate(8192))
			s.holds(f, "head"+zeros(8188))
			s.close(f)
		}),
		one("preallocate in steps", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Preallocate(4096))
			s.write(f, "x", 4095)
			s.Must(f.Preallocate(12288))
			s.holds(f, zeros(4095)+"x"+zeros(8192))
			s.close(f)
		}),
		one("write into a preallocated file", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Preallocate(1 << 20))
			s.write(f, "middle", 1<<19)
			s.That(f.Size() == 1<<20, "size %d", f.Size())
			s.That(string(s.read(f, 1<<19-1, 8)) == "\x00middle\x00", "the middle")
			s.close(f)
		}),
		one("truncate a preallocated file", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Preallocate(1 << 20))
			s.write(f, "head", 0)
			s.Must(f.Truncate(4))
			s.holds(f, "head")
			s.close(f)
		}),
		one("start write-behind", func(s *Scene) {
			f := s.file("a", pattern(1, 100000))
			f.StartWriteback(0, 50000)
			f.StartWriteback(50000, 50000)
			f.StartWriteback(1<<20, 10)
			s.Must(f.Sync(s.T))
			s.holds(f, pattern(1, 100000))
			s.close(f)
		}),
		restarted("synced bytes outlive a clean restart", func(s *Scene) {
			f := s.file("a", pattern(5, 50000))
			s.Must(f.Sync(s.T))
			s.Must(s.disk().SyncDir(s.T, ""))
			s.close(f)
		}, func(s *Scene) { s.stored("a", pattern(5, 50000)) }),
		restarted("unsynced bytes outlive a clean restart", func(s *Scene) {
			s.close(s.file("a", pattern(6, 50000)))
		}, func(s *Scene) { s.stored("a", pattern(6, 50000)) }),
		restarted("a preallocated size outlives a clean restart", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Preallocate(3 * 4096))
			s.close(f)
		}, func(s *Scene) { s.stored("a", zeros(3*4096)) }),
	}
}

// reserveCases are about Reserve.
func reserveCases() []Case {
	return []Case{
		one("reserve room behind the end", func(s *Scene) {
			f := s.file("a", "head")
			s.Must(f.Reserve(4, 100000))
			s.holds(f, "head")
			s.write(f, "tail", 4)
			s.holds(f, "headtail")
			s.Must(f.Reserve(8, 1))
			s.Must(f.Truncate(8))
			s.close(f)
			s.stored("a", "headtail")
		}),
		one("reserve room in an empty file", func(s *Scene) {
			f := s.create("a")
			s.Must(f.Reserve(0, 1<<20))
			s.holds(f, "")
			s.write(f, "x", 5000)
			s.holds(f, zeros(5000)+"x")
			s.Must(f.Sync(s.T))
			s.close(f)
			s.stored("a", zeros(5000)+"x")
		}),
		restarted("reserved room is no part of a file after a restart", func(s *Scene) {
			f := s.file("a", "head")
			s.Must(f.Reserve(4, 100000))
			s.close(f)
		}, func(s *Scene) { s.stored("a", "head") }),
	}
}

// writeWhileSyncing overlaps a Sync with writes of another task.
func writeWhileSyncing(s *Scene) {
	f := s.file("a", "before ")
	done := false
	s.World.Loop.Spawn("writer", func(t2 *taskOf) {
		s.write(f, "while", 7)
		done = true
	})
	s.Must(f.Sync(s.T))
	s.until("the writer to finish", func() bool { return done })
	s.Must(f.Sync(s.T))
	s.holds(f, "before while")
	s.close(f)
}

// throughCases are about WriteThrough.
func throughCases() []Case {
	return slices.Concat(bufferCases(), throughAgainCases())
}

// bufferCases are about buffers and single blocks.
func bufferCases() []Case {
	return []Case{
		one("buffers have the size asked for", func(s *Scene) {
			for _, size := range []int{env.BlockSize, 16 * env.BlockSize, 1 << 20} {
				p := s.disk().Buffer(size)
				s.That(len(p) == size, "%d bytes, want %d", len(p), size)
				p[0], p[size-1] = 1, 2
			}
		}),
		one("buffers are apart", func(s *Scene) {
			p, q := s.disk().Buffer(env.BlockSize), s.disk().Buffer(env.BlockSize)
			fill(p, "p")
			fill(q, "q")
			s.That(p[0] == 'p' && p[env.BlockSize-1] == 'p', "one buffer lies in the other")
		}),
		one("write through", func(s *Scene) {
			f := s.journal(4)
			s.through(f, "x", 0)
			s.holds(f, blocks("x", zeros(1), zeros(1), zeros(1)))
			s.close(f)
		}),
		one("write through the last block", func(s *Scene) {
			f := s.journal(4)
			s.through(f, "x", 3)
			s.holds(f, blocks(zeros(1), zeros(1), zeros(1), "x"))
			s.close(f)
		}),
		one("write through several blocks at once", func(s *Scene) {
			f := s.journal(5)
			p := s.disk().Buffer(3 * env.BlockSize)
			fill(p, "abc")
			s.Must(f.WriteThrough(s.T, p, env.BlockSize))
			got := s.read(f, env.BlockSize, len(p))
			s.That(string(got) == string(p), "%s", brief(got))
			s.close(f)
		}),
		one("write through a part of a buffer", func(s *Scene) {
			f := s.journal(2)
			p := s.disk().Buffer(8 * env.BlockSize)
			fill(p[2*env.BlockSize:], "y")
			s.Must(f.WriteThrough(s.T, p[2*env.BlockSize:3*env.BlockSize], 0))
			s.holds(f, blocks("y", zeros(1)))
			s.close(f)
		}),
	}
}

// throughAgainCases are about many write-throughs.
func throughAgainCases() []Case {
	return []Case{
		one("write through the same block again", func(s *Scene) {
			f := s.journal(2)
			for i := range 10 {
				s.through(f, fmt.Sprint(i), 1)
			}
			s.holds(f, blocks(zeros(1), "9"))
			s.close(f)
		}),
		one("the buffer may be used again after a write through", func(s *Scene) {
			f := s.journal(2)
			p := s.disk().Buffer(env.BlockSize)
			fill(p, "1")
			s.Must(f.WriteThrough(s.T, p, 0))
			fill(p, "2")
			s.holds(f, blocks("1", zeros(1)))
			s.Must(f.WriteThrough(s.T, p, env.BlockSize))
			s.holds(f, blocks("1", "2"))
			s.close(f)
		}),
		one("two files are written through side by side", throughSideBySide),
		one("one file is written through twice at once", throughTwiceAtOnce),
		one("a large write through", func(s *Scene) {
			f := s.journal(512)
			p := s.disk().Buffer(512 * env.BlockSize)
			copy(p, pattern(1, len(p)))
			s.Must(f.WriteThrough(s.T, p, 0))
			s.holds(f, pattern(1, len(p)))
			s.close(f)
		}),
		restarted("what was written through outlives a clean restart", func(s *Scene) {
			f := s.journal(3)
			s.through(f, "k", 1)
			s.close(f)
		}, func(s *Scene) {
			s.stored("journal", blocks(zeros(1), "k", zeros(1)))
			f := s.open("journal")
			s.through(f, "l", 2)
			s.holds(f, blocks(zeros(1), "k", "l"))
			s.close(f)
		}),
	}
}

// journal makes a preallocated, synced file of some blocks.
func (s *Scene) journal(count int) env.File { return s.journalNamed("journal", count) }

func (s *Scene) journalNamed(name string, count int) env.File {
	f := s.create(name)
	s.Must(f.Preallocate(int64(count) * env.BlockSize))
	s.Must(f.Sync(s.T))
	s.Must(s.disk().SyncDir(s.T, ""))
	return f
}

// through fills one block with a text and writes it through.
func (s *Scene) through(f env.File, text string, block int) {
	p := s.disk().Buffer(env.BlockSize)
	fill(p, text)
	s.Must(f.WriteThrough(s.T, p, kafka.Position(block)*env.BlockSize))
}

func throughSideBySide(s *Scene) {
	f, g := s.journalNamed("f", 2), s.journalNamed("g", 2)
	done := false
	s.World.Loop.Spawn("second", func(t *taskOf) {
		p := s.disk().Buffer(env.BlockSize)
		fill(p, "g")
		err := g.WriteThrough(t, p, 0)
		done = err == nil
	})
	s.through(f, "f", 0)
	s.until("the second write", func() bool { return done })
	s.holds(f, blocks("f", zeros(1)))
	s.holds(g, blocks("g", zeros(1)))
	s.close(f, g)
}

func throughTwiceAtOnce(s *Scene) {
	f := s.journal(4)
	done := 0
	for i := range 3 {
		s.World.Loop.Spawn("writer", func(t *taskOf) {
			p := s.disk().Buffer(env.BlockSize)
			fill(p, fmt.Sprint(i))
			if f.WriteThrough(t, p, kafka.Position(i+1)*env.BlockSize) == nil {
				done++
			}
		})
	}
	s.until("three writes", func() bool { return done == 3 })
	s.holds(f, blocks(zeros(1), "0", "1", "2"))
	s.close(f)
}

// fill repeats a text over p.
func fill(p []byte, text string) {
	for i := range p {
		p[i] = text[i%len(text)]
	}
}

// blocks is the content of a file of blocks, each filled with a text.
func blocks(texts ...string) string {
	p := make([]byte, len(texts)*env.BlockSize)
	for i, text := range texts {
		fill(p[i*env.BlockSize:(i+1)*env.BlockSize], text)
	}
	return string(p)
}
