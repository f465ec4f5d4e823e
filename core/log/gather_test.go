package log_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// segmentWrites counts the writes to segments from now on.
func segmentWrites(disk *disktest.Disk) *int {
	writes := new(int)
	disk.Before = func(op disktest.Op) error {
		if op.Kind == "write" && strings.HasSuffix(op.Name, ".log") {
			*writes++
		}
		return nil
	}
	return writes
}

// The small batches of a turn are written with one call for each log, whatever
// order they came in; a large one is written at once, behind what waits.
func TestATurnsAppendsAreGathered(t *testing.T) {
	disk := disktest.New()
	withNode(t, disk, func(tt *task.Task, n *node) {
		logs, err := n.openAll(tt, 3, log.DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		writes := segmentWrites(disk)
		want := make([][]string, len(logs))
		add := func(i, size int) {
			b := records(1, size, kafka.Timestamp(size))
			mustAppend(t, logs[i], b, 0)
			want[i] = append(want[i], string(b))
		}
		for i := range 30 {
			add(i*i%3, 100+i)
		}
		if *writes != 0 {
			t.Errorf("%d writes before the turn's end", *writes)
		}
		tt.Yield()
		if *writes != 2 { // squares leave 0 and 1 when they are divided by three
			t.Errorf("%d writes for two logs", *writes)
		}
		*writes = 0
		add(0, 100)
		add(0, 10_000)
		if *writes != 2 {
			t.Errorf("%d writes for what waits and a large batch", *writes)
		}
		add(0, 100)
		for i, l := range logs {
			checkContents(t, tt, l, want[i])
		}
	})
}

// More than the arena holds in one turn is written on the way.
func TestATurnLargerThanTheArena(t *testing.T) {
	for _, policy := range []log.FlushPolicy{log.Durable, log.Background} {
		disk := disktest.New()
		config := log.DefaultConfig()
		config.FlushPolicy = policy
		config.SegmentBytes = 300_000
		var want []string
		withLog(t, disk, config, func(tt *task.Task, n *node, l *log.Log) {
			for i := range 400 {
				if err := n.home.Journal.Ready(2000); err != nil && policy == log.Durable {
					break
				}
				b := records(1, 1000+i, kafka.Timestamp(i))
				mustAppend(t, l, b, 0)
				want = append(want, string(b))
			}
			if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
				t.Fatal(err)
			}
			checkContents(t, tt, l, want)
		})
		disk = disk.Kill()
		withLog(t, disk, config, func(tt *task.Task, _ *node, l *log.Log) {
			checkContents(t, tt, l, want)
		})
	}
}

// What was accepted is there for whoever reads before it was written.
func TestReadWhatWaitsToBeWritten(t *testing.T) {
	withLog(t, disktest.New(), tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		mustAppend(t, l, records(2, 300, 7), 0)
		tt.Yield()
		b := records(3, 300, 8)
		mustAppend(t, l, b, 0)
		if r, err := l.Read(0, 2, 10_000, true); err != nil || r.NextOffset != 2 {
			t.Fatal(r, err)
		}
		r, err := l.Read(2, 5, 10_000, true)
		if err != nil || r.NextOffset != 5 {
			t.Fatal(r, err)
		}
		got := make([]byte, r.Length)
		if n, err := r.File.ReadNow(got, r.Position); err != nil || string(got[:n]) != string(b) {
			t.Fatalf("read %d bytes, %v", n, err)
		}
		mustAppend(t, l, records(1, 300, 9), 0)
		found, err := l.OffsetForTimestamp(tt, 9, l.LogEndOffset())
		if err != nil || found.Offset != 5 {
			t.Fatal(found, err)
		}
	})
}

