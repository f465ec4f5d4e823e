package diskio

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// letters is content that differs by place.
func letters(length int) []byte {
	p := make([]byte, length)
	for i := range p {
		p[i] = byte('a' + i*7%26 + i/4096%2)
	}
	return p
}

// evict throws a file's pages out of memory, where the system does as it is
// asked.
func evict(f *File) {
	_ = unix.Fdatasync(f.fd)
	_ = unix.Fadvise(f.fd, 0, 0, unix.FADV_DONTNEED)
}

// TestEveryWayToReadGivesTheSameBytes reads cold and warm, around the ends and
// past them, as new and as old kernels do.
func TestEveryWayToReadGivesTheSameBytes(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		want := letters(300_000)
		made, err := d.Create("a")
		must(t, err)
		f := made.(*File)
		must(t, f.WriteAt(want, 0))
		for name, read := range map[string]func(p []byte, at kafka.Position) (int, error){
			"ReadAt":   func(p []byte, at kafka.Position) (int, error) { return f.ReadAt(tk, p, at) },
			"readCopy": func(p []byte, at kafka.Position) (int, error) { return f.readCopy(tk, p, at) },
			"ReadNow after Prefetch": func(p []byte, at kafka.Position) (int, error) {
				for {
					must(t, f.Prefetch(tk, at, int64(len(p))))
					if n, err := f.ReadNow(p, at); !errors.Is(err, env.ErrCold) {
						return n, err
					}
				}
			},
			"ReadNow without RWF_NOWAIT": func(p []byte, at kafka.Position) (int, error) {
				f.noNowait.Store(true)
				defer f.noNowait.Store(false)
				return f.ReadNow(p, at)
			},
		} {
			for _, at := range []int{0, 1, 4095, 150_000, 299_999, 300_000, 400_000} {
				evict(f)
				p := make([]byte, 100_000)
				n, err := read(p, kafka.Position(at))
				must(t, err)
				from := min(at, len(want))
				if !bytes.Equal(p[:n], want[from:min(len(want), from+len(p))]) {
					t.Errorf("%s at %d: %d bytes, or others", name, at, n)
				}
			}
		}
	})
}

func TestColdIsToldFromResident(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		made, err := d.Create("a")
		must(t, err)
		f := made.(*File)
		const size = 1 << 20
		must(t, f.WriteAt(letters(size), 0))
		if !f.Resident(0, size) || !f.probe(0, size) || !f.Resident(size, 10) || !f.Resident(0, 0) {
			t.Error("what was just written is said to be cold")
		}
		evict(f)
		if _, err := f.ReadNow(make([]byte, 10), 5000); !errors.Is(err, env.ErrCold) {
			t.Skipf("this file system keeps its pages, or cannot tell: %v", err)
		}
		if f.Resident(0, size) || f.probe(0, size) {
			t.Error("what was thrown out is said to be in memory")
		}
		must(t, f.Prefetch(tk, 0, size))
		if !f.Resident(0, size) || !f.probe(0, size) {
			t.Error("what was brought in is said to be cold")
		}
	})
}

// TestOldKernels takes the paths of systems without openat2 and fallocate.
func TestOldKernels(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		fd, err := openPlain(d.directory.root, "a", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, fileMode)
		must(t, err)
		must(t, unix.Close(fd))
		opened, err := d.Open("a")
		must(t, err)
		f := opened.(*File)
		must(t, f.WriteAt([]byte("head"), 0))
		must(t, f.fillWithZeros(4, 3<<20))
		f.size.Store(3 << 20)
		if got := content(t, tk, f); !bytes.Equal(got, append([]byte("head"), make([]byte, 3<<20-4)...)) {
			t.Error("the file is not filled with zeros")
		}
	})
}

func TestWriteBehindIsAHint(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		made, err := d.Create("a")
		must(t, err)
		want := letters(1 << 20)
		must(t, made.WriteAt(want, 0))
		for i := range 10 * droppableMax { // more than the workers take
			made.StartWriteback(kafka.Position(i*4096), 4096)
		}
		must(t, made.Sync(tk))
		if !bytes.Equal(content(t, tk, made), want) {
			t.Error("other bytes")
		}
		must(t, made.Close())
		made.StartWriteback(0, 10) // of a closed file: nothing
	})
}

func TestWorkersFinishWhatWasSubmitted(t *testing.T) {
	w := newWorkers()
	results := make(chan int, 1000)
	for i := range 1000 {
		if !w.submit(func(*worker) { results <- i }) {
			t.Fatal("refused")
		}
	}
	w.close()
	if len(results) != 1000 {
		t.Fatalf("%d of 1000 ran", len(results))
	}
	if w.submit(func(*worker) {}) {
		t.Fatal("took a job after close")
	}
}

func TestAPinnedRangeIsNotCutOff(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(_ *task.Task, d *Disk) {
		made, err := d.Create("a")
		must(t, err)
		f := made.(*File)
		must(t, f.WriteAt(letters(100), 0))
		f.PinRange(10, 20)
		f.PinRange(0, 5)
		f.PinRange(10, 20)
		f.UnpinRange(10, 20)
		must(t, f.Truncate(30))
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a pinned range was cut off")
				}
			}()
			_ = f.Truncate(29)
		}()
		f.UnpinRange(10, 20)
		must(t, f.Truncate(5))
		f.UnpinRange(0, 5)
		must(t, f.Truncate(0))
		defer func() {
			if recover() == nil {
				t.Error("a range was unpinned twice")
			}
		}()
		f.UnpinRange(0, 5)
	})
}

func TestReadingOnBringsInMoreAndMore(t *testing.T) {
	var s sequence
	for i, step := range []struct{ position, length, want int64 }{
		{0, 4096, 4096}, // the first read of a file may be its only one
		{4096, 4096, aheadBytesMin},
		{4096 + aheadBytesMin, 4096, 2 * aheadBytesMin},
		{4096 + 3*aheadBytesMin - 100, 4096, 4 * aheadBytesMin}, // partly in memory
		{50 << 20, 4096, 4096},                                  // elsewhere
		{50<<20 + 4096, 20 << 20, 20 << 20},                     // more than the window
		{1 << 20, 4096, 4096},
	} {
		if got := s.ahead(step.position, step.length); got != step.want {
			t.Errorf("read %d: %d bytes, want %d", i, got, step.want)
		}
	}
	for range 10 {
		if got := s.ahead(s.next, 1); got > aheadBytesMax {
			t.Errorf("%d bytes at once", got)
		}
	}
}
