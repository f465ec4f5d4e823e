package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/fault"
)

// seedsMax is how many seeds a case with a random outcome looks at.
const seedsMax = 60

// lab is a world with one node whose program does nothing by itself.
type lab struct {
	t     *testing.T
	world *sim.World
	node  *sim.Node
}

// body is what a case does on the node.
type body func(t *task.Task, d env.Disk)

// always has the given faults happen wherever they can.
func always(t *testing.T, seed uint64, kinds ...fault.Kind) *lab {
	w := sim.New(sim.Config{Seed: seed, Faults: fault.Set(0).With(kinds...), Intensity: 1_000_000})
	l := &lab{t: t, world: w, node: w.AddNode("node", 1, func(*env.World) {})}
	l.node.KeepDown()
	w.RunFor(time.Millisecond)
	return l
}

// start begins a body without waiting for it.
func (l *lab) start(b body) (done *bool) {
	l.t.Helper()
	done = new(bool)
	if !l.node.Up() {
		l.node.Start()
	}
	l.node.Spawn(0, "case", func(t *task.Task, w *env.World) {
		b(t, w.Disk)
		*done = true
	})
	return done
}

// do runs a body to its end.
func (l *lab) do(b body) {
	l.t.Helper()
	done := l.start(b)
	l.world.RunWhile(l.world.Now().Plus(time.Hour), func() bool { return !*done })
	if f := l.world.Failure(); f != nil {
		l.t.Fatalf("%v\n%s", f, f.Detail)
	}
	if !*done {
		l.t.Fatalf("the case did not end: %q", l.node.Stories())
	}
}

