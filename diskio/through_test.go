package diskio

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

var ways = []Way{WayRing, WayInline, WayWorker}

// skipWithout ends a test whose way the machine does not have: the fall-back
// took another.
func skipWithout(t testing.TB, f *File, way Way) bool {
	if f.way != way {
		t.Logf("this machine writes by %v instead of %v", f.way, way)
		return true
	}
	return false
}

// TestZeroingNeverOvertakesWrites writes blocks here and there into files that
// are being zeroed in the background, and compares with a model.
func TestZeroingNeverOvertakesWrites(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type write struct{ block, count, seed int }
		const blocks = 3 * zeroStepBytes / env.BlockSize
		writes := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) write {
			return write{
				rapid.IntRange(0, blocks-8).Draw(r, "block"), rapid.IntRange(1, 8).Draw(r, "count"),
				rapid.IntRange(1, 255).Draw(r, "seed"),
			}
		}), 1, 12).Draw(r, "writes")
		growAt := rapid.IntRange(0, len(writes)).Draw(r, "grow at")
		way := rapid.SampledFrom(ways).Draw(r, "way")
		onDisk(t, t.TempDir(), way, func(tk *task.Task, d *Disk) {
			f := create(t, d, "a", blocks*env.BlockSize)
			model := make([]byte, blocks*env.BlockSize)
			for i, w := range writes {
				if i == growAt {
					must(t, f.Preallocate(2*blocks*env.BlockSize))
					model = append(model, make([]byte, len(model))...)
				}
				p := d.Buffer(w.count * env.BlockSize)
				for j := range p {
					p[j] = byte(w.seed)
				}
				must(t, f.WriteThrough(tk, p, kafka.Position(w.block*env.BlockSize)))
				copy(model[w.block*env.BlockSize:], p)
				if w.seed%3 == 0 {
					must(t, f.Sync(tk)) // lets the background get on
				}
			}
			if got := content(t, tk, f); !bytes.Equal(got, model) {
				r.Fatalf("the file differs from the model after %+v by %v", writes, way)
			}
		})
	})
}

func TestBlocksAheadAreZeroed(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		f := create(t, d, "a", 4*zeroStepBytes)
		must(t, f.WriteThrough(tk, d.Buffer(env.BlockSize), 0))
		if f.way == WayWorker {
			t.Skip("this file system takes no O_DIRECT")
		}
		for f.busyTo > 0 {
			_ = f.over.Wait(tk, kafka.Never, "zeroing")
		}
		if f.frontier != f.end || f.end != 4*zeroStepBytes {
			t.Errorf("zeroed to %d of %d", f.frontier, f.end)
		}
		must(t, f.WriteAt([]byte("x"), 0))
		must(t, f.Preallocate(8*zeroStepBytes))
		must(t, f.Truncate(0))
		if f.end != 0 {
			t.Error("a file that is written otherwise is still to be zeroed")
		}
	})
}

// TestAShortCountIsGoneOnWith tells the ring that the device took one block of
// four.
func TestAShortCountIsGoneOnWith(t *testing.T) {
	onDisk(t, t.TempDir(), WayRing, func(tk *task.Task, d *Disk) {
		f := create(t, d, "a", 4*env.BlockSize)
		p := d.Buffer(4 * env.BlockSize)
		must(t, f.WriteThrough(tk, p, 0))
		if skipWithout(t, f, WayRing) {
			return
		}
		for i := range p {
			p[i] = byte(1 + i/env.BlockSize)
		}
		r := d.ring
		w := r.writes[r.free[len(r.free)-1]]
		r.free = r.free[:len(r.free)-1]
		r.busy++
		w.file, w.p, w.position, w.done, w.left = f, p, 0, false, true
		f.hold()
		r.end(w, env.BlockSize)
		for r.busy > 0 {
			tk.Yield()
			r.reap()
		}
		want := slices.Concat(make([]byte, env.BlockSize), p[env.BlockSize:])
		if got := content(t, tk, f); !bytes.Equal(got, want) {
			t.Error("the rest was not written where it belongs")
		}
		if len(r.free) != ringEntries {
			t.Errorf("%d of %d slots are free", len(r.free), ringEntries)
		}
	})
}

