package log_test

import (
	"errors"
	"testing"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// Recovery reads the journal more than once: what it saw at first and not later
// was acknowledged, so it must not go on as if it had never been.
func TestAJournalThatRotsBetweenTwoReadings(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, _ *node, l *log.Log) {
		for range 40 { // more than one file, so that nothing is kept from one reading to the next
			end := mustAppend(t, l, records(2, 300, 1), 0).LastOffset + 1
			if err := l.AwaitFlushed(tt, end, kafka.Never); err != nil {
				t.Error(err)
			}
		}
	})
	const name = "journal/0-2"
	bytes, err := disk.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	last := len(bytes) - env.BlockSize
	for bytes[last+1] == 0 { // the magic begins with a zero
		last -= env.BlockSize
	}
	// recovered tells how often the file was read, and damages it at a reading.
	recovered := func(damaged int) (readings int, err error) {
		again := disk.Kill()
		again.Before = func(op disktest.Op) error {
			if op.Kind == "read" && op.Name == name && op.Length > env.BlockSize {
				if readings++; readings == damaged {
					return again.Damage(name, kafka.Position(last+100))
				}
			}
			return nil
		}
		drive(task.NewLoop(0), 0, func(tt *task.Task) { _, err = log.Recover(tt, again) })
		return readings, err
	}
	readings, err := recovered(0)
	if err != nil || readings < 2 {
		t.Fatalf("read %d times: %v", readings, err)
	}
	if _, err := recovered(readings); !errors.Is(err, journal.ErrCorrupt) {
		t.Errorf("recovered with %v", err)
	}
}