func (l *lab) end() {
	l.t.Helper()
	if r := l.world.Close(); r.Failure != nil {
		l.t.Fatalf("%s", r)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func open(d env.Disk, name string) env.File {
	f, err := d.Open(name)
	must(err)
	return f
}

// content reads a whole file.
func content(t *task.Task, d env.Disk, name string) []byte {
	f := open(d, name)
	defer f.Close()
	p := make([]byte, f.Size())
	n, err := f.ReadAt(t, p, 0)
	must(err)
	return p[:n]
}

// made makes a file whose name and content are durable.
func made(t *task.Task, d env.Disk, name, text string) env.File {
	f, err := d.Create(name)
	must(err)
	must(f.WriteAt([]byte(text), 0))
	must(f.Sync(t))
	must(d.SyncDir(t, ""))
	return f
}

var losses = []fault.Kind{fault.DiskLostPages, fault.DiskTornPages, fault.DiskLostEntries,
	fault.DiskTornThrough}

func TestKillKeepsThePageCache(t *testing.T) {
	l := always(t, 1, losses...)
	l.do(func(_ *task.Task, d env.Disk) {
		f, err := d.Create("a")
		must(err)
		must(f.WriteAt([]byte("never synced"), 0))
	})
	l.node.Kill()
	l.do(func(t *task.Task, d env.Disk) {
		if got := content(t, d, "a"); string(got) != "never synced" {
			l.t.Errorf("kill -9 left %q", got)
		}
	})
	l.end()
}

func TestPowerLossWithoutFaultsKeepsEverything(t *testing.T) {
	l := always(t, 1)
	l.do(func(_ *task.Task, d env.Disk) {
		f, err := d.Create("a")
		must(err)
		must(f.WriteAt([]byte("never synced"), 0))
	})
	l.node.PowerLoss()
	l.do(func(t *task.Task, d env.Disk) {
		if got := content(t, d, "a"); string(got) != "never synced" {
			l.t.Errorf("a power loss left %q", got)
		}
	})
	l.end()
}

// What was synced is there after any power loss; what was not comes as old or
// new sectors, any mix of them. Every kind of outcome occurs.
func TestPowerLossTakesOnlyWhatWasNotSynced(t *testing.T) {
	const old, added = 20_000, 30_000
	before := bytes.Repeat([]byte("o"), old)
	after := bytes.Repeat([]byte("N"), added)
	outcomes := map[string]int{}
	for seed := range uint64(seedsMax) {
		l := always(t, seed, fault.DiskLostPages, fault.DiskTornPages)
		l.do(func(t *task.Task, d env.Disk) {
			f := made(t, d, "a", string(before))
			must(f.WriteAt(after, old))
		})
		l.node.PowerLoss()
		l.do(func(t *task.Task, d env.Disk) {
			got := content(t, d, "a")
			if len(got) < old || !bytes.Equal(got[:old], before) {
				l.t.Errorf("seed %d: synced bytes are gone", seed)
				return
			}
			outcomes[outcome(l.t, got[old:])]++
		})
		l.end()
	}
	for _, want := range []string{"all", "none", "holes"} {
		if outcomes[want] == 0 && want != "all" {
			t.Errorf("no power loss left %s of the unsynced bytes: %v", want, outcomes)
		}
	}
}

// outcome names what is left of unsynced N bytes, and checks that they were
// torn between sectors only.
func outcome(t *testing.T, p []byte) string {
	if len(p) == 0 {
		return "none"
	}
	if bytes.Count(p, []byte("N")) == len(p) {
		return "all"
	}
	const start = 20_000
	for i := 1; i < len(p); i++ {
		if p[i] != p[i-1] && (start+i)%512 != 0 {
			t.Errorf("torn at byte %d, within a sector", start+i)
		}
		if p[i] != 0 && p[i] != 'N' {
			t.Errorf("byte %d is %q", i, p[i])
		}
	}
	if bytes.Count(p, []byte("N")) == 0 {
		return "none"
	}
	return "holes"
}

func TestOverwrittenPagesComeBackOld(t *testing.T) {
	old := 0
	for seed := range uint64(seedsMax) {
		l := always(t, seed, fault.DiskLostPages)
		l.do(func(t *task.Task, d env.Disk) {
			f := made(t, d, "a", strings.Repeat("o", 4096*8))
			must(f.WriteAt(bytes.Repeat([]byte("n"), 4096*8), 0))
		})
		l.node.PowerLoss()
		l.do(func(t *task.Task, d env.Disk) {
			p := content(t, d, "a")
			for i := 0; i < len(p); i += 4096 {
				page := p[i : i+4096]
				if c := bytes.Count(page, []byte("n")); c != 0 && c != 4096 {
					l.t.Errorf("a page is torn without that fault")
				}
			}
			old += bytes.Count(p, []byte("o"))
		})
		l.end()
	}
	if old == 0 {
		t.Fatal("no page was ever lost")
	}
}

// A sync covers what was written before it began, and no more.
func TestSyncDoesNotCoverLaterWrites(t *testing.T) {
	lost := false
	for seed := range uint64(seedsMax) {
		l := always(t, seed, fault.DiskLostPages)
		l.do(func(t *task.Task, d env.Disk) {
			f := made(t, d, "a", "before ")
			must(f.WriteAt([]byte("early "), 7))
			t.Loop().Spawn("writer", func(*task.Task) { must(f.WriteAt([]byte("late"), 13)) })
			must(f.Sync(t))
		})
		l.node.PowerLoss()
		l.do(func(t *task.Task, d env.Disk) {
			got := string(content(t, d, "a"))
			if !strings.HasPrefix(got, "before early ") {
				l.t.Errorf("seed %d: a synced write is gone: %q", seed, got)
			}
			lost = lost || !strings.HasSuffix(got, "late")
		})
		l.end()
	}
	if !lost {
		t.Fatal("a write made during a sync was never lost")
	}
}

// A failed sync: reads still show the pages, the next sync is content, and a
// power loss shows that they were never written.
func TestFailedSyncDropsItsPages(t *testing.T) {
	l := always(t, 3, fault.DiskSyncError)
	l.do(func(t *task.Task, d env.Disk) {
		f, err := d.Create("a")
		must(err)
		must(d.SyncDir(t, ""))
		must(f.Preallocate(4096))
		must(f.Sync(t)) // no page is dirty: nothing to fail
		must(f.WriteAt([]byte("lost"), 0))
		if err := f.Sync(t); !errors.Is(err, env.ErrIO) {
			l.t.Errorf("sync: %v", err)
		}
		if got := content(t, d, "a"); string(got[:4]) != "lost" {
			l.t.Errorf("the page cache shows %q", got[:4])
		}
		must(f.Sync(t))
	})
	l.node.PowerLoss()
	l.do(func(t *task.Task, d env.Disk) {
		if got := content(t, d, "a"); string(got[:4]) != "\x00\x00\x00\x00" {
			l.t.Errorf("the platter holds %q", got[:4])
		}
	})
	l.end()
}

func TestEveryHandleIsToldOfAFailedSyncOnce(t *testing.T) {
	l := always(t, 3, fault.DiskSyncError)
	l.do(func(t *task.Task, d env.Disk) {
		f, err := d.Create("a")
		must(err)
		g := open(d, "a")
		must(f.WriteAt([]byte("x"), 0))
		for i, want := range []struct {
			file env.File
			err  error
		}{{f, env.ErrIO}, {f, nil}, {g, env.ErrIO}, {g, nil}} {
			if err := want.file.Sync(t); !errors.Is(err, want.err) {
				l.t.Errorf("sync %d: %v, want %v", i, err, want.err)
			}
		}
		must(open(d, "a").Sync(t)) // opened after the failure
	})
	l.end()
}

func TestFailedWriteBehindIsToldBySync(t *testing.T) {
	l := always(t, 3, fault.DiskWritebackError)
	l.do(func(t *task.Task, d env.Disk) {
		f, err := d.Create("a")
		must(err)
		must(f.WriteAt(make([]byte, 10000), 0))
		f.StartWriteback(0, 10000)
		if err := f.Sync(t); !errors.Is(err, env.ErrIO) {
			l.t.Errorf("sync: %v", err)
		}
		must(f.Sync(t))
	})
	l.end()
}

func TestEntriesNeedADirectorySync(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(seedsMax) {
		l := always(t, seed, fault.DiskLostEntries)
		l.do(func(t *task.Task, d env.Disk) {
			must(made(t, d, "kept", "k").Close())
			must(made(t, d, "old", "o").Close())
			must(d.Rename("old", "new"))
			f, err := d.Create("fresh")
			must(err)
			must(f.Sync(t))
		})
		l.node.PowerLoss()
		l.do(func(t *task.Task, d env.Disk) {
			entries, err := d.List("")
			must(err)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name)
			}
			seen[strings.Join(names, " ")]++
		})
		l.end()
	}
	legal := []string{"fresh kept new", "fresh kept old", "kept new", "kept old"}
	for names := range seen {
		if !slices.Contains(legal, names) {
			t.Errorf("a power loss left %q", names)
		}
	}
	for _, names := range legal[1:] {
		if seen[names] == 0 {
			t.Errorf("no power loss left %q: %v", names, seen)
		}
	}
}

