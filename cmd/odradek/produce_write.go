package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// slabRecords is how many records are allocated at once.
const slabRecords = 1024

// writer sends lines to a topic. Its reader runs on a goroutine of its own,
// since a terminal or a pipe may block for ever; it ends with the process.
type writer struct {
	client    *kgo.Client
	cutter    *cutter
	topic     string
	partition int32
	progress  *progress
	console   *console
	outage    *outage
	now       func() time.Time
	started   time.Time
	size      int64 // of the input, 0 when not known

	mutex    sync.Mutex
	records  int64 // acknowledged
	bytes    int64 // of their values and keys
	written  map[int32]*span
	failed   error
	stopping bool
}

// span is the range of offsets written to a partition, both inclusive.
type span struct{ first, last int64 }

// slab is records that were allocated together, so that the line of one that
// failed can be found without keeping a number in each.
type slab struct {
	records []kgo.Record
	line    int64 // of the first
	promise func(*kgo.Record, error)
}

// run sends every line and waits until each is acknowledged or has failed.
func (w *writer) run(ctx context.Context, lines *lineReader) error {
	w.written = map[int32]*span{}
	done := make(chan error, 1)
	go func() { done <- w.send(lines) }()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	defer w.progress.clear()
	for {
		select {
		case err := <-done:
			return w.finish(ctx, err)
		case <-ctx.Done():
			return w.finish(ctx, errInterrupted)
		case <-ticker.C:
			w.look()
		}
	}
}

// send hands line after line to the client, until the input ends or a record
// failed.
func (w *writer) send(lines *lineReader) error {
	var s *slab
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &fault{sentence: fmt.Sprintf("read line %d: %v", lines.lines+1, err), cause: err}
		}
		if s == nil || len(s.records) == cap(s.records) {
			if w.stopped() {
				return nil
			}
			s = newSlab(w, lines.lines)
		}
		s.records = s.records[:len(s.records)+1]
		record := &s.records[len(s.records)-1]
		if err := w.cutter.cut(line, record); err != nil {
			return &fault{sentence: fmt.Sprintf("line %d: %v", lines.lines, err)}
		}
		if w.partition >= 0 {
			record.Partition = w.partition
		}
		w.client.Produce(context.Background(), record, s.promise)
	}
}

func newSlab(w *writer, line int64) *slab {
	s := &slab{records: make([]kgo.Record, 0, slabRecords), line: line}
	s.promise = func(record *kgo.Record, err error) { w.acknowledged(s, record, err) }
	return s
}

// acknowledged is called by the client when a record was acknowledged or failed.
func (w *writer) acknowledged(s *slab, record *kgo.Record, err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if err != nil {
		if w.failed == nil {
			w.failed, w.stopping = s.fault(record, err), true
		}
		return
	}
	w.records++
	w.bytes += int64(len(record.Key) + len(record.Value))
	at := w.written[record.Partition]
	if at == nil {
		at = &span{first: record.Offset}
		w.written[record.Partition] = at
	}
	at.last = record.Offset
}

// fault names the line of a record that failed.
func (s *slab) fault(record *kgo.Record, err error) error {
	for i := range s.records {
		if &s.records[i] == record {
			return fail(fmt.Sprintf("line %d (%s)", s.line+int64(i), byteSize(len(record.Value))), err)
		}
	}
	return fail("a line", err)
}

func (w *writer) stopped() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.stopping
}

// finish waits for what was sent. A record that failed is the reason to tell,
// whatever else happened.
func (w *writer) finish(ctx context.Context, err error) error {
	flush := context.Background()
	if errors.Is(err, errInterrupted) {
		w.mutex.Lock()
		w.stopping = true
		w.mutex.Unlock()
		limited, cancel := context.WithTimeout(flush, flushAtInterrupt)
		defer cancel()
		flush = limited
	} else {
		limited, cancel := context.WithCancel(flush)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)() // a signal while flushing
		flush = limited
	}
	if flushed := w.flush(flush); flushed != nil && err == nil {
		err = errInterrupted
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.failed != nil {
		return w.failed
	}
	return err
}

// flush waits for all records, drawing the progress.
func (w *writer) flush(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- w.client.Flush(ctx) }()
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			w.look()
		}
	}
}

// look shows what a person wants to know meanwhile.
func (w *writer) look() {
	w.outage.tell(w.console, w.progress)
	w.progress.show(w.line)
}

// line is the progress line.
func (w *writer) line() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	text := fmt.Sprintf("%s, %s, %s", plural(w.records, "record"), byteSize(w.bytes),
		rate(w.bytes, w.now().Sub(w.started)))
	if w.size > 0 {
		// Newlines are in the file and not in the records.
		text += fmt.Sprintf(", %d%%", min(100, (w.bytes+w.records)*100/w.size))
	}
	return text
}

// summary is what the command says at its end.
func (w *writer) summary(err error) string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	took := w.now().Sub(w.started)
	text := fmt.Sprintf("%s (%s) written to %s", plural(w.records, "record"), byteSize(w.bytes),
		w.topic)
	if len(w.written) > 1 {
		text += fmt.Sprintf(", to %d partitions,", len(w.written))
	}
	for partition, at := range w.written {
		if len(w.written) == 1 && at.first >= 0 {
			text += fmt.Sprintf(", partition %d offsets %d to %d,", partition, at.first, at.last)
		}
	}
	text += fmt.Sprintf(" in %s (%s)", elapsed(took), rate(w.bytes, took))
	switch {
	case errors.Is(err, errInterrupted):
		return "interrupted: " + text
	case err != nil:
		return "failed: " + text
	}
	return text
}
