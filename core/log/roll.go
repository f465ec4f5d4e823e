package log

import (
	"odradek/core/batch"
	"odradek/core/kafka"
)

// pendingSnapshot is a producer snapshot that waits to be written.
type pendingSnapshot struct {
	offset kafka.Offset
	bytes  []byte
}

// rollIfDue begins a new segment if the batch must not go into the active one.
func (l *Log) rollIfDue(b batch.Batch) error {
	if !l.chain.mustRoll(b, b.LastOffset(), &l.config, l.home.Clock.Wall()) {
		return nil
	}
	return l.rollTo(b.BaseOffset())
}

// Roll begins a new segment at the log's end, unless the active one is empty.
func (l *Log) Roll() error {
	if err := l.Failed(); err != nil {
		return err
	}
	if l.chain.active().size == 0 {
		return nil
	}
	return l.rollTo(l.logEndOffset)
}

// rollTo begins a new segment at base. The one that ends is made durable soon,
// and the producers as they are at base are saved with it: that is from where
// Kafka would rebuild them.
func (l *Log) rollTo(base kafka.Offset) error {
	s, err := l.chain.add(base)
	if err != nil {
		return err
	}
	s.created, s.jitter = l.home.Clock.Wall(), l.drawJitter()
	l.tail.clear()
	l.snapshots = append(l.snapshots, pendingSnapshot{base, l.producers.encodeSnapshot()})
	l.writer.RequestCheckpoint()
	return nil
}
