package record

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrUnknown is returned for a record whose key is of a kind that this broker does not
// have (share and streams groups, or something newer). It is kept in the log and
// otherwise passed over.
var ErrUnknown = errors.New("a record of an unknown kind")

// ErrMalformed is wrapped by the error for a record that cannot be read.
var ErrMalformed = errors.New("a malformed record of __consumer_offsets")

// Record is one record of __consumer_offsets: a key that says what it is about, and a
// value that says what is so from now on. Every kind is a struct with the key's fields
// and Value, a pointer: nil is a tombstone, by which what the key names is gone. A
// Record is a pointer to one of these structs. It is not changed once it was made: the
// coordinator keeps what it says.
type Record interface {
	// AppendKey appends the record's key: the kind as an int16, then its fields.
	AppendKey(dst []byte) []byte
	// AppendValue appends the record's value, or returns nil for a tombstone.
	AppendValue(dst []byte) []byte
}

// keyed is what the kinds have in common: each states the layout of its key once, for
// reading and for writing.
type keyed interface {
	Record
	keyFields(c *coder)
	// newValue gives the record an empty value and returns it.
	newValue() valued
}

// valued is the value of a kind.
type valued interface {
	fields(c *coder, version int16)
}

// kind is the type of a record: the first two bytes of its key.
type kind int16

// The kinds, as Kafka numbers them. Those between and above are of share and streams
// groups.
const (
	kindLegacyOffsetCommit             kind = 0
	kindOffsetCommit                   kind = 1
	kindGroupMetadata                  kind = 2
	kindConsumerGroupMetadata          kind = 3
	kindConsumerGroupPartitionMetadata kind = 4
	kindConsumerGroupMemberMetadata    kind = 5
	kindTargetAssignmentMetadata       kind = 6
	kindTargetAssignmentMember         kind = 7
	kindCurrentMemberAssignment        kind = 8
	kindRegularExpression              kind = 16
)

// newRecord returns an empty record of a kind and the newest version of its value, nil
// when there is no such kind.
func newRecord(k kind) (record keyed, versionMax int16) {
	switch k {
	case kindLegacyOffsetCommit:
		return &OffsetCommit{Legacy: true}, 0
	case kindOffsetCommit:
		return &OffsetCommit{}, 4
	case kindGroupMetadata:
		return &GroupMetadata{}, 4
	case kindConsumerGroupMetadata:
		return &ConsumerGroupMetadata{}, 0
	case kindConsumerGroupPartitionMetadata:
		return &ConsumerGroupPartitionMetadata{}, 0
	case kindConsumerGroupMemberMetadata:
		return &ConsumerGroupMemberMetadata{}, 0
	case kindTargetAssignmentMetadata:
		return &ConsumerGroupTargetAssignmentMetadata{}, 0
	case kindTargetAssignmentMember:
		return &ConsumerGroupTargetAssignmentMember{}, 0
	case kindCurrentMemberAssignment:
		return &ConsumerGroupCurrentMemberAssignment{}, 0
	case kindRegularExpression:
		return &ConsumerGroupRegularExpression{}, 0
	}
	return nil, 0
}

// Parse reads a record. A nil value is a tombstone's. The record shares no memory with
// the bytes. The errors are ErrUnknown, after which the log can be read on, and
// ErrMalformed. As Kafka does, it ignores what stands behind the last field.
func Parse(key, value []byte) (Record, error) {
	c := coder{bytes: key}
	var k kind
	integer16(&c, &k)
	if c.err != nil {
		return nil, fmt.Errorf("%w: no kind in the key: %w", ErrMalformed, c.err)
	}
	record, versionMax := newRecord(k)
	if record == nil {
		return nil, fmt.Errorf("%w: %d", ErrUnknown, k)
	}
	record.keyFields(&c)
	if c.err != nil {
		return nil, fmt.Errorf("%w: key of kind %d: %w", ErrMalformed, k, c.err)
	}
	if value == nil {
		return record, nil
	}
	c = coder{bytes: value}
	var version int16
	integer16(&c, &version)
	if c.err != nil || version < 0 || version > versionMax {
		return nil, fmt.Errorf("%w: value of kind %d has version %d, want 0 to %d",
			ErrMalformed, k, version, versionMax)
	}
	record.newValue().fields(&c, version)
	if c.err != nil {
		return nil, fmt.Errorf("%w: value of kind %d, version %d: %w", ErrMalformed, k, version, c.err)
	}
	return record, nil
}

// appendKey appends a record's key. No kind's key is in the compact encoding.
func appendKey(dst []byte, k kind, record keyed) []byte {
	c := coder{bytes: binary.BigEndian.AppendUint16(dst, uint16(k)), writing: true}
	record.keyFields(&c)
	return c.bytes
}

// appendValue appends a value in a version.
func appendValue(dst []byte, version int16, value valued) []byte {
	c := coder{bytes: binary.BigEndian.AppendUint16(dst, uint16(version)), writing: true}
	value.fields(&c, version)
	return c.bytes
}