func TestSyncedEntriesStay(t *testing.T) {
	for seed := range uint64(seedsMax) {
		l := always(t, seed, losses...)
		l.do(func(t *task.Task, d env.Disk) {
			must(d.MakeDir("d"))
			must(d.SyncDir(t, ""))
			f, err := d.Create("d/tmp")
			must(err)
			must(f.WriteAt([]byte("whole"), 0))
			must(f.Sync(t))
			must(d.Rename("d/tmp", "e"))
			must(d.SyncDir(t, "d"))
			must(d.SyncDir(t, ""))
		})
		l.node.PowerLoss()
		l.do(func(t *task.Task, d env.Disk) {
			if got := content(t, d, "e"); string(got) != "whole" {
				l.t.Errorf("seed %d: %q", seed, got)
			}
			if list, err := d.List("d"); err != nil || len(list) != 0 {
				l.t.Errorf("seed %d: d holds %v, %v", seed, list, err)
			}
		})
		l.end()
	}
}

func TestWriteThroughTearsBetweenBlocks(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(seedsMax) {
		l := always(t, seed, fault.DiskTornThrough)
		var p []byte
		l.do(func(t *task.Task, d env.Disk) {
			f := made(t, d, "j", strings.Repeat("o", 4*4096))
			p = d.Buffer(2 * 4096)
			copy(p, bytes.Repeat([]byte("d"), len(p)))
			must(f.WriteThrough(t, p, 0))
		})
		l.start(func(t *task.Task, d env.Disk) {
			p := d.Buffer(2 * 4096)
			copy(p, bytes.Repeat([]byte("n"), len(p)))
			must(open(d, "j").WriteThrough(t, p, 2*4096))
		})
		l.world.RunFor(50 * time.Microsecond)
		if seed%2 == 0 {
			l.node.Kill()
		} else {
			l.node.PowerLoss()
		}
		l.do(func(t *task.Task, d env.Disk) {
			got := content(t, d, "j")
			var shape strings.Builder
			for i := 0; i < len(got); i += 4096 {
				if bytes.Count(got[i:i+4096], got[i:i+1]) != 4096 {
					l.t.Errorf("block %d is torn within", i/4096)
				}
				shape.WriteByte(got[i])
			}
			seen[shape.String()]++
		})
		l.end()
	}
	for _, want := range []string{"ddoo", "ddnn", "ddno", "ddon"} {
		if seen[want] == 0 {
			t.Errorf("no crash left %q: %v", want, seen)
		}
	}
	if len(seen) != 4 {
		t.Errorf("crashes left %v", seen)
	}
}

