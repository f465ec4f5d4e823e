package log_test

import (
	"slices"
	"strings"
	"testing"

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
