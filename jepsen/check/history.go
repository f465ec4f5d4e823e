package check

import (
	"encoding/binary"
	"math"
	"math/bits"

	"odradek/core/kafka"
)

// Event numbers the calls and returns of a history in the one order in which
// the recorder saw them. No two calls or returns share a number.
type Event int64

// Never is the event that does not come: the return of a call without answer.
const Never Event = math.MaxInt64

// Outcome is what a client knows of its operation.
type Outcome uint8

const (
	// Unknown: it may have happened, may happen later, or never. A time-out, a
	// broken connection, an error that does not prove the contrary.
	Unknown Outcome = iota
	// OK: the broker said yes.
	OK
	// Failed: the broker said no, in a way that excludes any effect, for each
	// time the operation was sent.
	Failed
)

// Operation is what all operations have.
type Operation struct {
	// ID names the operation in violations. It is the recorder's own and
	// should be unique.
	ID int
	// Process is the client that called. A process has one session: what it
	// was told once, it may rely on.
	Process int
	// Call is when it was first sent, Return when its last answer came.
	Call, Return Event
	Outcome      Outcome
}

// Acks of a Produce, as in the protocol.
const (
	AcksNone   int16 = 0
	AcksLeader int16 = 1
	AcksAll    int16 = -1
)

// Produce is one batch sent to one partition. All times the client sent it
// again belong to the same operation.
type Produce struct {
	Operation
	Partition kafka.TopicPartition
	// Records are the hashes of the batch's records, in their order.
	Records []Hash
	// Keys are the hashes of their keys, and Tombstones says which have no value, where
	// the topic is a compacted one.
	Keys       []Hash
	Tombstones []bool
	Acks       int16
	// Base is the first record's offset as the broker told it, or
	// kafka.NoOffset.
	Base kafka.Offset
	// ProducerID is that of an idempotent producer, or kafka.NoProducerID.
	ProducerID kafka.ProducerID
	// Sends is how often the batch was sent: once, plus retries. Without
	// idempotence it may be in the log as often.
	Sends int
}

// Idempotent reports whether the batch may be in the log only once, however
// often it was sent.
func (p *Produce) Idempotent() bool { return p.ProducerID != kafka.NoProducerID }

// Record is a record as somebody read it.
type Record struct {
	Offset kafka.Offset
	Hash   Hash
}

// Fetch is one partition's part of a Fetch. One that is not OK says nothing.
type Fetch struct {
	Operation
	Partition kafka.TopicPartition
	// Offset is where the client wanted to read on.
	Offset kafka.Offset
	// Records are what came, in that order. Those before Offset, which come
	// because batches are sent whole, may be there or not.
	Records []Record
	// HighWatermark and LogStart are as the broker told them.
	HighWatermark kafka.Offset
	LogStart      kafka.Offset
}

// ListOffsets asks where a partition ends or begins.
type ListOffsets struct {
	Operation
	Partition kafka.TopicPartition
	// Earliest asks for the log start offset, otherwise for the end: the high
	// watermark.
	Earliest bool
	Offset   kafka.Offset
}

// DeleteRecords moves the log start offset up.
type DeleteRecords struct {
	Operation
	Partition kafka.TopicPartition
	// Before is the first offset to keep, or kafka.NoOffset for the high
	// watermark.
	Before kafka.Offset
	// LogStart is the log start offset as the broker told it after success.
	LogStart kafka.Offset
}

// Scan is a read of a whole partition while no produce was under way, such as
// after the final restart. The last scan of a partition is what there is.
type Scan struct {
	Operation
	Partition kafka.TopicPartition
	// LogStart and End bound what there is to read: [LogStart, End).
	LogStart, End kafka.Offset
	// Records are those from LogStart on.
	Records []Record
	// Batches are those that were read, with records or without, where the topic is a
	// compacted one; nil if the scanner did not look.
	Batches []Batch
}

// Rules say what the cluster under test promises.
type Rules struct {
	// StaleFetch: a fetch may be answered by a follower, or a leader that does
	// not know it was deposed. Its high watermark is then only held against
	// what the same process was told before.
	StaleFetch bool
	// Retention: the log start offset may move without DeleteRecords.
	Retention bool
	// Compacted: records go when their key has a newer one; see compaction.go.
	Compacted bool
	// TombstonesStay: the compacted topics never drop a tombstone that is its key's
	// newest record.
	TombstonesStay bool
}

// History is what clients did and saw. The order within the slices does not
// matter.
type History struct {
	Rules    Rules
	Produces []Produce
	Fetches  []Fetch
	Lists    []ListOffsets
	Deletes  []DeleteRecords
	Scans    []Scan
	// Gone are partitions that were deleted and could not be scanned.
	Gone []kafka.TopicPartition
	// Names of topics make violations readable; an id stands in for a missing
	// one.
	Names map[kafka.TopicID]string
}

// Hash stands for a record's whole contents.
type Hash uint64

// HashOf hashes the parts of a record (key, value, headers ...), each with its
// length, so that null, empty and shifted parts differ. It takes eight bytes at a
// time: histories are hashed whole, and half of a byte-wise hash is waiting.
func HashOf(parts ...[]byte) Hash {
	hash := uint64(0x6A09E667F3BCC908)
	for _, part := range parts {
		length := uint64(len(part)) + 1
		if part == nil {
			length = 0
		}
		hash = mix(hash, length)
		for ; len(part) >= 8; part = part[8:] {
			hash = mix(hash, binary.LittleEndian.Uint64(part))
		}
		last := uint64(0)
		for i, b := range part {
			last |= uint64(b) << (8 * i)
		}
		hash = mix(hash, last)
	}
	return Hash(hash)
}

// mix takes a word into a hash: a product of 128 bits, both halves of which stay.
func mix(hash, word uint64) uint64 {
	high, low := bits.Mul64(hash^word, 0x9E3779B97F4A7C15)
	return high ^ low ^ bits.RotateLeft64(hash, 23)
}
