package broker

import (
	"fmt"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// loadBytesMax is how much of a log is read at a time, with other work in between.
const loadBytesMax = 1 << 20

// eachBatch reads the batches that a log has now, from an offset on, and checks each. What
// is deleted while it reads is passed over.
func eachBatch(t *task.Task, l *log.Log, from kafka.Offset, fn func(batch.Batch) error) error {
	end := l.LogEndOffset()
	for offset := from; ; t.Yield() {
		offset = max(offset, l.LogStartOffset())
		if offset >= end {
			return nil
		}
		records, err := l.ReadCold(t, offset, end, loadBytesMax, true)
		if offset < l.LogStartOffset() {
			continue // the start has moved while it was looked for
		}
		if err == nil && records.Length == 0 {
			err = fmt.Errorf("%w: nothing is there, and the log ends at %d", log.ErrCorrupt, end)
		}
		if err != nil {
			return fmt.Errorf("read at offset %d: %w", offset, err)
		}
		bytes := make([]byte, records.Length)
		n, err := records.File.ReadAt(t, bytes, records.Position)
		if err == nil && n < len(bytes) {
			err = fmt.Errorf("%w: %d of %d bytes", log.ErrCorrupt, n, len(bytes))
		}
		if err != nil {
			return fmt.Errorf("read at offset %d: %w", offset, err)
		}
		for len(bytes) > 0 {
			b, rest, err := batch.Next(bytes)
			if err == nil {
				err = b.Check()
			}
			if err == nil {
				err = fn(b)
			}
			if err != nil {
				return fmt.Errorf("batch at offset %d: %w", offset, err)
			}
			offset, bytes = b.NextOffset(), rest
		}
	}
}
