package main

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
)

const (
	// snapshotHead is version int16, CRC-32C uint32, number of producers int32.
	snapshotHead = 10
	// snapshotBytesMax bounds a .snapshot: 46 bytes for each of many producers.
	snapshotBytesMax = 1 << 30
)

// producerEntrySize is the size of one producer in a .snapshot:
//
//	producerID             int64
//	producerEpoch          int16
//	lastSequence           int32
//	lastOffset             int64  of the last batch
//	offsetDelta            int32  from that batch's first record to its last
//	timestamp              int64  of that batch, in milliseconds
//	coordinatorEpoch       int32  of the last transaction marker, or -1
//	currentTxnFirstOffset  int64  of the open transaction, or -1
const producerEntrySize = 46

// producerSnapshot shows a .snapshot file: what is remembered of each idempotent
// producer at the offset that the file is named after.
func (d *dump) producerSnapshot(in *os.File, size int64) error {
	if size < snapshotHead || size > snapshotBytesMax {
		d.problem(0, "%d bytes are no snapshot of producers", size)
		return nil
	}
	bytes := make([]byte, size)
	if _, err := io.ReadFull(in, bytes); err != nil {
		return err
	}
	version := int16(binary.BigEndian.Uint16(bytes))
	if version != 1 {
		d.problem(0, "version %d; version 1 is read", version)
		return nil
	}
	want := binary.BigEndian.Uint32(bytes[2:])
	if got := crc32.Checksum(bytes[6:], crc32.MakeTable(crc32.Castagnoli)); got != want {
		d.problem(2, "the checksum is %08x, the bytes have %08x", want, got)
	}
	n := int64(int32(binary.BigEndian.Uint32(bytes[6:])))
	if n < 0 || n*producerEntrySize != size-snapshotHead {
		d.problem(6, "%d producers in %d bytes", n, size-snapshotHead)
		return nil
	}
	for entry := bytes[snapshotHead:]; len(entry) > 0; entry = entry[producerEntrySize:] {
		d.producer(entry)
	}
	d.summary("%s before offset %d", plural(n, "producer"), baseOffsetOf(in.Name()))
	return nil
}

func (d *dump) producer(entry []byte) {
	be := binary.BigEndian
	d.row("producer", []int{10, 5, 13, 11, 12, 24, 17, 16},
		field{"producer id", int64(be.Uint64(entry))},
		field{"epoch", int16(be.Uint16(entry[8:]))},
		field{"last sequence", int32(be.Uint32(entry[10:]))},
		field{"last offset", int64(be.Uint64(entry[14:]))},
		field{"offset delta", int32(be.Uint32(entry[22:]))},
		field{"timestamp", millis(be.Uint64(entry[26:]))},
		field{"coordinator epoch", maybe(int64(int32(be.Uint32(entry[34:]))))},
		field{"open transaction", maybe(int64(be.Uint64(entry[38:])))},
	)
}
