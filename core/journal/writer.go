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
	// that was appended before the call, then appends a State and calls
	// Writer.Forget with what Writer.Mark returned at the beginning: the journal
	// lets go of the log's entries before that. An error fails the journal.
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
	// stateRoom is what must stay free for the log's next State while the writer
	// is listed.
	stateRoom int64
	wanted    bool
	previous  *Writer
	next      *Writer
	// frame and slot find the writer among the touched of the filling frame.
	frame uint64
	slot  int
}

// NewWriter gives a log a hand in the journal.
func (j *Journal) NewWriter(log kafka.TopicPartition, owner Owner) *Writer {
	return &Writer{journal: j, log: log, owner: owner, stateRoom: j.stateRoom(0)}
}

// Expect says how long the log's next State will be about, for a log that has
// none in this run yet: room is kept for it. Later the last State tells.
func (w *Writer) Expect(stateBytes int) {
	w.journal.writers.resize(w, w.journal.stateRoom(stateBytes))
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
		j.writers.resize(w, j.stateRoom(len(data)))
	}
	if w.generation == 0 {
		j.writers.add(w, j.current.generation)
	}
	return sequence
}

// Mark is a moment of the journal, for Forget: entries appended from now on go
// to files of this generation or a later one.
type Mark struct{ generation uint64 }

// Mark marks the present moment.
func (w *Writer) Mark() Mark { return Mark{w.journal.current.generation} }

// Forget says that the log needs no entry from before a moment, as what they did
// is durable elsewhere and a newer State says so.
func (w *Writer) Forget(before Mark) {
	if w.generation == 0 || w.generation >= before.generation {
		return
	}
	w.journal.writers.remove(w)
	w.journal.writers.add(w, before.generation)
}

// Bury ends the log's part in the journal after a Delete with that base, but
// keeps the entry for the rest of the run: the run's base may still speak of the
// log.
func (w *Writer) Bury(base kafka.Offset) {
	w.Detach()
	w.owner = &grave{w, base}
	w.journal.writers.add(w, w.journal.current.generation)
}

// grave stands in for the owner of a deleted log.
type grave struct {
	writer *Writer
	base   kafka.Offset
}

// Flushed implements Owner.
func (g *grave) Flushed(kafka.Offset) {}

// Checkpoint implements Owner: it says once more that the log was deleted.
func (g *grave) Checkpoint(*task.Task) error {
	mark := g.writer.Mark()
	g.writer.Append(Delete, g.base, 0, nil, 0)
	g.writer.Forget(mark)
	return nil
}

// Rest ends the log's part in the journal after a last State, of which the bytes
// are given, but keeps that State for the rest of the run: nothing else says how
// far the log's files go. The logs that are closed after it write States too, and
// might fill the journal once around.
func (w *Writer) Rest(state []byte) { w.owner = &resting{w, state} }

// SayAgain repeats the last State of a log that rests: for a checkpoint that
// was asked of the log while it was being closed.
func (w *Writer) SayAgain(t *task.Task) error {
	if r, rests := w.owner.(*resting); rests {
		return r.Checkpoint(t)
	}
	return nil
}

// resting stands in for the owner of a closed log.
type resting struct {
	writer *Writer
	state  []byte
}

// Flushed implements Owner.
func (r *resting) Flushed(kafka.Offset) {}

// Checkpoint implements Owner: it says the last State once more.
func (r *resting) Checkpoint(*task.Task) error {
	mark := r.writer.Mark()
	r.writer.Append(State, 0, 0, r.state, 0)
	r.writer.Forget(mark)
	return nil
}

// Detach ends the log's part in the journal: its owner is not called again and
// no file is kept for it. Append a Delete first.
func (w *Writer) Detach() {
	w.owner = nil
	w.journal.writers.remove(w)
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
	// stateRoom is the sum of theirs.
	stateRoom int64
}

// resize changes what is kept free for a writer's next State.
func (l *writers) resize(w *Writer, stateRoom int64) {
	if w.generation > 0 {
		l.stateRoom += stateRoom - w.stateRoom
	}
	w.stateRoom = stateRoom
}

// add puts a writer in its place, which is nearly always the end.
func (l *writers) add(w *Writer, generation uint64) {
	assert.That(w.generation == 0 && generation > 0, "a writer is listed once")
	w.generation = generation
	l.stateRoom += w.stateRoom
	after := l.last
	for after != nil && after.generation > generation {
		after = after.previous
	}
	w.previous = after
	if after != nil {
		w.next = after.next
		after.next = w
	} else {
		w.next = l.first
		l.first = w
	}
	if w.next != nil {
		w.next.previous = w
	} else {
		l.last = w
	}
}

// remove takes a writer out, if it is in.
func (l *writers) remove(w *Writer) {
	if w.generation == 0 {
		return
	}
	l.stateRoom -= w.stateRoom
	assert.That(l.stateRoom >= 0, "what is kept free for States is what was counted")
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