func TestFullDisk(t *testing.T) {
	l := always(t, 1)
	l.do(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "x")
		must(f.Preallocate(3 * 4096))
		l.node.Disk().Squeeze(2 * 4096)
		must(f.WriteAt(make([]byte, 2*4096), 4096)) // it has its room already
		if free, _ := d.Space(); free != 2*4096 {
			l.t.Errorf("free %d", free)
		}
		if err := f.WriteAt(make([]byte, 3*4096), 3*4096); !errors.Is(err, env.ErrNoSpace) {
			l.t.Errorf("write: %v", err)
		}
		if _, err := d.Create("b"); !errors.Is(err, env.ErrNoSpace) {
			l.t.Errorf("create: %v", err)
		}
		must(f.Truncate(3 * 4096))
		must(f.WriteAt(make([]byte, 2*4096), 3*4096))
		l.node.Disk().Unsqueeze()
		must(f.WriteAt(make([]byte, 5*4096), 3*4096))
	})
	l.end()
}

func TestReservedRoom(t *testing.T) {
	l := always(t, 1)
	l.do(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "x")
		l.node.Disk().Squeeze(4 * 4096)
		if err := f.Reserve(1, 5*4096); !errors.Is(err, env.ErrNoSpace) {
			l.t.Errorf("reserve: %v", err)
		}
		must(f.Reserve(1, 4*4096))
		must(f.Reserve(1, 4096)) // it has that already
		if free, _ := d.Space(); free != 0 || f.Size() != 1 {
			l.t.Errorf("free %d, size %d", free, f.Size())
		}
		must(f.WriteAt(make([]byte, 4*4096), 1))
		must(f.Truncate(4097))
		if free, _ := d.Space(); free != 3*4096 {
			l.t.Errorf("free %d after a truncation", free)
		}
		must(f.Reserve(4097, 2*4096))
		must(f.Truncate(4097)) // to the size it has: only the room goes
		if free, _ := d.Space(); free != 3*4096 {
			l.t.Errorf("free %d after the room was given back", free)
		}
	})
	l.node.PowerLoss()
	l.end()
}

func TestRoomComesBack(t *testing.T) {
	l := always(t, 1)
	var before, after int64
	l.do(func(t *task.Task, d env.Disk) {
		before, _ = d.Space()
		for i := range 10 {
			f := made(t, d, fmt.Sprint("f", i), strings.Repeat("x", 10000*i))
			must(f.Preallocate(1 << 20))
			must(f.Truncate(int64(5000 * i)))
			must(f.Close())
		}
		for i := range 10 {
			must(d.Remove(fmt.Sprint("f", i)))
		}
		must(d.SyncDir(t, ""))
		after, _ = d.Space()
	})
	l.node.PowerLoss()
	l.do(func(t *task.Task, d env.Disk) {
		if last, _ := d.Space(); last != before || after != before {
			l.t.Errorf("free %d, then %d, after a power loss %d", before, after, last)
		}
	})
	l.end()
}

func TestReadErrors(t *testing.T) {
	l := always(t, 1, fault.DiskReadErrorLatent)
	l.do(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "unreadable")
		for range 3 {
			if _, err := f.ReadAt(t, make([]byte, 10), 0); !errors.Is(err, env.ErrIO) {
				l.t.Errorf("read: %v", err)
			}
		}
	})
	l.world.Calm()
	l.do(func(t *task.Task, d env.Disk) {
		if got := content(t, d, "a"); string(got) != "unreadable" {
			l.t.Errorf("after healing: %q", got)
		}
	})
	l.end()
}

