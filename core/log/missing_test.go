package log_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// A log whose directory is gone stays missing, however often the node starts:
// what made it anew would hide that records are lost.
func TestMissingLogStaysMissing(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		mustAppend(t, l, records(3, 100, 1), 0)
		if err := l.AwaitFlushed(tt, 3, kafka.Never); err != nil {
			t.Error(err)
		}
		if err := n.close(tt, l); err != nil {
			t.Error(err)
		}
	})
	disk = disk.Kill()
	removeDirectory(t, disk, "orders-0")
	for start := range 3 {
		withNode(t, disk, func(tt *task.Task, n *node) {
			if want := []kafka.TopicPartition{partition(0)}; !slices.Equal(n.recovered.Missing, want) {
				t.Errorf("start %d: missing are %v, want %v", start, n.recovered.Missing, want)
			}
			if err := n.close(tt); err != nil {
				t.Error(err)
			}
		})
		disk = disk.Kill()
	}
}

// A directory that no longer says whose it is stands in nobody's way: a new topic of the
// name gets a directory of its own, and the old one keeps what is in it.
func TestACreationSetsAStrayAside(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		mustAppend(t, l, records(3, 100, 1), 0)
		if err := n.close(tt, l); err != nil {
			t.Error(err)
		}
	})
	disk = disk.Kill()
	if err := disk.Damage("orders-0/partition.metadata", 0); err != nil {
		t.Fatal(err)
	}
	withNode(t, disk, func(tt *task.Task, n *node) {
		other := kafka.TopicPartition{Topic: kafka.TopicID{8}}
		l, err := log.Create(tt, n.home, "orders", other, tiny())
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, records(1, 10, 1), 0)
		entries, err := disk.List("")
		if err != nil {
			t.Fatal(err)
		}
		stray := slices.IndexFunc(entries, func(e env.Entry) bool {
			return strings.HasPrefix(e.Name, "orders-0.") && strings.HasSuffix(e.Name, "-stray")
		})
		if stray < 0 {
			t.Fatalf("the old directory is gone: %v", entries)
		}
		kept, err := disk.Bytes(entries[stray].Name + "/00000000000000000000.log")
		if err != nil || len(kept) == 0 {
			t.Errorf("the old directory has %d bytes: %v", len(kept), err)
		}
	})
}

func removeDirectory(t *testing.T, disk *disktest.Disk, dir string) {
	t.Helper()
	entries, err := disk.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := disk.Remove(dir + "/" + strings.TrimPrefix(entry.Name, dir+"/")); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.Remove(dir); err != nil {
		t.Fatal(err)
	}
}

// A checkpoint of Kafka's that nobody can read stops the start from a directory that
// Kafka left. Where there is a journal, that knows better.
func TestAMalformedCheckpoint(t *testing.T) {
	for _, name := range []string{"recovery-point-offset-checkpoint", "log-start-offset-checkpoint"} {
		disk := disktest.New()
		spoil := func() {
			_ = disk.Remove(name) // there may be none
			file, err := disk.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := file.WriteAt([]byte("not a checkpoint"), 0); err != nil {
				t.Fatal(err)
			}
		}
		recovered := func() (err error) {
			drive(task.NewLoop(0), 0, func(tt *task.Task) { _, err = log.Recover(tt, disk) })
			return err
		}
		spoil()
		if err := recovered(); !errors.Is(err, log.ErrTextFile) {
			t.Errorf("%s without a journal: %v", name, err)
		}
		_ = disk.Remove(name)
		withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
			mustAppend(t, l, records(1, 100, 1), 0)
			if err := l.AwaitFlushed(tt, 1, kafka.Never); err != nil {
				t.Error(err)
			}
		})
		spoil()
		if err := recovered(); err != nil {
			t.Errorf("%s with a journal: %v", name, err)
		}
	}
}
