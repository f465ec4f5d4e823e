package log_test

import (
	"errors"
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// A full disk refuses the append and nothing else: no half batch, no fence, and
// the next append that fits goes on where the log ended.
func TestAFullDiskRefusesAnAppend(t *testing.T) {
	for _, kind := range []string{"write", "create"} {
		t.Run(kind, func(t *testing.T) { testFullDisk(t, kind) })
	}
}

func testFullDisk(t *testing.T, kind string) {
	disk := disktest.New()
	var want []string
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		full := false
		disk.Before = func(op disktest.Op) error {
			refuses := op.Kind == kind || kind == "write" && op.Kind == "reserve"
			if full && refuses && strings.HasPrefix(op.Name, "orders") {
				return env.ErrNoSpace
			}
			return nil
		}
		refused := 0
		for i := range 60 {
			full = i/10%2 == 1
			if err := n.home.Journal.AwaitReady(tt, 4000, kafka.Never); err != nil {
				t.Fatal(err)
			}
			b := records(2, 1500, kafka.Timestamp(i))
			end := l.LogEndOffset()
			_, code, err := l.Append(b, 0)
			if err == nil {
				want = append(want, string(b))
				continue
			}
			refused++
			if !errors.Is(err, env.ErrNoSpace) || code != kafka.None || l.LogEndOffset() != end {
				t.Fatalf("append: %v, %v, the log ends at %d", code, err, l.LogEndOffset())
			}
		}
		full = false
		if refused == 0 || l.Failed() != nil {
			t.Fatalf("%d refused, failed: %v", refused, l.Failed())
		}
		checkContents(t, tt, l, want)
		if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
			t.Fatal(err)
		}
	})
	disk = disk.PowerLoss(func(n int) int { return n - 1 })
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		checkContents(t, tt, l, want)
	})
}

// An index whose bits have rotted is not believed: what it would skip is read all the
// same, whichever bit it is.
func TestARottenIndexIsNotBelieved(t *testing.T) {
	for _, kind := range []string{"index", "timeindex"} {
		t.Run(kind, func(t *testing.T) { testRottenIndex(t, "orders-0/00000000000000000000."+kind) })
	}
}

func testRottenIndex(t *testing.T, name string) {
	config := log.DefaultConfig()
	config.IndexIntervalBytes = 2000
	var want []string
	written := disktest.New()
	withLog(t, written, config, func(tt *task.Task, n *node, l *log.Log) {
		for i := range 30 {
			b := records(1, 1000, kafka.Timestamp(i))
			mustAppend(t, l, b, 0)
			want = append(want, string(b))
		}
		if err := n.close(tt, l); err != nil {
			t.Fatal(err)
		}
	})
	size, err := written.Bytes(name)
	if err != nil || len(size) < 24 {
		t.Fatalf("an index of %d bytes, %v", len(size), err)
	}
	for position := range 24 {
		disk := written.Kill()
		if err := disk.Damage(name, kafka.Position(position)); err != nil {
			t.Fatal(err)
		}
		withLog(t, disk, config, func(tt *task.Task, _ *node, l *log.Log) {
			checkContents(t, tt, l, want)
			for i := range kafka.Offset(30) {
				r, err := l.ReadCold(tt, i, 30, 1, true)
				if err != nil || r.BaseOffset != i {
					t.Fatalf("byte %d: read at %d: %+v, %v", position, i, r, err)
				}
				if r, err = l.ReadCold(tt, i, 30, 5000, true); err != nil || r.Length == 0 {
					t.Fatalf("byte %d: read more at %d: %+v, %v", position, i, r, err)
				}
				found, err := l.OffsetForTimestamp(tt, kafka.Timestamp(i), 30)
				if err != nil || found.Offset != i {
					t.Fatalf("byte %d: from time %d on: %+v, %v", position, i, found, err)
				}
			}
		})
	}
}

// A recovery that finds no room for an index goes without its last entries, and
// whoever opens the log afterwards knows.
func TestRecoverWithoutRoomForAnIndex(t *testing.T) {
	disk := disktest.New()
	var want []string
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		for i := range 40 {
			b := records(1, 1000, kafka.Timestamp(i))
			mustAppend(t, l, b, 0)
			want = append(want, string(b))
		}
		if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
			t.Fatal(err)
		}
	})
	disk = disk.PowerLoss(func(int) int { return 0 })
	refused := 0
	disk.Before = func(op disktest.Op) error {
		if op.Kind == "write" && strings.HasSuffix(op.Name, "index") {
			refused++
			return env.ErrNoSpace
		}
		return nil
	}
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		if refused == 0 {
			t.Error("recovery wrote no index")
		}
		for i := range 40 {
			found, err := l.OffsetForTimestamp(tt, kafka.Timestamp(i), l.LogEndOffset())
			if err != nil || found.Offset != kafka.Offset(i) {
				t.Fatalf("from time %d on: %+v, %v", i, found, err)
			}
		}
		checkContents(t, tt, l, want)
	})
}

