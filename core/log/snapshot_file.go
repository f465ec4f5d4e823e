package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// A .snapshot file holds the producers as they were at the offset that is its
// name, in Kafka's format, big-endian:
//
//	0           2          6            10
//	+-----------+----------+------------+---------+---------+
//	| version   | CRC-32C  | entries    | entry 0 | entry 1 | ...
//	| int16, 1  | of the   | int32      | 46 bytes each
//	|           | rest     |            |
//
//	entry:  0 producerId       int64     22 offsetDelta            int32
//	        8 producerEpoch    int16     26 timestamp              int64
//	       10 lastSequence     int32     34 coordinatorEpoch       int32
//	       14 lastOffset       int64     38 currentTxnFirstOffset  int64
//
// It has one batch of each producer; what recovery needs of the other four is
// in the journal. Source: Kafka's ProducerStateManager.
const (
	snapshotVersion    = 1
	snapshotHeaderSize = 10
	snapshotEntrySize  = 46
	// snapshotBytesMax bounds what is read: some ten million producers.
	snapshotBytesMax = 512 << 20
)

// ErrSnapshot: a producer snapshot can't be read.
var ErrSnapshot = errors.New("corrupt producer snapshot")

// encodeSnapshot writes all producers as Kafka does.
func (s *producers) encodeSnapshot() []byte {
	bytes := make([]byte, snapshotHeaderSize, snapshotHeaderSize+snapshotEntrySize*s.len())
	binary.BigEndian.PutUint16(bytes, snapshotVersion)
	binary.BigEndian.PutUint32(bytes[6:], uint32(s.len()))
	none := kafka.NoOffset
	for p := s.oldest; p != nil; p = p.next {
		last := appendedBatch{kafka.NoSequence, kafka.NoOffset, 0, p.lastTimestamp}
		if known := p.last(); known != nil {
			last = *known
		}
		bytes = binary.BigEndian.AppendUint64(bytes, uint64(p.id))
		bytes = binary.BigEndian.AppendUint16(bytes, uint16(p.epoch))
		bytes = binary.BigEndian.AppendUint32(bytes, uint32(last.lastSequence))
		bytes = binary.BigEndian.AppendUint64(bytes, uint64(last.lastOffset))
		bytes = binary.BigEndian.AppendUint32(bytes, uint32(last.offsetDelta))
		bytes = binary.BigEndian.AppendUint64(bytes, uint64(p.lastTimestamp))
		bytes = binary.BigEndian.AppendUint32(bytes, ^uint32(0))
		bytes = binary.BigEndian.AppendUint64(bytes, uint64(none))
	}
	binary.BigEndian.PutUint32(bytes[2:], snapshotChecksum(bytes))
	return bytes
}

func snapshotChecksum(bytes []byte) uint32 {
	return crc32.Checksum(bytes[6:], crc32.MakeTable(crc32.Castagnoli))
}

// decodeSnapshot adds the producers of a snapshot file.
func (s *producers) decodeSnapshot(bytes []byte) error {
	if len(bytes) < snapshotHeaderSize || binary.BigEndian.Uint16(bytes) != snapshotVersion {
		return fmt.Errorf("%w: not version %d", ErrSnapshot, snapshotVersion)
	}
	if binary.BigEndian.Uint32(bytes[2:]) != snapshotChecksum(bytes) {
		return fmt.Errorf("%w: wrong checksum", ErrSnapshot)
	}
	count := int64(int32(binary.BigEndian.Uint32(bytes[6:])))
	if count < 0 || count*snapshotEntrySize != int64(len(bytes)-snapshotHeaderSize) {
		return fmt.Errorf("%w: %d producers in %d bytes", ErrSnapshot, count, len(bytes))
	}
	for e := bytes[snapshotHeaderSize:]; len(e) > 0; e = e[snapshotEntrySize:] {
		p := s.get(kafka.ProducerID(binary.BigEndian.Uint64(e)))
		p.epoch = kafka.ProducerEpoch(binary.BigEndian.Uint16(e[8:]))
		p.lastTimestamp = kafka.Timestamp(binary.BigEndian.Uint64(e[26:]))
		last := appendedBatch{
			lastSequence: kafka.Sequence(binary.BigEndian.Uint32(e[10:])),
			lastOffset:   kafka.Offset(binary.BigEndian.Uint64(e[14:])),
			offsetDelta:  int32(binary.BigEndian.Uint32(e[22:])),
			timestamp:    p.lastTimestamp,
		}
		if last.lastSequence >= 0 {
			p.add(p.epoch, last)
		}
	}
	return nil
}

// readWhole reads a file of at most max bytes.
func readWhole(t *task.Task, disk env.Disk, name string, max int64) ([]byte, error) {
	file, err := disk.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if file.Size() > max {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d it may have",
			name, file.Size(), max)
	}
	bytes := make([]byte, file.Size())
	n, err := file.ReadAt(t, bytes, 0)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return bytes[:n], nil
}

// replaceFile puts a file in place of what may be there, in one step: after a
// crash it is the old one or the new one. Its name is durable after SyncDir.
func replaceFile(t *task.Task, disk env.Disk, name string, bytes []byte) error {
	temporary := name + ".tmp"
	if err := disk.Remove(temporary); err != nil && !errors.Is(err, env.ErrNotExist) {
		return err
	}
	file, err := disk.Create(temporary)
	if err != nil {
		return err
	}
	err = file.WriteAt(bytes, 0)
	if err == nil {
		err = file.Sync(t)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		_ = disk.Remove(temporary) // gives back the room, if that is what was missing
		return fmt.Errorf("write %s: %w", temporary, err)
	}
	return disk.Rename(temporary, name)
}
