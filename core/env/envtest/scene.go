package envtest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// patience bounds every wait of a case. It only turns a hang into a failure: no
// healthy world comes near it.
const patience = 20 * time.Second

// Scene is what a body works with: its task, its world, and ways to fail.
type Scene struct {
	T     *task.Task
	World *env.World
	tb    testing.TB
}

// abandoned ends a body whose check failed; onStage recovers it.
type abandoned struct{}

func onStage(tb testing.TB, body func(s *Scene)) Body {
	return func(t *task.Task, w *env.World) {
		defer func() {
			if r := recover(); r != nil {
				if _, ours := r.(abandoned); !ours {
					panic(r)
				}
			}
		}()
		body(&Scene{T: t, World: w, tb: tb})
	}
}

// Fatalf fails the case and ends this body. FailNow would end the harness's
// goroutine instead of the task, so it isn't used.
func (s *Scene) Fatalf(format string, args ...any) {
	s.tb.Helper()
	s.tb.Errorf(format, args...)
	panic(abandoned{})
}

// Must fails the case unless err is nil.
func (s *Scene) Must(err error) {
	s.tb.Helper()
	if err != nil {
		s.Fatalf("unexpected error: %v", err)
	}
}

// Want fails the case unless err wraps target.
func (s *Scene) Want(err, target error) {
	s.tb.Helper()
	if !errors.Is(err, target) {
		s.Fatalf("error is %v, want %v", err, target)
	}
}

// That fails the case unless ok.
func (s *Scene) That(ok bool, format string, args ...any) {
	s.tb.Helper()
	if !ok {
		s.Fatalf(format, args...)
	}
}

// deadline is when a wait of the case gives up.
func (s *Scene) deadline() kafka.Instant { return s.World.Clock.Now().Plus(patience) }

// disk is short for the world's disk.
func (s *Scene) disk() env.Disk { return s.World.Disk }

func (s *Scene) create(name string) env.File {
	s.tb.Helper()
	f, err := s.disk().Create(name)
	s.Must(err)
	return f
}

func (s *Scene) open(name string) env.File {
	s.tb.Helper()
	f, err := s.disk().Open(name)
	s.Must(err)
	return f
}

// file makes a file with content and leaves it open.
func (s *Scene) file(name, content string) env.File {
	s.tb.Helper()
	f := s.create(name)
	s.write(f, content, 0)
	return f
}

func (s *Scene) write(f env.File, content string, at kafka.Position) {
	s.tb.Helper()
	s.Must(f.WriteAt([]byte(content), at))
}

func (s *Scene) close(files ...env.File) {
	s.tb.Helper()
	for _, f := range files {
		s.Must(f.Close())
	}
}

// read returns up to length bytes from a position.
func (s *Scene) read(f env.File, at kafka.Position, length int) []byte {
	s.tb.Helper()
	p := make([]byte, length)
	n, err := f.ReadAt(s.T, p, at)
	s.Must(err)
	s.That(n >= 0 && n <= length, "read %d of %d bytes", n, length)
	return p[:n]
}

// holds checks a whole file: its content, its size, and that nothing follows.
func (s *Scene) holds(f env.File, want string) {
	s.tb.Helper()
	got := s.read(f, 0, len(want)+64)
	if !bytes.Equal(got, []byte(want)) {
		s.Fatalf("%s holds %s, want %s", f.Name(), brief(got), brief([]byte(want)))
	}
	s.That(f.Size() == int64(len(want)), "size is %d, want %d", f.Size(), len(want))
}

// stored opens a file, checks its content, and closes it.
func (s *Scene) stored(name, want string) {
	s.tb.Helper()
	f := s.open(name)
	s.holds(f, want)
	s.close(f)
}

// names checks a directory's listing; directories end in a slash.
func (s *Scene) names(dir string, want ...string) {
	s.tb.Helper()
	entries, err := s.disk().List(dir)
	s.Must(err)
	var got []string
	for _, e := range entries {
		if e.Dir {
			e.Name += "/"
		}
		got = append(got, e.Name)
	}
	s.That(fmt.Sprint(got) == fmt.Sprint(want), "%q holds %q, want %q", dir, got, want)
}

// pattern is length bytes that differ by place and by seed.
func pattern(seed, length int) string {
	p := make([]byte, length)
	x := uint32(seed)*2654435761 + 12345
	for i := range p {
		x = x*1664525 + 1013904223
		p[i] = byte(x >> 24)
	}
	return string(p)
}

func zeros(length int) string { return string(make([]byte, length)) }

// brief shows the first bytes of a long content.
func brief(p []byte) string {
	if len(p) > 48 {
		return fmt.Sprintf("%d bytes %q...", len(p), p[:48])
	}
	return fmt.Sprintf("%d bytes %q", len(p), p)
}
