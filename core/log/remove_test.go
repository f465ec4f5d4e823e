package log_test

import (
	"strings"
	"testing"

	"odradek/core/journal/disktest"
	"odradek/core/log"
	"odradek/core/task"
)

// Whoever deletes a topic does not wait until a checkpoint has made all of its files
// durable: there may be thousands of them, and nobody wants them any more.
func TestRemoveDoesNotWaitForACheckpoint(t *testing.T) {
	const rolls = 100
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, n *node, l *log.Log) {
		for range rolls {
			mustAppend(t, l, records(1, 10, 0), 0)
			if err := l.Roll(); err != nil {
				t.Fatal(err)
			}
		}
		synced, after := 0, 0
		removing := false
		disk.Before = func(op disktest.Op) error {
			if op.Kind == "sync" && strings.HasPrefix(op.Name, "orders-0/") {
				if synced++; removing {
					after++
				}
			}
			return nil
		}
		checkpoint := tt.Loop().Spawn("checkpoint", func(tt *task.Task) {
			if err := l.Checkpoint(tt); err != nil {
				t.Error(err)
			}
		})
		for synced < 3 {
			tt.Yield()
		}
		removing = true
		if err := l.Remove(tt); err != nil {
			t.Fatal(err)
		}
		for checkpoint.Alive() {
			tt.Yield()
		}
		if after > 1 {
			t.Errorf("%d files were synced after the removal had begun, want the one on its way", after)
		}
		if err := l.Checkpoint(tt); err != nil {
			t.Error(err)
		}
		if entries, err := disk.List("orders-0"); err == nil {
			t.Errorf("the directory still has its name: %v", entries)
		}
	})
}
