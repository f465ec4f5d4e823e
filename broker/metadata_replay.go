package broker

import (
	"errors"
	"fmt"

	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// ErrMetadataLog is wrapped by every complaint about the metadata log that keeps
// a node from starting.
var ErrMetadataLog = errors.New("the metadata log can't be read")

// replay takes the records of a log from an offset into an image. It reports
// whether the log ends within a transaction, which a crash kept from its end.
func replay(t *task.Task, l *log.Log, from kafka.Offset, base *image.Image) (
	current *image.Image, open bool, err error) {
	current = base
	delta := base.Begin()
	err = eachBatch(t, l, from, func(b batch.Batch) error {
		if err := applyBatch(delta, b); err != nil || delta.InTransaction() {
			return err
		}
		// Each step is an image, so that a transaction that was left open
		// by a crash is simply not there.
		next, _, err := delta.Finish(image.Provenance{LastOffset: b.LastOffset(),
			LeaderEpoch: b.LeaderEpoch(), Timestamp: b.MaxTimestamp()})
		if err == nil {
			current, delta = next, next.Begin()
		}
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrMetadataLog, err)
	}
	return current, delta.InTransaction(), nil
}

// applyBatch takes a batch's records into a delta. Control records speak of the
// log itself and are passed over.
func applyBatch(delta *image.Delta, b batch.Batch) error {
	if b.IsControl() {
		return nil
	}
	records := b.Records(batch.Limits{})
	for records.Next() {
		r := records.Record()
		record, err := metadata.Parse(r.Value)
		if err == nil {
			err = delta.Apply(record)
		}
		if err != nil {
			return fmt.Errorf("offset %d: %w", b.Offset(r), err)
		}
	}
	return records.Err()
}
