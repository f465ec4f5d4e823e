package log

import (
	"errors"
	"fmt"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// ErrCorrupt: the bytes of a log are not what was written. The log is offline:
// nothing is cut and nothing is served, until a person or another replica has
// made up for it.
var ErrCorrupt = errors.New("corrupt log")

// scratchBytes is how much of a segment is read to look at headers: about the
// bytes between two index entries.
const scratchBytes = 4096

// walker reads the headers of batches one after the other, without decoding or
// checking what is in them.
type walker struct {
	segment *segment
	// task is nil for those who can't wait: they get env.ErrCold.
	task    *task.Task
	scratch []byte
	// from and n say what of the file scratch holds.
	from int64
	n    int
}

// header is what a walker reads of a batch.
type header struct {
	base  kafka.Offset
	next  kafka.Offset
	epoch kafka.LeaderEpoch
	// timestamp is as newestOf has it.
	timestamp kafka.Timestamp
	size      int64
}

// at reads the header of the batch that begins at position.
func (w *walker) at(position int64) (header, error) {
	s := w.segment
	if position+batch.HeaderSize > s.size {
		return header{}, w.corrupt(position, "the segment ends within a header")
	}
	if position < w.from || position+batch.HeaderSize > w.from+int64(w.n) {
		if err := w.fill(position); err != nil {
			return header{}, err
		}
	}
	b := batch.Batch(w.scratch[position-w.from:][:batch.HeaderSize])
	h := header{base: b.BaseOffset(), next: b.NextOffset(), epoch: b.LeaderEpoch(),
		timestamp: newestOf(b), size: batchSize(b)}
	switch {
	case b.Magic() != batch.MagicV2:
		return h, w.corrupt(position, "no batch begins here")
	case h.size < batch.HeaderSize || position+h.size > s.size:
		return h, w.corrupt(position, "a batch's length can't be true")
	case h.base < s.base || h.next <= h.base || h.next > s.next:
		return h, w.corrupt(position, "a batch's offsets can't be true")
	}
	return h, nil
}

func (w *walker) fill(position int64) error {
	s := w.segment
	if err := errors.Join(s.open(), s.writeOut()); err != nil {
		return err
	}
	want := min(int64(len(w.scratch)), s.size-position)
	n, err := readFile(w.task, s.file, w.scratch[:want], kafka.Position(position))
	if err != nil {
		return fmt.Errorf("read %s at %d: %w", s.name, position, err)
	}
	w.from, w.n = position, n
	if n < batch.HeaderSize {
		return w.corrupt(position, "the file is shorter than the segment")
	}
	return nil
}

func (w *walker) corrupt(position int64, what string) error {
	return fmt.Errorf("%w: %s at %d: %s", ErrCorrupt, w.segment.name, position, what)
}

// batchSize is a batch's whole length as its header says, for bytes that may
// end after the header.
func batchSize(b batch.Batch) int64 {
	_ = b[batch.HeaderSize-1]
	length := int32(uint32(b[8])<<24 | uint32(b[9])<<16 | uint32(b[10])<<8 | uint32(b[11]))
	return batch.PrefixSize + int64(length)
}

// isCold reports whether waiting would help.
func isCold(err error) bool { return errors.Is(err, env.ErrCold) }
