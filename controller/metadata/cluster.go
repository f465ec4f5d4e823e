package metadata

import "odradek/core/kafka"

// FeatureLevelRecord finalizes a feature at a level; level 0 removes it.
// Source: KIP-584, KIP-778.
type FeatureLevelRecord struct {
	Name  string
	Level int16
}

// Key is KeyFeatureLevel.
func (r *FeatureLevelRecord) Key() Key { return KeyFeatureLevel }

// Version is 0.
func (r *FeatureLevelRecord) Version() int16 { return 0 }

func (r *FeatureLevelRecord) fields(c *coder, _ int16) {
	c.text(&r.Name)
	integer16(c, &r.Level)
	c.tags()
}

// ResourceType is what a configuration belongs to, as Kafka numbers it.
type ResourceType int8

// The resources that can have a configuration.
const (
	TopicResource         ResourceType = 2
	BrokerResource        ResourceType = 4
	BrokerLoggerResource  ResourceType = 8
	ClientMetricsResource ResourceType = 16
	GroupResource         ResourceType = 32
)

// ConfigRecord sets one key of a resource's configuration, or removes it.
type ConfigRecord struct {
	ResourceType ResourceType
	// ResourceName is the topic's name or the broker's id as digits; empty is
	// the default of all brokers.
	ResourceName string
	Name         string
	// Value is nil to remove the key.
	Value *string
}

// Key is KeyConfig.
func (r *ConfigRecord) Key() Key { return KeyConfig }

// Version is 0.
func (r *ConfigRecord) Version() int16 { return 0 }

func (r *ConfigRecord) fields(c *coder, _ int16) {
	integer8(c, &r.ResourceType)
	c.text(&r.ResourceName)
	c.text(&r.Name)
	c.nullableText(&r.Value)
	c.tags()
}

// ProducerIDsRecord gives a broker the block of producer ids that ends before
// NextProducerID. Source: KIP-730.
type ProducerIDsRecord struct {
	BrokerID    kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
	// NextProducerID is the first id that nobody has yet.
	NextProducerID kafka.ProducerID
}

// Key is KeyProducerIDs.
func (r *ProducerIDsRecord) Key() Key { return KeyProducerIDs }

// Version is 0.
func (r *ProducerIDsRecord) Version() int16 { return 0 }

func (r *ProducerIDsRecord) fields(c *coder, _ int16) {
	integer32(c, &r.BrokerID)
	integer64(c, &r.BrokerEpoch)
	integer64(c, &r.NextProducerID)
	c.tags()
}

// NoOpRecord changes nothing; a quiet controller proves with it that it lives.
// Source: KIP-835.
type NoOpRecord struct{}

// Key is KeyNoOp.
func (r *NoOpRecord) Key() Key { return KeyNoOp }

// Version is 0.
func (r *NoOpRecord) Version() int16 { return 0 }

func (r *NoOpRecord) fields(c *coder, _ int16) { c.tags() }

// ZkMigrationStateRecord is of the past: clusters that were made before Kafka
// 4.0 have one at the head of their logs. It is read, never written.
type ZkMigrationStateRecord struct {
	State int8
}

// Key is KeyZkMigrationState.
func (r *ZkMigrationStateRecord) Key() Key { return KeyZkMigrationState }

// Version is 0.
func (r *ZkMigrationStateRecord) Version() int16 { return 0 }

func (r *ZkMigrationStateRecord) fields(c *coder, _ int16) {
	integer8(c, &r.State)
	c.tags()
}

// BeginTransactionRecord begins a run of records that take effect together,
// at the EndTransactionRecord, or not at all. Source: KIP-868.
type BeginTransactionRecord struct {
	// Name is for people. Nil: none.
	Name *string
}

// Key is KeyBeginTransaction.
func (r *BeginTransactionRecord) Key() Key { return KeyBeginTransaction }

// Version is 0.
func (r *BeginTransactionRecord) Version() int16 { return 0 }

func (r *BeginTransactionRecord) fields(c *coder, _ int16) {
	c.tags(tagged{0, r.Name != nil, func(c *coder) { c.nullableText(&r.Name) }})
}

// EndTransactionRecord makes a transaction's records take effect.
type EndTransactionRecord struct{}

// Key is KeyEndTransaction.
func (r *EndTransactionRecord) Key() Key { return KeyEndTransaction }

// Version is 0.
func (r *EndTransactionRecord) Version() int16 { return 0 }

func (r *EndTransactionRecord) fields(c *coder, _ int16) { c.tags() }

// AbortTransactionRecord takes a transaction's records back.
type AbortTransactionRecord struct {
	// Reason is for people. Nil: none.
	Reason *string
}

// Key is KeyAbortTransaction.
func (r *AbortTransactionRecord) Key() Key { return KeyAbortTransaction }

// Version is 0.
func (r *AbortTransactionRecord) Version() int16 { return 0 }

func (r *AbortTransactionRecord) fields(c *coder, _ int16) {
	c.tags(tagged{0, r.Reason != nil, func(c *coder) { c.nullableText(&r.Reason) }})
}
