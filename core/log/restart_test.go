package log_test

import (
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// A restart reads the journal, and nothing of the logs themselves, however the
// last run ended.
func TestARestartReadsNoLog(t *testing.T) {
	const partitions = 60
	disk := disktest.New()
	var ends []kafka.Offset
	withNode(t, disk, func(tt *task.Task, n *node) {
		logs, err := n.openAll(tt, partitions, tiny())
		if err != nil {
			t.Fatal(err)
		}
		for round := range 20 {
			for i, l := range logs[:partitions/2+round] {
				if err := n.home.Journal.AwaitReady(tt, 4000, kafka.Never); err != nil {
					t.Fatal(err)
				}
				mustAppend(t, l, records(2, 900+i, kafka.Timestamp(round)), 0)
			}
		}
		if err := n.home.Journal.Await(tt, n.home.Journal.Appended(), kafka.Never); err != nil {
			t.Fatal(err)
		}
		for _, l := range logs {
			ends = append(ends, l.LogEndOffset())
		}
	})
	for _, crash := range []*disktest.Disk{
		disk.Kill(), disk.PowerLoss(func(int) int { return 0 }),
		disk.PowerLoss(func(n int) int { return n - 1 }),
	} {
		crash.Before = func(op disktest.Op) error {
			if op.Kind == "read" && strings.HasSuffix(op.Name, ".log") {
				t.Error(op, op.Position, op.Length)
			}
			return nil
		}
		withNode(t, crash, func(tt *task.Task, n *node) {
			logs, err := n.openAll(tt, partitions, tiny())
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range logs {
				if l.LogEndOffset() != ends[i] || l.Failed() != nil {
					t.Fatalf("log %d ends at %d, want %d: %v", i, l.LogEndOffset(), ends[i], l.Failed())
				}
			}
		})
	}
}

// What the files have beyond the journal is no part of the log, and goes: it was
// never committed, and a tool that reads the files would take it for records.
func TestARestartCutsOffWhatWasNotCommitted(t *testing.T) {
	disk := disktest.New()
	var killed *disktest.Disk
	committed := records(1, 900, 1)
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		mustAppend(t, l, committed, 0)
		if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, records(1, 7000, 2), 0) // too large to wait for the turn's end
		killed = disk.Kill()
	})
	const name = "orders-0/00000000000000000000.log"
	if before, err := killed.Bytes(name); err != nil || len(before) <= len(committed) {
		t.Fatalf("%d bytes after the kill, %v: the test has nothing to cut off", len(before), err)
	}
	withLog(t, killed, tiny(), func(_ *task.Task, _ *node, l *log.Log) {
		after, err := killed.Bytes(name)
		if err != nil || len(after) != len(committed) || l.LogEndOffset() != 1 {
			t.Errorf("%d bytes and end %d, want %d and 1: %v",
				len(after), l.LogEndOffset(), len(committed), err)
		}
	})
}

// The number of shards may change from run to run: a log's entries are found in
// whichever journal they are.
func TestShardsComeAndGo(t *testing.T) {
	disk := disktest.New()
	want := map[int][]string{}
	for run, shards := range []int{3, 1, 2, 5, 1} {
		loop := task.NewLoop(0)
		drive(loop, 0, func(tt *task.Task) {
			recovered, err := log.Recover(tt, disk)
			if err != nil {
				t.Fatal(err)
			}
			begun, err := recovered.Begin(tt, disk, uint64(run), shards)
			if err != nil {
				t.Fatal(err)
			}
			var homes []*log.Home
			for shard := range shards {
				options := smallJournal()
				options.Run = begun
				j, err := journal.Open(tt, disk, loop, shard, options)
				if err != nil {
					t.Fatal(err)
				}
				homes = append(homes, log.NewHome(&env.World{Disk: disk, Loop: loop,
					Clock: &clock{}, Random: &counterRandom{}}, j))
			}
			for i := range 7 {
				n := &node{recovered: recovered, home: homes[i%shards]}
				l, err := n.openOne(tt, i, tiny())
				if err != nil {
					t.Fatal(err)
				}
				checkContents(t, tt, l, want[i])
				b := records(1+i, 300, kafka.Timestamp(run))
				mustAppend(t, l, b, kafka.LeaderEpoch(run))
				want[i] = append(want[i], string(b))
				if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
					t.Fatal(err)
				}
			}
		})
		disk = disk.PowerLoss(func(int) int { return 0 })
		loop.Close()
		entries, err := disk.List("journal")
		if err != nil {
			t.Fatal(err)
		}
		if files := len(entries) - 1; files != 2*shards {
			t.Errorf("run %d with %d shards has %d journal files", run, shards, files)
		}
	}
}

// A log that is offline stays offline over restarts, with its files as they are.
func TestAnOfflineLogStaysOffline(t *testing.T) {
	disk := foreign(t)
	if err := disk.Damage("orders-0/00000000000000000000.log", 700); err != nil {
		t.Fatal(err)
	}
	var before []byte
	for range 3 {
		withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
			if l.Failed() == nil {
				t.Fatal("a damaged log was opened")
			}
			bytes, err := disk.Bytes("orders-0/00000000000000000000.log")
			if err != nil || before != nil && string(bytes) != string(before) {
				t.Fatal("the file was touched: ", err)
			}
			before = bytes
			if err := n.close(tt, l); err != nil {
				t.Fatal(err)
			}
		})
		disk = disk.Kill()
	}
}