func TestPagesAreColdAfterAPowerLoss(t *testing.T) {
	l := always(t, 1)
	l.do(func(t *task.Task, d env.Disk) { must(made(t, d, "a", "text").Close()) })
	l.node.PowerLoss()
	l.do(func(t *task.Task, d env.Disk) {
		f := open(d, "a")
		p := make([]byte, 4)
		if _, err := f.ReadNow(p, 0); !errors.Is(err, env.ErrCold) || f.Resident(0, 4) {
			l.t.Errorf("a page is warm after a power loss: %v", err)
		}
		must(f.Prefetch(t, 0, 4))
		if _, err := f.ReadNow(p, 0); err != nil || string(p) != "text" {
			l.t.Errorf("%q, %v", p, err)
		}
	})
	l.end()
}

func TestBitRotShowsAfterAPowerLoss(t *testing.T) {
	l := always(t, 1)
	want := strings.Repeat("text", 5000)
	l.do(func(t *task.Task, d env.Disk) { must(made(t, d, "a", want).Close()) })
	if !l.node.Disk().Rot(12345) {
		t.Fatal("nothing rotted")
	}
	l.do(func(t *task.Task, d env.Disk) {
		if string(content(t, d, "a")) != want {
			l.t.Error("the page cache shows the rot below it")
		}
	})
	l.node.PowerLoss()
	l.do(func(t *task.Task, d env.Disk) {
		flipped := 0
		for i, b := range content(t, d, "a") {
			for x := b ^ want[i]; x != 0; x &= x - 1 {
				flipped++
			}
		}
		if flipped != 1 {
			l.t.Errorf("%d bits flipped", flipped)
		}
	})
	l.end()
}

func TestStalledDiskFinishesNothing(t *testing.T) {
	l := always(t, 1)
	l.do(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "x")
		must(f.WriteAt([]byte("y"), 0))
		before := t.Now()
		l.node.Disk().StallUntil(l.world.Now().Plus(3 * time.Second))
		must(f.Sync(t))
		if took := t.Now().Since(before); took < 3*time.Second {
			l.t.Errorf("a sync on a stalled disk took %v", took)
		}
	})
	l.end()
}

func TestHealingEndsAStall(t *testing.T) {
	l := always(t, 1)
	l.do(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "x")
		must(f.WriteAt([]byte("y"), 0))
		before := t.Now()
		disk := l.node.Disk()
		disk.StallUntil(l.world.Now().Plus(time.Hour))
		t.Loop().Spawn("healer", func(t *task.Task) {
			t.Sleep(time.Second)
			disk.Heal()
		})
		must(f.Sync(t)) // begun before the healing
		must(f.WriteAt([]byte("z"), 0))
		must(f.Sync(t)) // and after it
		if took := t.Now().Since(before); took < time.Second || took > 2*time.Second {
			l.t.Errorf("two syncs around the healing took %v", took)
		}
	})
	l.end()
}

func TestCuttingAPinnedRangeIsCaught(t *testing.T) {
	l := always(t, 1)
	l.start(func(t *task.Task, d env.Disk) {
		f := made(t, d, "a", "0123456789")
		f.(interface {
			PinRange(kafka.Position, int64)
		}).PinRange(5, 3)
		must(f.Truncate(8))
		must(f.Truncate(7))
	})
	l.world.RunFor(time.Second)
	f := l.world.Failure()
	if f == nil || !strings.Contains(f.Reason, "no pinned range of a file is cut off") {
		t.Fatalf("failure: %v", f)
	}
	l.world.Close()
}

func TestAimedCrashHitsTheNthOperation(t *testing.T) {
	for count := 1; count <= 5; count++ {
		l := always(t, 1)
		crashed := false
		l.node.Disk().AimCrash(0, count, func(time.Duration) { crashed = true })
		l.do(func(t *task.Task, d env.Disk) {
			for i := range 5 {
				if crashed != (i >= count) {
					l.t.Errorf("aimed at %d: before operation %d crashed is %v", count, i, crashed)
				}
				must(d.MakeDir(fmt.Sprint("d", i)))
			}
		})
		l.end()
	}
}
