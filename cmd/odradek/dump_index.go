package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"strings"

	"odradek/core/batch"
)

// entries calls visit with each entry of a file of fixed-size entries. An entry
// of zeros ends it: an active segment's index is reserved at its full size.
func (d *dump) entries(
	in *os.File, size int64, entrySize int64, visit func(at int64, entry []byte),
) (count int64, err error) {
	reader := bufio.NewReaderSize(io.NewSectionReader(in, 0, size), 256<<10)
	entry := make([]byte, entrySize)
	for at := int64(0); at+entrySize <= size; at += entrySize {
		if _, err := io.ReadFull(reader, entry); err != nil {
			return count, err
		}
		if at > 0 && isZero(entry) {
			return count, d.reserved(reader, at)
		}
		if at == 0 && isZero(entry) && size > entrySize {
			if rest, _ := onlyZeros(io.NewSectionReader(in, 0, size)); rest {
				return 0, nil
			}
		}
		visit(at, entry)
		count++
	}
	if rest := size % entrySize; rest != 0 {
		d.problem(size-rest, "%d bytes at the end are no whole entry of %d", rest, entrySize)
	}
	return count, nil
}

// reserved verifies that nothing but zeros follows.
func (d *dump) reserved(reader io.Reader, at int64) error {
	zeros, err := onlyZeros(reader)
	if err == nil && !zeros {
		d.problem(at, "an entry of zeros with entries after it")
	}
	return err
}

func isZero(bytes []byte) bool {
	for _, b := range bytes {
		if b != 0 {
			return false
		}
	}
	return true
}

// offsetIndex shows a .index file. Each entry says where in the segment a batch
// stands that holds an offset:
//
//	relativeOffset  int32  to the segment's base offset, the batch's last
//	position        int32  of the batch in the segment
func (d *dump) offsetIndex(in *os.File, size int64) error {
	base := int64(baseOffsetOf(in.Name()))
	log, err := os.Open(strings.TrimSuffix(in.Name(), ".index") + ".log")
	if err == nil {
		defer log.Close()
	}
	lastOffset, lastPosition := int64(-1), int64(-1)
	n, err := d.entries(in, size, 8, func(at int64, entry []byte) {
		offset := base + int64(int32(binary.BigEndian.Uint32(entry)))
		position := int64(int32(binary.BigEndian.Uint32(entry[4:])))
		if offset <= lastOffset || position <= lastPosition {
			d.problem(at, "offset %d at %d does not follow offset %d at %d",
				offset, position, lastOffset, lastPosition)
		}
		lastOffset, lastPosition = offset, position
		d.pointsAtBatch(log, at, offset, position)
		d.row("index", []int{12, 12}, field{"offset", offset}, field{"position", position})
	})
	d.summary("%s", plural(n, "entry"))
	return err
}

// pointsAtBatch verifies that a batch which holds offset stands at position of
// the segment, if there is one.
func (d *dump) pointsAtBatch(log *os.File, at, offset, position int64) {
	if log == nil {
		return
	}
	var header [batch.HeaderSize]byte
	if _, err := log.ReadAt(header[:], position); err != nil {
		d.problem(at, "offset %d points at byte %d, past the end of the segment", offset, position)
		return
	}
	first := int64(binary.BigEndian.Uint64(header[:]))
	last := first + int64(int32(binary.BigEndian.Uint32(header[23:])))
	if offset < first || offset > last && last >= first && header[16] == batch.MagicV2 {
		d.problem(at, "offset %d points at byte %d, where the batch of offsets %d to %d stands",
			offset, position, first, last)
	}
}

// timeIndex shows a .timeindex file. Each entry says that no record up to an
// offset has a later timestamp:
//
//	timestamp       int64  in milliseconds
//	relativeOffset  int32  to the segment's base offset
func (d *dump) timeIndex(in *os.File, size int64) error {
	base := int64(baseOffsetOf(in.Name()))
	lastTime, lastOffset := int64(-1), int64(-1)
	n, err := d.entries(in, size, 12, func(at int64, entry []byte) {
		when := int64(binary.BigEndian.Uint64(entry))
		offset := base + int64(int32(binary.BigEndian.Uint32(entry[8:])))
		if when < lastTime || offset < lastOffset {
			d.problem(at, "timestamp %d of offset %d does not follow %d of offset %d",
				when, offset, lastTime, lastOffset)
		}
		lastTime, lastOffset = when, offset
		d.row("timeindex", []int{24, 12}, field{"timestamp", millis(when)}, field{"offset", offset})
	})
	d.summary("%s", plural(n, "entry"))
	return err
}

// transactionIndex shows a .txnindex file. Each entry is an aborted transaction:
//
//	version           int16  0
//	producerID        int64
//	firstOffset       int64
//	lastOffset        int64  of its marker
//	lastStableOffset  int64  when it was aborted
func (d *dump) transactionIndex(in *os.File, size int64) error {
	n, err := d.entries(in, size, 34, func(at int64, entry []byte) {
		number := func(i int) int64 { return int64(binary.BigEndian.Uint64(entry[2+8*i:])) }
		if version := int16(binary.BigEndian.Uint16(entry)); version != 0 {
			d.problem(at, "an entry of version %d", version)
		}
		d.row("txnindex", []int{10, 12, 12, 18},
			field{"producer id", number(0)}, field{"first offset", number(1)},
			field{"last offset", number(2)}, field{"last stable offset", number(3)})
	})
	d.summary("%s", plural(n, "aborted transaction"))
	return err
}
