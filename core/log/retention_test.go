package log_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"odradek/core/batch"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

const day = 24 * 3600 * 1000

// fill appends batches of one record of about 1000 bytes, a second apart.
func fill(t *testing.T, tt *task.Task, n *node, l *log.Log, count int) {
	t.Helper()
	for range count {
		if err := n.home.Journal.AwaitReady(tt, 1100, kafka.Never); err != nil {
			t.Fatal(err)
		}
		n.clock.wall += 1000
		mustAppend(t, l, records(1, 1000, n.clock.wall), 0)
	}
	if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
		t.Fatal(err)
	}
}

// retain runs RetentionStep until it is done.
func retain(t *testing.T, l *log.Log, now kafka.Timestamp, highWatermark kafka.Offset) {
	t.Helper()
	for range 1000 {
		more, err := l.RetentionStep(now, highWatermark)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
	t.Fatal("retention does not end")
}

// What is being deleted is not given any more, and not denied before that is
// durable: a client that was told of the start must not be sent back to it.
func TestReadWhileADeletionIsOnItsWay(t *testing.T) {
	withLog(t, disktest.New(), tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		for i := range 10 {
			mustAppend(t, l, records(1, 100, kafka.Timestamp(i)), 0)
		}
		if err := l.DeleteRecords(5); err != nil {
			t.Fatal(err)
		}
		if l.FlushedStartOffset() != 0 {
			t.Fatalf("clients are told that it starts at %d", l.FlushedStartOffset())
		}
		for offset := range kafka.Offset(5) {
			r, err := l.Read(offset, 10, 10_000, true)
			if err != nil || r.Length != 0 || r.NextOffset != offset {
				t.Fatalf("read at %d: %+v, %v", offset, r, err)
			}
		}
		if err := l.DeleteRecordsAndWait(tt, 5); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Read(4, 10, 10_000, true); !errors.Is(err, log.ErrOutOfRange) {
			t.Fatalf("read below the start: %v", err)
		}
		if r, err := l.Read(5, 10, 10_000, true); err != nil || r.BaseOffset != 5 {
			t.Fatalf("read at the start: %+v, %v", r, err)
		}
	})
}

