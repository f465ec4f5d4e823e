package metadata

import (
	"encoding/binary"
	"fmt"

	"odradek/core/kafka"
)

// Control records stand in control batches and speak of the log itself, not of
// the cluster. Their key is two numbers, their value a message that begins with
// its own version and is not framed:
//
//	key    +-------------+----------+
//	       | version = 0 | type     |   16 bits each
//	       +-------------+----------+
//	value  +-------------+----------------------------+
//	       | version     | fields (flexible encoding) |
//	       +-------------+----------------------------+
//
// Source: KIP-595, KIP-630, KIP-853.

// ControlType says which kind of control record it is. Types 0 and 1 end
// transactions of producers and never stand in the metadata log.
type ControlType int16

// The control records of the metadata log.
const (
	ControlLeaderChange   ControlType = 2
	ControlSnapshotHeader ControlType = 3
	ControlSnapshotFooter ControlType = 4
	ControlKRaftVersion   ControlType = 5
	ControlVoters         ControlType = 6
)

// Control is the value of a control record: a pointer to one of the structs
// below.
type Control interface {
	// Type says which kind of control record it is.
	Type() ControlType
	// Version is the version that is written.
	Version() int16
	fields(c *coder, version int16)
}

// AppendControlKey appends the key of a control record to dst.
func AppendControlKey(dst []byte, control Control) []byte {
	dst = binary.BigEndian.AppendUint16(dst, 0)
	return binary.BigEndian.AppendUint16(dst, uint16(control.Type()))
}

// AppendControl appends the value of a control record to dst.
func AppendControl(dst []byte, control Control) []byte {
	c := coder{bytes: binary.BigEndian.AppendUint16(dst, uint16(control.Version())), writing: true}
	control.fields(&c, control.Version())
	return c.bytes
}

// ParseControl reads a control record of the metadata log. The errors are
// ErrMalformed and ErrUnknownRecord.
func ParseControl(key, value []byte) (Control, error) {
	if len(key) < 4 {
		return nil, fmt.Errorf("%w: a control key of %d bytes", ErrMalformed, len(key))
	}
	control, maxVersion := newControl(ControlType(binary.BigEndian.Uint16(key[2:])))
	if control == nil {
		return nil, fmt.Errorf("%w: control key %x", ErrUnknownRecord, key)
	}
	c := coder{bytes: value}
	var version int16
	integer16(&c, &version)
	if c.err == nil && (version < 0 || version > maxVersion) {
		return nil, fmt.Errorf("%w: control type %d, version %d",
			ErrUnknownRecord, control.Type(), version)
	}
	control.fields(&c, version)
	if c.err == nil && len(c.bytes) != 0 {
		c.fail(errLength)
	}
	if c.err != nil {
		return nil, fmt.Errorf("%w: control type %d: %w", ErrMalformed, control.Type(), c.err)
	}
	return control, nil
}

func newControl(kind ControlType) (control Control, maxVersion int16) {
	switch kind {
	case ControlLeaderChange:
		return &LeaderChange{}, 1
	case ControlSnapshotHeader:
		return &SnapshotHeader{}, 0
	case ControlSnapshotFooter:
		return &SnapshotFooter{}, 0
	case ControlKRaftVersion:
		return &KRaftVersion{}, 0
	case ControlVoters:
		return &Voters{}, 0
	}
	return nil, 0
}

// LeaderChange is the first record of each leader of the quorum.
type LeaderChange struct {
	LeaderID kafka.BrokerID
	// Voters are all of the quorum, GrantingVoters those who elected the leader.
	Voters         []Voter
	GrantingVoters []Voter
}

// Voter is a member of the quorum.
type Voter struct {
	ID kafka.BrokerID
	// DirectoryID is the id of the voter's metadata directory: zero when the
	// quorum is a static one (LeaderChange version 1, KIP-853).
	DirectoryID UUID
}

// Type is ControlLeaderChange.
func (r *LeaderChange) Type() ControlType { return ControlLeaderChange }

// Version is 1 when a voter has a directory id, else 0, as kraft.version says.
func (r *LeaderChange) Version() int16 {
	for _, voter := range r.Voters {
		if voter.DirectoryID != (UUID{}) {
			return 1
		}
	}
	return 0
}

func (r *LeaderChange) fields(c *coder, version int16) {
	voter := func(c *coder, v *Voter) {
		integer32(c, &v.ID)
		if version >= 1 {
			uuid(c, &v.DirectoryID)
		}
		c.tags()
	}
	integer32(c, &r.LeaderID)
	array(c, &r.Voters, false, 4+1, voter)
	array(c, &r.GrantingVoters, false, 4+1, voter)
	c.tags()
}

// SnapshotHeader is the first record of a snapshot.
type SnapshotHeader struct {
	// LastContainedLogTimestamp is the append time of the last record that the
	// snapshot stands for.
	LastContainedLogTimestamp kafka.Timestamp
}

// Type is ControlSnapshotHeader.
func (r *SnapshotHeader) Type() ControlType { return ControlSnapshotHeader }

// Version is 0.
func (r *SnapshotHeader) Version() int16 { return 0 }

func (r *SnapshotHeader) fields(c *coder, _ int16) {
	integer64(c, &r.LastContainedLogTimestamp)
	c.tags()
}

// SnapshotFooter is the last record of a snapshot: without it, the snapshot is
// not whole.
type SnapshotFooter struct{}

// Type is ControlSnapshotFooter.
func (r *SnapshotFooter) Type() ControlType { return ControlSnapshotFooter }

// Version is 0.
func (r *SnapshotFooter) Version() int16 { return 0 }

func (r *SnapshotFooter) fields(c *coder, _ int16) { c.tags() }

// KRaftVersion is the finalized level of kraft.version.
type KRaftVersion struct {
	Level int16
}

// Type is ControlKRaftVersion.
func (r *KRaftVersion) Type() ControlType { return ControlKRaftVersion }

// Version is 0.
func (r *KRaftVersion) Version() int16 { return 0 }

func (r *KRaftVersion) fields(c *coder, _ int16) {
	integer16(c, &r.Level)
	c.tags()
}

// Voters is the whole membership of a dynamic quorum. Source: KIP-853.
type Voters struct {
	Voters []VoterNode
}

// VoterNode is a member of a dynamic quorum and where it can be reached.
type VoterNode struct {
	Voter
	// Endpoints are by listener; their Protocol is not written.
	Endpoints []Endpoint
	// KRaftMin and KRaftMax are the levels of kraft.version it can work with.
	KRaftMin int16
	KRaftMax int16
}

// Type is ControlVoters.
func (r *Voters) Type() ControlType { return ControlVoters }

// Version is 0.
func (r *Voters) Version() int16 { return 0 }

func (r *Voters) fields(c *coder, _ int16) {
	const endpointBytesMin = 1 + 1 + 2 + 1
	const voterBytesMin = 4 + 16 + 1 + 2 + 2 + 1 + 1
	array(c, &r.Voters, false, voterBytesMin, func(c *coder, v *VoterNode) {
		integer32(c, &v.ID)
		uuid(c, &v.DirectoryID)
		array(c, &v.Endpoints, false, endpointBytesMin, func(c *coder, e *Endpoint) {
			c.text(&e.Name)
			c.text(&e.Host)
			integer16(c, &e.Port)
			c.tags()
		})
		integer16(c, &v.KRaftMin)
		integer16(c, &v.KRaftMax)
		c.tags()
		c.tags()
	})
	c.tags()
}