// Any other error of the disk ends the log directory's service: what was not
// flushed never will be, whatever later calls return.
func TestAFailingDiskIsFenced(t *testing.T) {
	for _, kind := range []string{"write", "through", "sync", "syncdir"} {
		t.Run(kind, func(t *testing.T) {
			disk := disktest.New()
			withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
				failures := 0
				disk.Before = func(op disktest.Op) error {
					if op.Kind == kind && failures == 0 {
						failures++
						return env.ErrIO
					}
					return nil
				}
				flushed := kafka.Offset(-1)
				for l.Failed() == nil {
					if _, _, err := l.Append(records(1, 3000, 1), 0); err != nil {
						_ = n.home.Journal.AwaitReady(tt, 3000, kafka.Never)
					}
					tt.Yield()
				}
				flushed = l.FlushedEndOffset()
				for range 20 {
					_, _, err := l.Append(records(1, 3000, 1), 0)
					if !errors.Is(err, env.ErrIO) {
						t.Fatalf("append after the failure: %v", err)
					}
					tt.Yield()
				}
				if l.FlushedEndOffset() != flushed {
					t.Error("flushedEndOffset has moved after the failure")
				}
				if err := l.AwaitFlushed(tt, flushed+1, kafka.Never); !errors.Is(err, env.ErrIO) {
					t.Errorf("await: %v", err)
				}
				if err := l.Close(tt); !errors.Is(err, env.ErrIO) {
					t.Errorf("close: %v", err)
				}
			})
		})
	}
}

// recoveryTest is something that happened to the files while nobody was there.
type recoveryTest struct {
	name   string
	crash  bool // before, instead of a clean shutdown
	harm   func(disk *disktest.Disk) error
	failed string // part of the log's failure
	boot   string // part of Recover's error
}

func recoveryTests() []recoveryTest {
	const first, last = "orders-0/00000000000000000000", "orders-0/00000000000000000064"
	remove := func(name string) func(*disktest.Disk) error {
		return func(disk *disktest.Disk) error { return disk.Remove(name) }
	}
	cut := func(name string, size int64) func(*disktest.Disk) error {
		return func(disk *disktest.Disk) error {
			f, err := disk.Open(name)
			if err != nil {
				return err
			}
			return f.Truncate(size)
		}
	}
	grow := func(name string) func(*disktest.Disk) error {
		return func(disk *disktest.Disk) error {
			f, err := disk.Open(name)
			if err != nil {
				return err
			}
			return f.WriteAt([]byte("rubbish behind the end"), kafka.Position(f.Size()))
		}
	}
	return []recoveryTest{
		{name: "nothing", harm: func(*disktest.Disk) error { return nil }},
		{name: "index removed", harm: remove(first + ".index")},
		{name: "time index removed", harm: remove(first + ".timeindex")},
		{name: "index of the active segment removed", harm: remove(last + ".index")},
		{name: "index cut", harm: cut(first+".index", 9)},
		{name: "time index grown", harm: grow(first + ".timeindex")},
		{name: "index removed before a crash", crash: true, harm: remove(first + ".index")},
		{name: "rubbish behind the end", harm: grow(last + ".log")},
		{name: "rubbish behind the end after a crash", crash: true, harm: grow(last + ".log")},
		{name: "snapshot removed", harm: remove(last + ".snapshot")},
		{name: "epochs removed", harm: remove("orders-0/leader-epoch-checkpoint")},
		{name: "closed segment cut", harm: cut(first+".log", 15_000),
			failed: first + ".log has 15000 bytes, "},
		{name: "active segment cut", harm: cut(last+".log", 10), failed: last + ".log has 10 bytes, "},
		{name: "closed segment removed", harm: remove(first + ".log"),
			failed: first + ".log is missing"},
		{name: "closed segment cut, and records to add", crash: true, harm: cut(first+".log", 15_000),
			boot: "mend the directory, or move it away"},
		{name: "base removed", harm: remove("journal/base"), boot: "but no journal/base"},
	}
}

func TestRecoveryMatrix(t *testing.T) {
	for _, test := range recoveryTests() {
		t.Run(test.name, func(t *testing.T) { testRecovery(t, test) })
	}
}

