package metadata

import (
	"encoding/binary"
	"errors"
	"fmt"

	"odradek/core/assert"
)

// Key is a record's api key: which kind of record it is.
type Key int16

// The keys of the records that this package knows, as Kafka numbers them.
const (
	KeyRegisterBroker           Key = 0
	KeyUnregisterBroker         Key = 1
	KeyTopic                    Key = 2
	KeyPartition                Key = 3
	KeyConfig                   Key = 4
	KeyPartitionChange          Key = 5
	KeyFenceBroker              Key = 7
	KeyUnfenceBroker            Key = 8
	KeyRemoveTopic              Key = 9
	KeyFeatureLevel             Key = 12
	KeyProducerIDs              Key = 15
	KeyBrokerRegistrationChange Key = 17
	KeyNoOp                     Key = 20
	KeyZkMigrationState         Key = 21
	KeyBeginTransaction         Key = 23
	KeyEndTransaction           Key = 24
	KeyAbortTransaction         Key = 25
	KeyRegisterController       Key = 27
	KeyClearELR                 Key = 28
)

// Record is one record of the metadata log: a pointer to one of the structs of
// this package.
type Record interface {
	// Key says which kind of record it is.
	Key() Key
	// Version is the version that is written: the one a Kafka 4.3 controller
	// chooses for these contents.
	Version() int16
	// fields reads or writes the record's fields in their order.
	fields(c *coder, version int16)
}

// Errors of Parse. They are wrapped with the place and the kind of record.
var (
	// ErrMalformed: the bytes are not a record.
	ErrMalformed = errors.New("malformed metadata record")
	// ErrUnknownRecord: a whole record of a kind or version this package does
	// not know. Whoever meets one must stop: skipping it would be to disagree
	// with the rest of the cluster.
	ErrUnknownRecord = errors.New("metadata record of an unknown kind or version")
)

// frameVersion is the version of the frame around every record.
const frameVersion = 1

// Append appends the record's value, as it stands in a batch, to dst.
func Append(dst []byte, record Record) []byte {
	return AppendVersion(dst, record, record.Version())
}

// AppendVersion appends the record in a given version: for tests, and for a
// metadata.version that is older than this program. Fields which the version
// lacks are left out.
func AppendVersion(dst []byte, record Record, version int16) []byte {
	assert.That(version >= 0 && version <= maxVersion(record.Key()),
		"a record is written in a version that exists")
	dst = binary.AppendUvarint(dst, frameVersion)
	dst = binary.AppendUvarint(dst, uint64(record.Key()))
	dst = binary.AppendUvarint(dst, uint64(version))
	c := coder{bytes: dst, writing: true}
	record.fields(&c, version)
	return c.bytes
}

// Parse reads a record's value. The record shares no memory with it. The errors
// are ErrMalformed and ErrUnknownRecord.
func Parse(value []byte) (Record, error) {
	c := coder{bytes: value}
	frame, key, version := c.uvarint(), c.uvarint(), c.uvarint()
	if c.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, c.err)
	}
	if frame != frameVersion {
		return nil, fmt.Errorf("%w: frame version %d, want %d", ErrMalformed, frame, frameVersion)
	}
	record := newRecord(key)
	if record == nil || int64(version) > int64(maxVersion(record.Key())) {
		return nil, fmt.Errorf("%w: key %d, version %d", ErrUnknownRecord, key, version)
	}
	record.fields(&c, int16(version))
	if c.err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, record.Key(), c.err)
	}
	if len(c.bytes) != 0 {
		return nil, fmt.Errorf("%w: %s: %d bytes too many", ErrMalformed, record.Key(), len(c.bytes))
	}
	return record, nil
}

// newRecord returns an empty record of the kind, nil when there is none.
func newRecord(key uint64) Record {
	if key > uint64(KeyClearELR) {
		return nil
	}
	for _, kind := range kinds {
		if kind.key == Key(key) {
			return kind.make()
		}
	}
	return nil
}

// maxVersion is the newest version of a kind's schema.
func maxVersion(key Key) int16 {
	for _, kind := range kinds {
		if kind.key == key {
			return kind.maxVersion
		}
	}
	return -1
}

// String is Kafka's name of the kind, as its dump tool prints it.
func (k Key) String() string {
	for _, kind := range kinds {
		if kind.key == k {
			return kind.name
		}
	}
	return fmt.Sprintf("RECORD_%d", int16(k))
}

// kind is a row of the table of records.
type kind struct {
	key        Key
	maxVersion int16
	name       string
	make       func() Record
}

//tidy:allow package-variable a read-only table
var kinds = [...]kind{
	{KeyRegisterBroker, 4, "REGISTER_BROKER_RECORD", func() Record { return &RegisterBrokerRecord{} }},
	{KeyUnregisterBroker, 0, "UNREGISTER_BROKER_RECORD",
		func() Record { return &UnregisterBrokerRecord{} }},
	{KeyTopic, 0, "TOPIC_RECORD", func() Record { return &TopicRecord{} }},
	{KeyPartition, 2, "PARTITION_RECORD", func() Record { return &PartitionRecord{} }},
	{KeyConfig, 0, "CONFIG_RECORD", func() Record { return &ConfigRecord{} }},
	{KeyPartitionChange, 2, "PARTITION_CHANGE_RECORD",
		func() Record { return &PartitionChangeRecord{} }},
	{KeyFenceBroker, 0, "FENCE_BROKER_RECORD", func() Record { return &FenceBrokerRecord{} }},
	{KeyUnfenceBroker, 0, "UNFENCE_BROKER_RECORD", func() Record { return &UnfenceBrokerRecord{} }},
	{KeyRemoveTopic, 0, "REMOVE_TOPIC_RECORD", func() Record { return &RemoveTopicRecord{} }},
	{KeyFeatureLevel, 0, "FEATURE_LEVEL_RECORD", func() Record { return &FeatureLevelRecord{} }},
	{KeyProducerIDs, 0, "PRODUCER_IDS_RECORD", func() Record { return &ProducerIDsRecord{} }},
	{KeyBrokerRegistrationChange, 3, "BROKER_REGISTRATION_CHANGE_RECORD",
		func() Record { return &BrokerRegistrationChangeRecord{} }},
	{KeyNoOp, 0, "NO_OP_RECORD", func() Record { return &NoOpRecord{} }},
	{KeyZkMigrationState, 0, "ZK_MIGRATION_STATE_RECORD",
		func() Record { return &ZkMigrationStateRecord{} }},
	{KeyBeginTransaction, 0, "BEGIN_TRANSACTION_RECORD",
		func() Record { return &BeginTransactionRecord{} }},
	{KeyEndTransaction, 0, "END_TRANSACTION_RECORD", func() Record { return &EndTransactionRecord{} }},
	{KeyAbortTransaction, 0, "ABORT_TRANSACTION_RECORD",
		func() Record { return &AbortTransactionRecord{} }},
	{KeyRegisterController, 0, "REGISTER_CONTROLLER_RECORD",
		func() Record { return &RegisterControllerRecord{} }},
	{KeyClearELR, 0, "CLEAR_ELR_RECORD", func() Record { return &ClearELRRecord{} }},
}