// TestMoreWritesThanSlots has more tasks write through than the ring takes, and
// some of them cancelled.
func TestMoreWritesThanSlots(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		const writers = 3 * ringEntries
		f := create(t, d, "a", writers*env.BlockSize)
		done := 0
		var handles []task.Handle
		for i := range writers {
			handles = append(handles, tk.Loop().Spawn("writer", func(tk *task.Task) {
				p := d.Buffer(env.BlockSize)
				p[0] = byte(i)
				must(t, f.WriteThrough(tk, p, kafka.Position(i*env.BlockSize)))
				done++
			}))
		}
		tk.Yield()
		cancelled := 0
		for i := 0; i < writers; i += 5 {
			if handles[i].Alive() {
				handles[i].Cancel()
				cancelled++
			}
		}
		for done < writers-cancelled {
			tk.Sleep(100 * time.Microsecond)
		}
		got := content(t, tk, f)
		for i := 1; i < writers; i++ {
			if i%5 != 0 && got[i*env.BlockSize] != byte(i) {
				t.Errorf("block %d holds %d", i, got[i*env.BlockSize])
			}
		}
	})
}

func TestACloseWaitsForWritesUnderWay(t *testing.T) {
	dir := t.TempDir()
	directory, err := Open(dir, Options{})
	must(t, err)
	r := newReactor()
	d, err := directory.Disk(r)
	must(t, err)
	f := create(t, d, "a", env.BlockSize)
	r.loop.Spawn("writer", func(tk *task.Task) {
		p := d.Buffer(env.BlockSize)
		p[0] = 'x'
		_ = f.WriteThrough(tk, p, 0) // its task is cancelled meanwhile
		t.Error("a cancelled write returned")
	})
	r.loop.Turn(2)
	r.end(d)
	must(t, directory.Close())
	onDisk(t, dir, WayBest, func(tk *task.Task, d *Disk) {
		f, err := d.Open("a")
		must(t, err)
		if got := content(t, tk, f); got[0] != 'x' {
			t.Error("the write was lost though the disk was closed in order")
		}
	})
}

func TestPinsComeFromAnyThread(t *testing.T) {
	onDisk(t, t.TempDir(), WayBest, func(tk *task.Task, d *Disk) {
		f, err := d.Create("a")
		must(t, err)
		must(t, f.WriteAt([]byte("pinned"), 0))
		f.Pin()
		ended := make(chan error)
		go func() { // ends with its loop
			for range 1000 {
				f.Pin()
				p := make([]byte, 6)
				if n, err := f.ReadNow(p, 0); err != nil && !errors.Is(err, env.ErrCold) || n != 6 {
					ended <- fmt.Errorf("read %d bytes, %v", n, err)
					return
				}
				f.Unpin()
			}
			f.Unpin()
			ended <- nil
		}()
		must(t, f.Close())
		must(t, d.Remove("a"))
		must(t, <-ended)
		if _, err := f.ReadNow(make([]byte, 1), 0); !errors.Is(err, env.ErrClosed) {
			t.Errorf("a closed file reads: %v", err)
		}
	})
}

func TestWriteThroughAllocatesNothing(t *testing.T) {
	for _, way := range []Way{WayRing, WayInline} {
		onDisk(t, t.TempDir(), way, func(tk *task.Task, d *Disk) {
			f := create(t, d, "a", 16*env.BlockSize)
			p := d.Buffer(env.BlockSize)
			must(t, f.WriteThrough(tk, p, 0))
			if skipWithout(t, f, way) {
				return
			}
			var err error
			allocated := testing.AllocsPerRun(100, func() {
				if e := f.WriteThrough(tk, p, env.BlockSize); e != nil {
					err = e
				}
			})
			must(t, err)
			const ofTheTestsReactor = 3 // its Watch and Post
			if allocated > ofTheTestsReactor {
				t.Errorf("%v allocations by %v", allocated, way)
			}
		})
	}
}

// BenchmarkWriteThrough commits 4 KiB to blocks that were written before, as a
// recycled journal does, and reports the median.
func BenchmarkWriteThrough(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("%dKiB/%v", size>>10, way), func(b *testing.B) {
				onDisk(b, b.TempDir(), way, func(tk *task.Task, d *Disk) {
					const file = 16 << 20
					f := create(b, d, "a", file)
					p := d.Buffer(size)
					for at := 0; at < file; at += zeroStepBytes {
						must(b, f.WriteThrough(tk, d.Buffer(zeroStepBytes), kafka.Position(at)))
					}
					if skipWithout(b, f, way) {
						return
					}
					spans := make([]time.Duration, b.N)
					b.ResetTimer()
					for i := range b.N {
						begun := time.Now()
						must(b, f.WriteThrough(tk, p, kafka.Position(i*size%file)))
						spans[i] = time.Since(begun)
					}
					b.StopTimer()
					slices.Sort(spans)
					b.ReportMetric(float64(spans[b.N/2].Microseconds()), "p50-us")
					b.ReportMetric(float64(spans[b.N*99/100].Microseconds()), "p99-us")
				})
			})
		}
	}
}