// Under Background nothing counts as flushed before it is in the page cache.
func TestBackgroundIsFlushedAtTheTurnsEnd(t *testing.T) {
	disk := disktest.New()
	config := tiny()
	config.FlushPolicy = log.Background
	withLog(t, disk, config, func(tt *task.Task, n *node, l *log.Log) {
		mustAppend(t, l, records(1, 100, 1), 0)
		if l.FlushedEndOffset() != 0 {
			t.Errorf("flushed up to %d within the turn", l.FlushedEndOffset())
		}
		tt.Yield()
		if l.FlushedEndOffset() != 1 {
			t.Errorf("flushed up to %d after the turn", l.FlushedEndOffset())
		}
		disk.Before = func(op disktest.Op) error {
			if op.Kind == "write" {
				return env.ErrIO
			}
			return nil
		}
		mustAppend(t, l, records(1, 100, 2), 0)
		tt.Yield()
		if l.FlushedEndOffset() != 1 || !errors.Is(l.Failed(), env.ErrIO) {
			t.Errorf("flushed up to %d with %v", l.FlushedEndOffset(), l.Failed())
		}
	})
}

// Who is told of a flush may append at once, and that is flushed as well.
func TestAppendWhenToldOfAFlush(t *testing.T) {
	config := tiny()
	config.FlushPolicy = log.Background
	withLog(t, disktest.New(), config, func(tt *task.Task, _ *node, l *log.Log) {
		l.OnFlushed(func() {
			if l.LogEndOffset() < 5 {
				mustAppend(t, l, records(1, 100, 1), 0)
			}
		})
		mustAppend(t, l, records(1, 100, 1), 0)
		tt.Yield()
		if l.FlushedEndOffset() != 5 {
			t.Errorf("flushed up to %d", l.FlushedEndOffset())
		}
	})
}

// A full disk refuses appends; what was accepted has its room.
func TestNoRoomToReserve(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, _ *node, l *log.Log) {
		full := map[string]bool{}
		disk.Before = func(op disktest.Op) error {
			if full[op.Kind] && strings.HasSuffix(op.Name, ".log") {
				return env.ErrNoSpace
			}
			return nil
		}
		var want []string
		add := func() error {
			b := records(1, 1000, kafka.Timestamp(len(want)))
			_, _, err := l.Append(b, 0)
			if err == nil {
				want = append(want, string(b))
			}
			return err
		}
		full["reserve"] = true // but there is still room for a write or two
		if err := add(); err != nil {
			t.Fatal(err)
		}
		full["write"] = true
		if err := add(); !errors.Is(err, env.ErrNoSpace) {
			t.Fatal(err)
		}
		full = map[string]bool{}
		for len(want) < 70 { // room is asked for again after 64 KiB
			if err := add(); err != nil {
				t.Fatal(err)
			}
		}
		full = map[string]bool{"reserve": true, "write": true}
		accepted := 0
		for add() == nil {
			accepted++
		}
		if accepted == 0 || accepted > 70 {
			t.Errorf("%d batches were accepted on a full disk", accepted)
		}
		tt.Yield()
		if l.Failed() != nil {
			t.Fatal(l.Failed())
		}
		checkContents(t, tt, l, want)
	})
}

// A search by time goes on while it waits for the disk and others append.
func TestSearchWhileOthersAppend(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, n *node, l *log.Log) {
		for i := range 20 {
			mustAppend(t, l, records(1, 500, kafka.Timestamp(i)), 0)
		}
		tt.Yield()
		handle := n.loop.Spawn("appender", func(t2 *task.Task) {
			for i := range 50 {
				b := records(1, 500, kafka.Timestamp(-1))
				if _, _, err := l.Append(b, 0); err != nil {
					t.Error(fmt.Errorf("append %d: %w", i, err))
				}
				t2.Yield()
			}
		})
		if err := l.DeleteRecords(20); err != nil {
			t.Fatal(err)
		}
		// The segment's newest record is gone, so the search reads to its end.
		found, err := l.OffsetForTimestamp(tt, 19, l.LogEndOffset())
		if err != nil || found.Found {
			t.Errorf("found %+v, %v", found, err)
		}
		for handle.Alive() {
			tt.Yield()
		}
	})
}
