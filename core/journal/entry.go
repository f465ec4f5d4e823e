package journal

import (
	"encoding/binary"

	"odradek/core/kafka"
)

// Sequence numbers the entries of one shard's journal, from 1, within a run.
type Sequence uint64

// never is the sequence of what was appended to a failed journal.
const never Sequence = 1<<64 - 1

// Kind says what an entry records. The journal itself only knows Nothing; the
// others belong to package log.
type Kind uint8

const (
	// Nothing records that the journal wanted a commit: to say that a file is no
	// longer needed, or that the frames before are whole.
	Nothing Kind = 0
	// Data is a batch at a position of a segment.
	Data Kind = 1
	// State is all that must be known of a log to go on from here.
	State Kind = 2
	// LogStart moved a log's start offset.
	LogStart Kind = 3
	// Delete ends a log.
	Delete Kind = 4
)

// Entry is one durable event.
type Entry struct {
	Kind Kind
	// Log is what the event happened to.
	Log kafka.TopicPartition
	// Base and Position locate the event: for Data, the base offset of the
	// segment and the byte in it. Other kinds give them a meaning of their own.
	Base     kafka.Offset
	Position kafka.Position
	// Data is the event's content. In a visited entry it is valid only until
	// the visit returns.
	Data []byte
	// Sequence and Shard are set by Replay. Entries of the base have sequence 0.
	Sequence Sequence
	Shard    int
}

// entryHeaderSize is the size of an entry without its data; doc.go draws it.
const entryHeaderSize = 48

func putEntryHeader(dst []byte, e *Entry) {
	_ = dst[entryHeaderSize-1]
	binary.LittleEndian.PutUint32(dst[0:], uint32(e.Kind))
	binary.LittleEndian.PutUint32(dst[4:], uint32(len(e.Data)))
	copy(dst[8:24], e.Log.Topic[:])
	binary.LittleEndian.PutUint64(dst[24:], uint64(uint32(e.Log.Partition)))
	binary.LittleEndian.PutUint64(dst[32:], uint64(e.Base))
	binary.LittleEndian.PutUint64(dst[40:], uint64(e.Position))
}

// nextEntry cuts the first entry off payload; ok is false when the bytes don't
// make one, which under a good checksum is our own fault or a forgery.
func nextEntry(payload []byte) (e Entry, rest []byte, ok bool) {
	if len(payload) < entryHeaderSize {
		return Entry{}, nil, false
	}
	kind, length := binary.LittleEndian.Uint32(payload), binary.LittleEndian.Uint32(payload[4:])
	if kind > 0xff || int64(length) > int64(len(payload)-entryHeaderSize) {
		return Entry{}, nil, false
	}
	e.Kind = Kind(kind)
	copy(e.Log.Topic[:], payload[8:24])
	e.Log.Partition = kafka.Partition(binary.LittleEndian.Uint32(payload[24:]))
	e.Base = kafka.Offset(binary.LittleEndian.Uint64(payload[32:]))
	e.Position = kafka.Position(binary.LittleEndian.Uint64(payload[40:]))
	end := entryHeaderSize + int(length)
	e.Data = payload[entryHeaderSize:end:end]
	return e, payload[end:], true
}
