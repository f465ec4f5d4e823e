package batch

import (
	"encoding/binary"
	"fmt"

	"odradek/core/kafka"
)

// ControlType says what a control record tells. Sources: KIP-98, KIP-595,
// KIP-630, KIP-853.
type ControlType int16

// The control records there are.
const (
	// Abort ends a producer's transaction: its records are to be skipped.
	Abort ControlType = 0
	// Commit ends a producer's transaction: its records count.
	Commit ControlType = 1
	// LeaderChange opens a leader's epoch in the metadata log.
	LeaderChange ControlType = 2
	// SnapshotHeader is the first record of a metadata snapshot.
	SnapshotHeader ControlType = 3
	// SnapshotFooter is the last record of a metadata snapshot.
	SnapshotFooter ControlType = 4
	// KRaftVersion tells the finalized kraft.version.
	KRaftVersion ControlType = 5
	// KRaftVoters tells the set of voters.
	KRaftVoters ControlType = 6
)

// String returns Kafka's name of the type.
func (c ControlType) String() string {
	switch c {
	case Abort:
		return "ABORT"
	case Commit:
		return "COMMIT"
	case LeaderChange:
		return "LEADER_CHANGE"
	case SnapshotHeader:
		return "SNAPSHOT_HEADER"
	case SnapshotFooter:
		return "SNAPSHOT_FOOTER"
	case KRaftVersion:
		return "KRAFT_VERSION"
	case KRaftVoters:
		return "KRAFT_VOTERS"
	}
	return fmt.Sprintf("CONTROL_%d", int16(c))
}

// controlKeySize is the size of a control record's key as this version writes
// it: version int16, type int16. A longer key is a later version's, and is read.
const controlKeySize = 4

// AppendControl adds a control record. The value is the message that the type
// calls for, EndMarker's for Abort and Commit, one of Kafka's schemas for the
// others. The builder must be told Control, too.
func (b *Builder) AppendControl(timestamp kafka.Timestamp, kind ControlType, value []byte) {
	key := make([]byte, controlKeySize)
	binary.BigEndian.PutUint16(key[2:], uint16(kind))
	b.Append(timestamp, key, value)
}

// ReadControl returns the type that a control record's key names. Types beyond
// those known here are returned as they are: readers skip them.
func ReadControl(r Record) (ControlType, error) {
	if len(r.Key) < controlKeySize {
		return 0, fmt.Errorf("%w: control record with a key of %d bytes", ErrCorrupt, len(r.Key))
	}
	if version := int16(binary.BigEndian.Uint16(r.Key)); version < 0 {
		return 0, fmt.Errorf("%w: control record of version %d", ErrCorrupt, version)
	}
	return ControlType(binary.BigEndian.Uint16(r.Key[2:])), nil
}

// EndMarker is the value of Abort and Commit.
//
//	version           int16  0
//	coordinatorEpoch  int32
type EndMarker struct {
	// CoordinatorEpoch is the leader epoch of the transaction coordinator's
	// partition; an older coordinator's marker is refused.
	CoordinatorEpoch kafka.LeaderEpoch
}

// endMarkerSize is the size of an EndMarker's value.
const endMarkerSize = 6

// Append writes the marker's value.
func (m EndMarker) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, 0)
	return binary.BigEndian.AppendUint32(dst, uint32(m.CoordinatorEpoch))
}

// ReadEndMarker reads the value of a control record of type Abort or Commit. A
// later version may be longer; what is known of it comes first.
func ReadEndMarker(r Record) (EndMarker, error) {
	if len(r.Value) < endMarkerSize {
		return EndMarker{}, fmt.Errorf("%w: end marker of %d bytes", ErrCorrupt, len(r.Value))
	}
	if version := int16(binary.BigEndian.Uint16(r.Value)); version < 0 {
		return EndMarker{}, fmt.Errorf("%w: end marker of version %d", ErrCorrupt, version)
	}
	epoch := kafka.LeaderEpoch(binary.BigEndian.Uint32(r.Value[2:]))
	return EndMarker{CoordinatorEpoch: epoch}, nil
}

// BuildEndMarker makes the batch that ends a producer's transaction: one
// record, transactional, of the producer's, and without a sequence.
func BuildEndMarker(
	kind ControlType, m EndMarker,
	id kafka.ProducerID, epoch kafka.ProducerEpoch, timestamp kafka.Timestamp,
) Batch {
	b := NewBuilder().Control().Transactional().Producer(id, epoch, kafka.NoSequence)
	b.AppendControl(timestamp, kind, m.Append(nil))
	return b.Build()
}
