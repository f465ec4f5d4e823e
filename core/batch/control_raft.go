package batch

import (
	"encoding/binary"
	"fmt"
	"slices"

	"odradek/core/kafka"
)

// The metadata log's control records. Their values are Kafka's schemas, whose
// flexible encoding has compact arrays (length plus one, as an unsigned varint)
// and a count of tagged fields, none of which is defined, at the end of each
// structure. Unknown ones are skipped.

// VoterID names a voter of the metadata quorum in a LeaderChangeMessage.
type VoterID struct {
	ID kafka.BrokerID
	// Directory is the voter's directory id; version 0 of the record has none.
	Directory kafka.TopicID
}

// LeaderChangeMessage is the value of LeaderChange. Sources: KIP-595; KIP-853
// for version 1.
//
//	version         int16
//	leaderId        int32
//	voters          compact array: voterId int32, [v1: directoryId 16 bytes], tags
//	grantingVoters  compact array, the same
//	tags
type LeaderChangeMessage struct {
	Version        int16
	Leader         kafka.BrokerID
	Voters         []VoterID
	GrantingVoters []VoterID
}

// leaderChangeVersionMax is the newest version that is known.
const leaderChangeVersionMax = 1

// Append writes the record's value.
func (m LeaderChangeMessage) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.Version))
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.Leader))
	for _, voters := range [][]VoterID{m.Voters, m.GrantingVoters} {
		dst = binary.AppendUvarint(dst, uint64(len(voters))+1)
		for _, v := range voters {
			dst = binary.BigEndian.AppendUint32(dst, uint32(v.ID))
			if m.Version >= 1 {
				dst = append(dst, v.Directory[:]...)
			}
			dst = append(dst, 0)
		}
	}
	return append(dst, 0)
}

// ReadLeaderChange reads the value of a control record of type LeaderChange.
func ReadLeaderChange(r Record) (LeaderChangeMessage, error) {
	c := message{b: r.Value}
	m := LeaderChangeMessage{Version: c.int16(), Leader: kafka.BrokerID(c.int32())}
	if !c.bad && (m.Version < 0 || m.Version > leaderChangeVersionMax) {
		return m, fmt.Errorf("%w: leader change of version %d", ErrCorrupt, m.Version)
	}
	m.Voters, m.GrantingVoters = c.voters(m.Version), c.voters(m.Version)
	c.tags()
	return m, c.err("leader change")
}

// SnapshotHeaderRecord is the value of SnapshotHeader. Source: KIP-630.
//
//	version                    int16  0
//	lastContainedLogTimestamp  int64
//	tags
type SnapshotHeaderRecord struct {
	// LastContainedLogTimestamp is the append time of the last batch that the
	// snapshot stands for.
	LastContainedLogTimestamp kafka.Timestamp
}

// Append writes the record's value.
func (m SnapshotHeaderRecord) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.LastContainedLogTimestamp))
	return append(dst, 0)
}

// ReadSnapshotHeader reads the value of a control record of type SnapshotHeader.
func ReadSnapshotHeader(r Record) (SnapshotHeaderRecord, error) {
	c := message{b: r.Value}
	version := c.int16()
	m := SnapshotHeaderRecord{kafka.Timestamp(c.int64())}
	c.tags()
	if !c.bad && version != 0 {
		return m, fmt.Errorf("%w: snapshot header of version %d", ErrCorrupt, version)
	}
	return m, c.err("snapshot header")
}

// SnapshotFooterRecord is the value of SnapshotFooter: a version, and nothing
// yet. That it is there says that the snapshot is whole. Source: KIP-630.
type SnapshotFooterRecord struct{}

// Append writes the record's value.
func (SnapshotFooterRecord) Append(dst []byte) []byte { return append(dst, 0, 0, 0) }

// KRaftVersionRecord is the value of KRaftVersion. Source: KIP-853.
//
//	version       int16  0
//	kraftVersion  int16
//	tags
type KRaftVersionRecord struct {
	KRaftVersion int16
}

// Append writes the record's value.
func (m KRaftVersionRecord) Append(dst []byte) []byte {
	return append(binary.BigEndian.AppendUint16(append(dst, 0, 0), uint16(m.KRaftVersion)), 0)
}

// ReadKRaftVersion reads the value of a control record of type KRaftVersion.
func ReadKRaftVersion(r Record) (KRaftVersionRecord, error) {
	c := message{b: r.Value}
	version := c.int16()
	m := KRaftVersionRecord{c.int16()}
	c.tags()
	if !c.bad && version != 0 {
		return m, fmt.Errorf("%w: kraft version record of version %d", ErrCorrupt, version)
	}
	return m, c.err("kraft version")
}

// message reads a flexible message. After its first failure it yields zeros.
type message struct {
	b   []byte
	bad bool
}

// take cuts n bytes off; they are zeros where there are not as many.
func (c *message) take(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return make([]byte, n)
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *message) int16() int16 { return int16(binary.BigEndian.Uint16(c.take(2))) }
func (c *message) int32() int32 { return int32(binary.BigEndian.Uint32(c.take(4))) }
func (c *message) int64() int64 { return int64(binary.BigEndian.Uint64(c.take(8))) }

// uvarint reads an unsigned number that cannot be more than there are bytes.
func (c *message) uvarint() int {
	v, n := binary.Uvarint(c.b)
	if c.bad || n <= 0 || v > uint64(len(c.b)) {
		c.bad = true
		return 0
	}
	c.b = c.b[n:]
	return int(v)
}

// voterSizeMin is the least that a voter takes: an id, and no tags.
const voterSizeMin = 5

func (c *message) voters(version int16) []VoterID {
	count := c.uvarint() - 1
	if count < 0 || count*voterSizeMin > len(c.b) {
		c.bad = true
		return nil
	}
	voters := make([]VoterID, 0, count)
	for range count {
		v := VoterID{ID: kafka.BrokerID(c.int32())}
		if version >= 1 {
			copy(v.Directory[:], c.take(len(v.Directory)))
		}
		c.tags()
		voters = append(voters, v)
	}
	return slices.Clip(voters)
}

// tags skips tagged fields: a count, then of each its tag, its size, its bytes.
func (c *message) tags() {
	for range c.uvarint() {
		_, n := binary.Uvarint(c.b)
		c.take(max(n, 0))
		if n <= 0 {
			c.bad = true
		}
		size := c.uvarint()
		if c.bad || size > len(c.b) {
			c.bad = true
			return
		}
		c.b = c.b[size:]
	}
}

func (c *message) err(what string) error {
	if c.bad || len(c.b) != 0 {
		return fmt.Errorf("%w: %s of another length than its own", ErrCorrupt, what)
	}
	return nil
}
