package log

import (
	"errors"
	"fmt"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// scanBytes is how much of a segment is read at a time by those who read all of
// it.
const scanBytes = 1 << 20

// scanned is a batch that a scan has found whole and unharmed.
type scanned struct {
	batch    batch.Batch
	position int64
}

// scan visits every batch from a position to the segment's size, checking each.
// The batches are valid during the visit only.
func (s *segment) scan(t *task.Task, from int64, visit func(scanned) error) error {
	if err := errors.Join(s.open(), s.writeOut()); err != nil {
		return err
	}
	r := batchReader{file: s.file, end: s.size, task: t}
	for at := from; at < r.end; {
		b, err := r.at(at)
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return scanError(s.name, at, err)
		}
		if err := visit(scanned{b, at}); err != nil {
			return err
		}
		at += int64(len(b))
	}
	return nil
}

// rebuild makes the segment's indexes again from its batches, all of which are
// known to be durable.
func (s *segment) rebuild(t *task.Task) error {
	if err := errors.Join(s.offsets.truncate(0), s.times.truncate(0)); err != nil {
		return err
	}
	s.times.last = kafka.NoTimestamp
	s.maxTimestamp, s.maxTimestampOffset = kafka.NoTimestamp, s.base
	end := s.size
	interval := DefaultConfig().IndexIntervalBytes
	r := batchReader{file: s.file, end: end, task: t}
	s.size, s.next, s.sinceEntry = 0, s.base, 0
	for s.size < end {
		b, err := r.at(s.size)
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return scanError(s.name, s.size, err)
		}
		s.note(b, interval)
	}
	s.seal()
	return nil
}

// scanError turns what is wrong with a batch into what is wrong with the log.
func scanError(name string, at int64, err error) error {
	if errors.Is(err, batch.ErrCorrupt) || errors.Is(err, batch.ErrShort) {
		return fmt.Errorf("%w: %s at %d: %w", ErrCorrupt, name, at, err)
	}
	return fmt.Errorf("read %s at %d: %w", name, at, err)
}

// batchReader reads whole batches of a file, in large steps.
type batchReader struct {
	file env.File
	end  int64
	task *task.Task
	// step is how much is read at a time; 0 means scanBytes.
	step int64
	buf  []byte
	from int64
	n    int
}

// at returns the batch that begins at position, valid until the next call.
// batch.ErrShort: the bytes end before it does; batch.ErrCorrupt: its length
// can't be true. It is not checked further.
func (r *batchReader) at(position int64) (batch.Batch, error) {
	b, _, err := batch.Next(r.have(position))
	if !errors.Is(err, batch.ErrShort) {
		return b, err
	}
	want := int64(scanBytes)
	if r.step > 0 {
		want = r.step
	}
	if have := r.have(position); len(have) >= batch.HeaderSize {
		want = max(want, batchSize(batch.Batch(have)))
	}
	if err := r.fill(position, int(min(want, r.end-position))); err != nil {
		return nil, err
	}
	b, _, err = batch.Next(r.have(position))
	if !errors.Is(err, batch.ErrShort) {
		return b, err
	}
	// The first reading only told how long the batch says it is.
	have := r.have(position)
	if len(have) < batch.HeaderSize {
		return nil, batch.ErrShort
	}
	size := batchSize(batch.Batch(have))
	if size > r.end-position {
		return nil, batch.ErrShort
	}
	if err := r.fill(position, int(size)); err != nil {
		return nil, err
	}
	b, _, err = batch.Next(r.have(position))
	return b, err
}

// have is what the buffer holds from position on.
func (r *batchReader) have(position int64) []byte {
	if position < r.from || position >= r.from+int64(r.n) {
		return nil
	}
	return r.buf[position-r.from : r.n]
}

func (r *batchReader) fill(position int64, want int) error {
	if cap(r.buf) < want {
		r.buf = make([]byte, want)
	}
	r.buf = r.buf[:cap(r.buf)]
	n, err := readFile(r.task, r.file, r.buf[:want], kafka.Position(position))
	r.from, r.n = position, n
	return err
}
