package log

import (
	"errors"
	"fmt"

	"odradek/core/kafka"
	"odradek/core/task"
)

// loadSnapshot loads the producers of the newest snapshot at or below an offset
// and returns the offset it is of; the start of the first segment when there is
// none. One that can't be read is passed over: its batches are still there.
func (l *Log) loadSnapshot(t *task.Task, end kafka.Offset) (kafka.Offset, error) {
	entries, err := l.home.Disk.List(l.chain.dir)
	if err != nil {
		return 0, err
	}
	for i := len(entries) - 1; i >= 0; i-- {
		offset, ok := parseName(entries[i].Name, snapshotSuffix)
		if !ok || offset > end {
			continue
		}
		name := l.chain.dir + "/" + entries[i].Name
		bytes, err := readWhole(t, l.home.Disk, name, snapshotBytesMax)
		if err != nil {
			return 0, err
		}
		err = l.producers.decodeSnapshot(bytes)
		if err == nil {
			return offset, nil
		}
		if !errors.Is(err, ErrSnapshot) {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		l.producers.clear()
	}
	return l.chain.segments[0].base, nil
}