func TestRetention(t *testing.T) {
	tests := []struct {
		name   string
		config func(c *log.Config)
		// later is how long after the last record retention looks.
		later kafka.Timestamp
		high  kafka.Offset
		start kafka.Offset
	}{
		{"no limits", func(c *log.Config) { c.RetentionMs = -1 }, 100 * day, 100, 0},
		{"nothing old enough", func(*log.Config) {}, 6 * day, 100, 0},
		{"all old", func(*log.Config) {}, 8 * day, 100, 100},
		{"all old, above the highWatermark", func(*log.Config) {}, 8 * day, 45, 36},
		{"some old", func(c *log.Config) { c.RetentionMs = 50_000 }, 0, 100, 36},
		{"by size", func(c *log.Config) { c.RetentionBytes = 50_000 }, 0, 100, 36},
		{"by size, above the highWatermark", func(c *log.Config) { c.RetentionBytes = 0 }, 0, 20, 18},
		{"by size, never the active segment", func(c *log.Config) { c.RetentionBytes = 0 }, 0, 100, 90},
		{"compacted only", func(c *log.Config) { c.Delete = false }, 100 * day, 100, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := tiny()
			test.config(&config)
			withLog(t, disktest.New(), config, func(tt *task.Task, n *node, l *log.Log) {
				fill(t, tt, n, l, 100)
				retain(t, l, n.clock.wall+test.later, test.high)
				if l.LogStartOffset() != test.start || l.LogEndOffset() != 100 {
					t.Fatalf("the log goes from %d to %d", l.LogStartOffset(), l.LogEndOffset())
				}
				if _, err := contents(tt, l); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// Files go when the move of the logStartOffset is durable and the delay is over;
// until then those who are reading them can go on.
func TestFilesOutliveTheirSegmentForAWhile(t *testing.T) {
	disk := disktest.New()
	config := tiny()
	config.FileDeleteDelayMs = 60_000
	withLog(t, disk, config, func(tt *task.Task, n *node, l *log.Log) {
		fill(t, tt, n, l, 40)
		r, err := l.Read(0, 40, 3000, true)
		if err != nil {
			t.Fatal(err)
		}
		before := l.SizeBytes()
		if err := l.DeleteRecordsAndWait(tt, 40); err != nil {
			t.Fatal(err)
		}
		if l.SizeBytes() >= before || l.LogStartOffset() != 40 {
			t.Errorf("%d bytes of %d are left", l.SizeBytes(), before)
		}
		if _, err := l.Read(39, 40, 3000, true); !errors.Is(err, log.ErrOutOfRange) {
			t.Errorf("read below logStartOffset: %v", err)
		}
		if n, err := r.File.ReadAt(tt, make([]byte, r.Length), r.Position); err != nil || n == 0 {
			t.Errorf("read of the old range: %d, %v", n, err)
		}
		if got := logFiles(t, disk); got != 3 {
			t.Errorf("%d log files before the delay is over", got)
		}
		tt.Sleep(61_000_000_000)
		for range 20 {
			tt.Yield()
		}
		if got := logFiles(t, disk); got != 1 {
			t.Errorf("%d log files after it", got)
		}
	})
}

func logFiles(t *testing.T, disk *disktest.Disk) (count int) {
	t.Helper()
	entries, err := disk.List("orders-0")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name, ".log") {
			count++
		}
	}
	return count
}

func TestDeleteRecordsIsDurable(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		fill(t, tt, n, l, 30)
		for _, before := range []kafka.Offset{5, 3, 29} {
			if err := l.DeleteRecordsAndWait(tt, before); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.DeleteRecords(31); !errors.Is(err, log.ErrOutOfRange) {
			t.Errorf("above the end: %v", err)
		}
	})
	disk = disk.PowerLoss(func(int) int { return 0 })
	withLog(t, disk, tiny(), func(_ *task.Task, _ *node, l *log.Log) {
		if l.LogStartOffset() != 29 || l.LogEndOffset() != 30 {
			t.Errorf("the log goes from %d to %d", l.LogStartOffset(), l.LogEndOffset())
		}
	})
}

func TestRoll(t *testing.T) {
	big := func(int) batch.Batch { return records(1, 1000, 1) }
	timed := func(i int) batch.Batch { return records(1, 100, kafka.Timestamp(1000+10*i)) }
	tests := []struct {
		name   string
		config func(c *log.Config)
		batch  func(i int) batch.Batch
		// bases are the base offsets of the segments after 20 batches.
		bases []kafka.Offset
	}{
		{"not at all", func(*log.Config) {}, timed, []kafka.Offset{0}},
		{"by size", func(c *log.Config) { c.SegmentBytes = 8 * 1063 }, big, []kafka.Offset{0, 8, 16}},
		{"by time", func(c *log.Config) { c.SegmentMs = 75 }, timed, []kafka.Offset{0, 8, 16}},
		{"by a full index", func(c *log.Config) {
			c.IndexIntervalBytes, c.SegmentIndexBytes = 0, 64
		}, big, []kafka.Offset{0, 9, 18}},
		{"by a full time index", func(c *log.Config) {
			c.IndexIntervalBytes, c.SegmentIndexBytes = 0, 96
		}, timed, []kafka.Offset{0, 8, 16}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			disk := disktest.New()
			config := log.DefaultConfig()
			test.config(&config)
			withLog(t, disk, config, func(tt *task.Task, n *node, l *log.Log) {
				for i := range 20 {
					mustAppend(t, l, test.batch(i), 0)
				}
				if got := bases(t, disk); !slices.Equal(got, test.bases) {
					t.Errorf("segments %v, want %v; a batch has %d bytes",
						got, test.bases, len(test.batch(0)))
				}
				_, _ = tt, n
			})
		})
	}
}

func bases(t *testing.T, disk *disktest.Disk) (bases []kafka.Offset) {
	t.Helper()
	entries, err := disk.List("orders-0")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var base kafka.Offset
		if _, err := fmt.Sscanf(e.Name, "%020d.log", &base); err == nil &&
			strings.HasSuffix(e.Name, ".log") {
			bases = append(bases, base)
		}
	}
	return bases
}

// An index holds offsets as 32 bits from the segment's base: a leader's log with
// gaps can go further within one segment.
func TestRollWhenOffsetsGoTooFar(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, _ *node, l *log.Log) {
		for _, at := range []kafka.Offset{0, math.MaxInt32, math.MaxInt32 + 1, 1 << 40} {
			b := records(1, 100, 1)
			b.SetBaseOffset(at)
			b.SetLeaderEpoch(4)
			if err := l.AppendFetched(b); err != nil {
				t.Fatal(err)
			}
		}
		want := []kafka.Offset{0, math.MaxInt32 + 1, 1 << 40}
		if got := bases(t, disk); !slices.Equal(got, want) {
			t.Errorf("segments %v, want %v", got, want)
		}
		b := records(1, 100, 1)
		b.SetBaseOffset(5)
		if err := l.AppendFetched(b); !errors.Is(err, log.ErrBadFollow) {
			t.Errorf("a batch below the end: %v", err)
		}
		got, err := contents(tt, l)
		if err != nil || len(got) != 4 || got[2].BaseOffset() != math.MaxInt32+1 {
			t.Errorf("%d batches, %v", len(got), err)
		}
	})
}
