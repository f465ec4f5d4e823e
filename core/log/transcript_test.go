package log_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"odradek/core/batch"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files again; then read the diff")

// transcript takes down what is asked of a disk.
type transcript struct{ lines []string }

func (r *transcript) say(line string) { r.lines = append(r.lines, "", "# "+line) }

func (r *transcript) listen(disk *disktest.Disk) *disktest.Disk {
	disk.Before = func(op disktest.Op) error {
		if op.Kind != "read" {
			r.lines = append(r.lines, op.String())
		}
		return nil
	}
	return disk
}

// What is asked of the disk through a log's life, in order: a missing sync is a
// line that is missing.
func TestTranscript(t *testing.T) {
	r := &transcript{}
	disk := r.listen(disktest.New())
	config := tiny()
	config.FileDeleteDelayMs = 0
	r.say("boot in an empty directory")
	withNode(t, disk, func(tt *task.Task, n *node) { liveOnce(t, tt, n, config, r) })
	r.say("boot after kill -9")
	disk.Before = nil
	disk = r.listen(disk.Kill())
	withNode(t, disk, func(tt *task.Task, n *node) {
		r.say("open the log")
		l, err := n.openOne(tt, 0, config)
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, records(1, 700, 6), 2)
		r.say("clean shutdown")
		if err := n.close(tt, l); err != nil {
			t.Fatal(err)
		}
	})
	r.say("boot after a clean shutdown")
	withNode(t, disk, func(tt *task.Task, n *node) {
		l, err := n.openOne(tt, 0, config)
		if err != nil {
			t.Fatal(err)
		}
		r.say("remove the log")
		if err := l.Remove(tt); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			tt.Yield()
		}
	})
	compareWithGolden(t, "testdata/transcript.txt", strings.Join(r.lines, "\n")+"\n")
}

// liveOnce does to a new log what can be done to one.
func liveOnce(t *testing.T, tt *task.Task, n *node, config log.Config, r *transcript) {
	r.say("create a log")
	l, err := n.openOne(tt, 0, config)
	if err != nil {
		t.Fatal(err)
	}
	flush := func() {
		if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
			t.Fatal(err)
		}
	}
	r.say("append two batches, one commit")
	mustAppend(t, l, records(1, 1000, 1), 0)
	mustAppend(t, l, records(1, 1000, 2), 0)
	flush()
	r.say("roll")
	b := batch.NewBuilder().Producer(1, 0, 0)
	b.Append(3, nil, make([]byte, 19_000))
	mustAppend(t, l, b.Build(), 1)
	flush()
	r.say("the checkpoint that a roll asks for")
	if err := l.Checkpoint(tt); err != nil { // waits for the one under way
		t.Fatal(err)
	}
	r.say("delete records")
	if err := l.DeleteRecordsAndWait(tt, 2); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		tt.Yield()
	}
	r.say("truncate")
	mustAppend(t, l, records(1, 500, 4), 1)
	if err := l.Truncate(tt, 3); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, records(1, 600, 5), 2)
	flush()
}

// compareWithGolden compares with a file, or writes it under -rewrite.
func compareWithGolden(t *testing.T, name, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Fatal(diff)
	}
}

// Reads of segments that are not in memory wait; reads of the tail never do.
func TestColdReads(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		fill(t, tt, n, l, 60)
		if err := l.Checkpoint(tt); err != nil {
			t.Fatal(err)
		}
		disk.Cold = true
		if _, err := l.Read(59, 60, 5000, true); err != nil {
			t.Errorf("the tail: %v", err)
		}
		if _, err := l.Read(5, 60, 5000, true); !isCold(err) {
			t.Errorf("an old segment: %v", err)
		}
		if _, err := contents(tt, l); err != nil {
			t.Error(err)
		}
	})
}