func testRecovery(t *testing.T, test recoveryTest) {
	disk := disktest.New()
	var want []string
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		for i := range 50 {
			if i == 45 {
				// What follows a crash is in the journal only.
				if err := l.Checkpoint(tt); err != nil {
					t.Fatal(err)
				}
			}
			b := records(2, 560, kafka.Timestamp(1000+i))
			mustAppend(t, l, b, 0)
			want = append(want, string(b))
			if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
				t.Fatal(err)
			}
		}
		if !test.crash {
			if err := n.close(tt, l); err != nil {
				t.Fatal(err)
			}
		}
	})
	disk = disk.Kill()
	if err := test.harm(disk); err != nil {
		t.Fatal(err)
	}
	loop := task.NewLoop(0)
	drive(loop, 0, func(tt *task.Task) {
		n, err := boot(tt, disk, smallJournal())
		if test.boot != "" {
			if err == nil || !strings.Contains(err.Error(), test.boot) {
				t.Errorf("boot: %v, want %s", err, test.boot)
			}
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		l, err := n.openOne(tt, 0, tiny())
		if err != nil {
			t.Error(err)
			return
		}
		checkRecovered(t, tt, l, test, want)
	})
	loop.Close()
}

func checkRecovered(t *testing.T, tt *task.Task, l *log.Log, test recoveryTest, want []string) {
	t.Helper()
	if test.failed == "" {
		checkContents(t, tt, l, want)
		found, err := l.OffsetForTimestamp(tt, 1020, l.LogEndOffset())
		if err != nil || found.Offset != 40 {
			t.Errorf("timestamp 1020 is at %+v, %v", found, err)
		}
		return
	}
	if !errors.Is(l.Failed(), log.ErrCorrupt) || !strings.Contains(l.Failed().Error(), test.failed) {
		t.Fatalf("failed: %v, want %s", l.Failed(), test.failed)
	}
	if _, err := l.Read(0, 10, 1000, true); !errors.Is(err, log.ErrCorrupt) {
		t.Errorf("read: %v", err)
	}
	if _, _, err := l.Append(records(1, 100, 1), 0); !errors.Is(err, log.ErrCorrupt) {
		t.Errorf("append: %v", err)
	}
	if l.LogEndOffset() != 100 {
		t.Errorf("the log ends at %d", l.LogEndOffset())
	}
}

// A log that no journal knows, such as one of Apache Kafka's, is read through.
func TestALogWithoutAJournal(t *testing.T) {
	const last = "orders-0/00000000000000000064.log"
	tests := []struct {
		name   string
		harm   func(disk *disktest.Disk) error
		end    kafka.Offset
		failed string
	}{
		{"whole", func(*disktest.Disk) error { return nil }, 100, ""},
		{"torn at its end", func(disk *disktest.Disk) error {
			return disk.Damage(last, 17*623+100)
		}, 98, ""},
		{"damaged below its recovery point", func(disk *disktest.Disk) error {
			return disk.Damage(last, 3*623+100)
		}, 0, last + " at 1869"},
		{"damaged in front of another segment", func(disk *disktest.Disk) error {
			return disk.Damage("orders-0/00000000000000000000.log", 500)
		}, 0, "orders-0/00000000000000000000.log at 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			disk := foreign(t)
			if err := test.harm(disk); err != nil {
				t.Fatal(err)
			}
			withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
				if test.failed != "" {
					if l.Failed() == nil || !strings.Contains(l.Failed().Error(), test.failed) {
						t.Fatalf("failed: %v", l.Failed())
					}
					return
				}
				if _, err := contents(tt, l); err != nil || l.LogEndOffset() != test.end {
					t.Fatalf("ends at %d, %v", l.LogEndOffset(), err)
				}
				if epoch := l.EpochAt(60); epoch != 3 {
					t.Errorf("epoch at 60 is %d", epoch)
				}
			})
		})
	}
}

// foreign is a log directory without a journal, whose recovery point is 90.
func foreign(t *testing.T) *disktest.Disk {
	t.Helper()
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		for i := range 50 {
			mustAppend(t, l, records(2, 560, kafka.Timestamp(1000+i)), kafka.LeaderEpoch(i/10))
			if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
				t.Fatal(err)
			}
		}
		offsets := l.Offsets()
		offsets.RecoveryPoint = 90
		if err := l.Close(tt); err != nil {
			t.Fatal(err)
		}
		if err := log.WriteCleanShutdown(tt, disk, []log.LogOffsets{offsets}); err != nil {
			t.Fatal(err)
		}
	})
	entries, err := disk.List("journal")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := disk.Remove("journal/" + e.Name); err != nil {
			t.Fatal(err)
		}
	}
	return disk.Kill()
}
