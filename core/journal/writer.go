package journal

import (
	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Owner is a log, as its journal sees it.
type Owner interface {
	// Flushed says that everything appended up to end is durable. It is called
	// on the loop, between tasks or from the committer; it must not wait.
	Flushed(end kafka.Offset)
	// Checkpoint makes durable, by other means than the journal, everything
	// that was appended before the call, then appends a State. After that the
	// journal forgets the log's older entries. An error fails the journal.
	Checkpoint(t *task.Task) error
}

// Writer is one log's hand in the journal.
type Writer struct {
	journal *Journal
	log     kafka.TopicPartition
	owner   Owner
	// generation is that of the oldest file which may hold something that is
	// needed to recover the log, 0 for none. Files are only given up in the
	// order of their generations, when no writer needs them.
	generation uint64
	stateBytes int64
	wanted     bool
	previous   *Writer
	next       *Writer
	// frame and slot find the writer among the touched of the filling frame.
	frame uint64
	slot  int
}

// NewWriter gives a log a hand in the journal.
func (j *Journal) NewWriter(log kafka.TopicPartition, owner Owner) *Writer {
	return &Writer{journal: j, log: log, owner: owner}
}

// Append stages an entry of the log. end is the log's end offset after the
// entry: what Owner.Flushed is told once the entry is durable. Data must have
// been asked for with Journal.Ready. The entry's data is copied.
func (w *Writer) Append(
	kind Kind, base kafka.Offset, position kafka.Position, data []byte, end kafka.Offset,
) Sequence {
	j := w.journal
	if j.failed != nil {
		return never
	}
	e := Entry{Kind: kind, Log: w.log, Base: base, Position: position, Data: data}
	sequence := j.stage(&e)
	f := j.filling
	if w.frame == f.number {
		f.touched[w.slot].end = end
	} else {
		w.frame, w.slot = f.number, len(f.touched)
		f.touched = append(f.touched, touch{w, end})
	}
	if kind == State {
		j.stateBytes += int64(len(data)) - w.stateBytes
		w.stateBytes = int64(len(data))
		j.writers.remove(w)
	}
	if w.generation == 0 {
		w.generation = j.current.generation
		j.writers.add(w)
	}
	return sequence
}

// Detach ends the log's part in the journal: its owner is not called again and
// no file is kept for it. Append a Delete first, or have closed the log.
func (w *Writer) Detach() {
	w.owner = nil
	w.journal.writers.remove(w)
	w.journal.stateBytes -= w.stateBytes
	w.stateBytes = 0
}

// RequestCheckpoint asks for Owner.Checkpoint soon, from the background task.
func (w *Writer) RequestCheckpoint() {
	if w.wanted || w.owner == nil || w.journal.failed != nil {
		return
	}
	w.wanted = true
	w.journal.wanted = append(w.journal.wanted, w)
	w.journal.janitor.Broadcast()
}

// writers lists those who need journal files, oldest generation first.
type writers struct {
	first *Writer
	last  *Writer
}

func (l *writers) add(w *Writer) {
	assert.That(l.last == nil || l.last.generation <= w.generation,
		"writers are listed in the order of their generations")
	w.previous, w.next = l.last, nil
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
}

// remove takes a writer out, if it is in.
func (l *writers) remove(w *Writer) {
	if w.generation == 0 {
		return
	}
	if w.previous != nil {
		w.previous.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.previous = w.previous
	} else {
		l.last = w.previous
	}
	w.previous, w.next, w.generation = nil, nil, 0
}
