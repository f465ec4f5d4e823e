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

// Recovery reads the journal twice: what it saw the first time and not the second
// was acknowledged, so it must not go on as if it had never been.
func TestAJournalThatRotsBetweenTwoReadings(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, log.DefaultConfig(), func(tt *task.Task, _ *node, l *log.Log) {
		for range 3 {
			end := mustAppend(t, l, records(2, 300, 1), 0).LastOffset + 1
			if err := l.AwaitFlushed(tt, end, kafka.Never); err != nil {
				t.Error(err)
			}
		}
	})
	disk = disk.Kill()
	bytes, err := disk.Bytes("journal/0-1")
	if err != nil {
		t.Fatal(err)
	}
	last := len(bytes) - env.BlockSize
	for bytes[last+1] == 0 { // the magic begins with a zero
		last -= env.BlockSize
	}
	readings := 0
	disk.Before = func(op disktest.Op) error {
		if op.Kind == "read" && op.Name == "journal/base" { // the first to be read
			if readings++; readings == 2 {
				return disk.Damage("journal/0-1", kafka.Position(last+100))
			}
		}
		return nil
	}
	drive(task.NewLoop(0), 0, func(tt *task.Task) {
		if _, err := log.Recover(tt, disk); !errors.Is(err, journal.ErrCorrupt) {
			t.Errorf("recovered with %v", err)
		}
	})
	if readings != 2 {
		t.Errorf("the journal was read %d times", readings)
	}
}
