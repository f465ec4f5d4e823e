package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"odradek/core/batch"
	"odradek/core/kafka"
)

// batchBytesMax bounds a batch that is read: Kafka's lengths are int32, and no
// broker takes a request of more than 100 MiB by default.
const batchBytesMax = 1 << 30

// segmentWalk is the state of reading one segment.
type segmentWalk struct {
	batches  int64
	records  int64
	position int64
	first    kafka.Offset
	next     kafka.Offset // the least offset that the next batch may have
	epoch    kafka.LeaderEpoch
	newest   kafka.Timestamp
	buffer   []byte
}

// segment shows a .log file, or a metadata snapshot, which is made of batches
// too.
func (d *dump) segment(in *os.File, size int64) error {
	w := &segmentWalk{first: -1, next: baseOffsetOf(in.Name()), newest: kafka.NoTimestamp}
	for w.position < size {
		b, err := w.read(in, size)
		if err != nil {
			return err
		}
		if b == nil {
			d.tail(in, w.position, size)
			break
		}
		d.batch(w, b)
		w.position += int64(len(b))
	}
	if w.batches == 0 {
		d.summary("no batches")
		return nil
	}
	d.summary("%s, %s, offsets %d to %d, newest timestamp %s", plural(w.batches, "batch"),
		plural(w.records, "record"), w.first, w.next-1, millis(w.newest))
	return nil
}

// baseOffsetOf is the offset that a segment's name begins with, 0 if it doesn't.
func baseOffsetOf(path string) kafka.Offset {
	digits, _, _ := strings.Cut(filepath.Base(path), ".")
	digits, _, _ = strings.Cut(digits, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || strings.HasSuffix(path, ".checkpoint") {
		return 0 // a snapshot's records count from 0, whatever its name
	}
	return kafka.Offset(n)
}

// read returns the batch at the walk's position, nil if what is there cannot be
// one.
func (w *segmentWalk) read(in *os.File, size int64) (batch.Batch, error) {
	var prefix [batch.PrefixSize]byte
	if size-w.position < batch.HeaderSize {
		return nil, nil
	}
	if _, err := in.ReadAt(prefix[:], w.position); err != nil {
		return nil, err
	}
	length := batch.PrefixSize + int64(int32(binary.BigEndian.Uint32(prefix[8:])))
	if length < batch.HeaderSize || length > batchBytesMax || length > size-w.position {
		return nil, nil
	}
	if int64(cap(w.buffer)) < length {
		w.buffer = make([]byte, length+length/2)
	}
	bytes := w.buffer[:length]
	if _, err := in.ReadAt(bytes, w.position); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b, _, err := batch.Next(bytes)
	if err != nil {
		return nil, nil
	}
	return b, nil
}

// tail judges bytes that are not a batch: zeros are room that was reserved, the
// beginning of a batch is a write that did not end, anything else is damage.
func (d *dump) tail(in *os.File, position, size int64) {
	zeros, err := onlyZeros(io.NewSectionReader(in, position, size-position))
	switch {
	case err != nil:
		d.problem(position, "read: %v", err)
	case zeros:
		d.summary("%s of reserved room at the end", byteSize(size-position))
	default:
		d.problem(position, "no whole batch here, %s before the end of the file: "+
			"a torn write, or damage", byteSize(size-position))
	}
}

func onlyZeros(in io.Reader) (bool, error) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := in.Read(buffer)
		for _, b := range buffer[:n] {
			if b != 0 {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// batchWidths lays the fields of a batch out for a person: the producer's epoch
// and sequence are in the JSON.
var batchWidths = []int{11, 12, 11, 7, 8, -6, -24, 5, 8, 0, 0, -1}

func (d *dump) batch(w *segmentWalk, b batch.Batch) {
	if int8(b.Magic()) < batch.MagicV2 {
		d.problem(w.position, "a batch of format %d: only format 2 is read", b.Magic())
		return
	}
	if err := b.Check(); err != nil {
		d.problem(w.position, "the batch at offset %d: %v", b.BaseOffset(), err)
		return
	}
	d.order(w, b)
	d.row("batch", batchWidths,
		field{"position", w.position},
		field{"first offset", int64(b.BaseOffset())},
		field{"last offset", int64(b.LastOffset())},
		field{"records", b.RecordCount()},
		field{"bytes", int64(len(b))},
		field{"codec", b.Codec().String()},
		field{"timestamp", millis(b.MaxTimestamp())},
		field{"leader epoch", int32(b.LeaderEpoch())},
		field{"producer id", maybe(int64(b.ProducerID()))},
		field{"producer epoch", maybe(int64(b.ProducerEpoch()))},
		field{"sequence", maybe(int64(b.BaseSequence()))},
		field{"flags", batchFlags(b)},
	)
	if d.records || d.verify {
		d.showRecords(w, b)
	}
	if w.batches == 0 {
		w.first = b.BaseOffset()
	}
	w.batches++
	w.records += int64(b.RecordCount())
	w.next = max(w.next, b.NextOffset())
	w.epoch = max(w.epoch, b.LeaderEpoch())
	w.newest = max(w.newest, b.MaxTimestamp())
}

// order verifies what must hold between a batch and those before it.
func (d *dump) order(w *segmentWalk, b batch.Batch) {
	if b.BaseOffset() < w.next {
		d.problem(w.position, "offset %d, but offsets below %d came before it, or belong to "+
			"an earlier segment", b.BaseOffset(), w.next)
	}
	if w.batches > 0 && b.LeaderEpoch() < w.epoch {
		d.problem(w.position, "the batch at offset %d has leader epoch %d, after %d",
			b.BaseOffset(), b.LeaderEpoch(), w.epoch)
	}
}

// maybe hides Kafka's -1.
func maybe(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

func batchFlags(b batch.Batch) []string {
	flags := []string{}
	if b.IsTransactional() {
		flags = append(flags, "transactional")
	}
	if b.IsControl() {
		flags = append(flags, "control")
	}
	if b.TimestampType() == batch.LogAppendTime {
		flags = append(flags, "append-time")
	}
	if b.HasDeleteHorizon() {
		flags = append(flags, fmt.Sprintf("delete-horizon=%s", millis(b.BaseTimestamp())))
	}
	return flags
}
