package config

import (
	"slices"
	"strings"

	"odradek/core/assert"
	"odradek/core/batch"
)

// Names of a node's settings of groups and of the topic that keeps them. Source:
// Kafka 4.3, GroupCoordinatorConfig.
const (
	ConsumerAssignmentIntervalMs    = "group.consumer.assignment.interval.ms"
	ConsumerAssignors               = "group.consumer.assignors"
	ConsumerHeartbeatIntervalMs     = "group.consumer.heartbeat.interval.ms"
	ConsumerMaxAssignmentIntervalMs = "group.consumer.max.assignment.interval.ms"
	ConsumerMaxHeartbeatIntervalMs  = "group.consumer.max.heartbeat.interval.ms"
	ConsumerMaxSessionTimeoutMs     = "group.consumer.max.session.timeout.ms"
	ConsumerMaxSize                 = "group.consumer.max.size"
	ConsumerMigrationPolicy         = "group.consumer.migration.policy"
	ConsumerMinAssignmentIntervalMs = "group.consumer.min.assignment.interval.ms"
	ConsumerMinHeartbeatIntervalMs  = "group.consumer.min.heartbeat.interval.ms"
	ConsumerMinSessionTimeoutMs     = "group.consumer.min.session.timeout.ms"
	ConsumerRegexRefreshIntervalMs  = "group.consumer.regex.refresh.interval.ms"
	ConsumerSessionTimeoutMs        = "group.consumer.session.timeout.ms"
	GroupRebalanceProtocols         = "group.coordinator.rebalance.protocols"
	GroupInitialRebalanceDelayMs    = "group.initial.rebalance.delay.ms"
	GroupMaxSessionTimeoutMs        = "group.max.session.timeout.ms"
	GroupMaxSize                    = "group.max.size"
	GroupMinSessionTimeoutMs        = "group.min.session.timeout.ms"
	OffsetMetadataMaxBytes          = "offset.metadata.max.bytes"
	OffsetsCommitTimeoutMs          = "offsets.commit.timeout.ms"
	OffsetsRetentionCheckIntervalMs = "offsets.retention.check.interval.ms"
	OffsetsRetentionMinutes         = "offsets.retention.minutes"
	OffsetsTopicCompressionCodec    = "offsets.topic.compression.codec"
	OffsetsTopicNumPartitions       = "offsets.topic.num.partitions"
	OffsetsTopicReplicationFactor   = "offsets.topic.replication.factor"
	OffsetsTopicSegmentBytes        = "offsets.topic.segment.bytes"
)

// The protocols of groups that group.coordinator.rebalance.protocols names.
// Share and streams groups are not coordinated here.
const (
	ProtocolClassic  = "classic"
	ProtocolConsumer = "consumer"
	protocolShare    = "share"
	protocolStreams  = "streams"
)

// The assignors that group.consumer.assignors names.
const (
	AssignorUniform = "uniform"
	AssignorRange   = "range"
)

// MigrationPolicy says which way a group with members may go from one protocol
// to the other while they stay. Empty groups may always. Source: KIP-848.
type MigrationPolicy string

// The migration policies, in the letters in which GroupSettings has them; a
// person may write them in any.
const (
	MigrateBothWays MigrationPolicy = "bidirectional"
	MigrateUp       MigrationPolicy = "upgrade"
	MigrateDown     MigrationPolicy = "downgrade"
	MigrateNever    MigrationPolicy = "disabled"
)

// AllowsUpgrade reports whether a classic group may become a consumer group.
func (p MigrationPolicy) AllowsUpgrade() bool { return p == MigrateBothWays || p == MigrateUp }

// AllowsDowngrade reports whether a consumer group may become a classic one.
func (p MigrationPolicy) AllowsDowngrade() bool {
	return p == MigrateBothWays || p == MigrateDown
}

// GroupSettings is a node's settings of groups as they hold now, with the
// defaults filled in. All times are in milliseconds.
type GroupSettings struct {
	// ConsumerProtocol: groups of the protocol of KIP-848 are served. Classic ones
	// always are.
	ConsumerProtocol bool

	// Of classic groups.

	// MinSessionTimeoutMs and MaxSessionTimeoutMs bound what a member may ask for,
	// both inclusive. The first may be above the second: no member is taken then.
	MinSessionTimeoutMs     int64
	MaxSessionTimeoutMs     int64
	InitialRebalanceDelayMs int64
	// MaxSize is the members that a classic group has at most.
	MaxSize int

	// Consumer is what holds for the groups of KIP-848.
	Consumer ConsumerGroupSettings
	// Offsets is what holds for committed offsets and their topic.
	Offsets OffsetSettings
}

// ConsumerGroupSettings is what holds for groups of the consumer protocol. A
// group may have another session time-out, heartbeat and assignment interval of
// its own.
type ConsumerGroupSettings struct {
	// MinSessionTimeoutMs <= SessionTimeoutMs <= MaxSessionTimeoutMs.
	SessionTimeoutMs    int64
	MinSessionTimeoutMs int64
	MaxSessionTimeoutMs int64
	// MinHeartbeatIntervalMs <= HeartbeatIntervalMs <= MaxHeartbeatIntervalMs, and
	// HeartbeatIntervalMs < SessionTimeoutMs.
	HeartbeatIntervalMs    int64
	MinHeartbeatIntervalMs int64
	MaxHeartbeatIntervalMs int64
	// AssignmentIntervalMs is the least time between two assignments of a group; 0
	// makes one for every change. MinAssignmentIntervalMs <= AssignmentIntervalMs
	// <= MaxAssignmentIntervalMs.
	AssignmentIntervalMs    int64
	MinAssignmentIntervalMs int64
	MaxAssignmentIntervalMs int64
	// RegexRefreshIntervalMs is after how long a subscription by pattern is matched
	// with the topics again, though none came or went.
	RegexRefreshIntervalMs int64
	// MaxSize is the members that a consumer group has at most.
	MaxSize int
	// Assignors are the names that members may choose from, each once, the one for
	// members that choose none first. At least one.
	Assignors       []string
	MigrationPolicy MigrationPolicy
}

// OffsetSettings is what holds for committed offsets and for __consumer_offsets.
type OffsetSettings struct {
	// MetadataMaxBytes is the longest text that may be committed with an offset.
	MetadataMaxBytes int
	// RetentionMs is for how long an offset is kept that nobody uses, and
	// RetentionCheckIntervalMs how often that is looked after.
	RetentionMs              int64
	RetentionCheckIntervalMs int64
	// CommitTimeoutMs is for how long a write of the coordinator may take before it
	// is answered with an error.
	CommitTimeoutMs int64
	// TopicPartitions and the rest are for the topic's creation: once it exists, its
	// own size and settings hold.
	TopicPartitions        int32
	TopicReplicationFactor int16
	TopicSegmentBytes      int
	// TopicCompression is the codec of the coordinator's batches.
	TopicCompression batch.Codec
}

// GroupSettings returns the settings of groups as they hold now.
func (l Layers) GroupSettings() GroupSettings {
	text := func(name string) string { value, _, _ := l.BrokerValue(name); return value }
	long := func(name string) int64 { return number(text(name)) }
	codec := batch.Codec(long(OffsetsTopicCompressionCodec))
	assert.That(codec.Valid(), "a codec that was checked is one of Kafka's")
	return GroupSettings{
		ConsumerProtocol: slices.Contains(splitList(text(GroupRebalanceProtocols)),
			ProtocolConsumer),
		MinSessionTimeoutMs:     long(GroupMinSessionTimeoutMs),
		MaxSessionTimeoutMs:     long(GroupMaxSessionTimeoutMs),
		InitialRebalanceDelayMs: long(GroupInitialRebalanceDelayMs),
		MaxSize:                 int(long(GroupMaxSize)),
		Consumer: ConsumerGroupSettings{
			SessionTimeoutMs:       long(ConsumerSessionTimeoutMs),
			MinSessionTimeoutMs:    long(ConsumerMinSessionTimeoutMs),
			MaxSessionTimeoutMs:    long(ConsumerMaxSessionTimeoutMs),
			HeartbeatIntervalMs:    long(ConsumerHeartbeatIntervalMs),
			MinHeartbeatIntervalMs: long(ConsumerMinHeartbeatIntervalMs),
			MaxHeartbeatIntervalMs: long(ConsumerMaxHeartbeatIntervalMs),
			AssignmentIntervalMs: bounded(long(ConsumerAssignmentIntervalMs),
				limits{long(ConsumerMinAssignmentIntervalMs), long(ConsumerMaxAssignmentIntervalMs)}),
			MinAssignmentIntervalMs: long(ConsumerMinAssignmentIntervalMs),
			MaxAssignmentIntervalMs: long(ConsumerMaxAssignmentIntervalMs),
			RegexRefreshIntervalMs:  long(ConsumerRegexRefreshIntervalMs),
			MaxSize:                 int(long(ConsumerMaxSize)),
			Assignors:               eachOnce(splitList(text(ConsumerAssignors))),
			MigrationPolicy:         MigrationPolicy(strings.ToLower(text(ConsumerMigrationPolicy))),
		},
		Offsets: OffsetSettings{
			MetadataMaxBytes:         int(long(OffsetMetadataMaxBytes)),
			RetentionMs:              long(OffsetsRetentionMinutes) * minuteMs,
			RetentionCheckIntervalMs: long(OffsetsRetentionCheckIntervalMs),
			CommitTimeoutMs:          long(OffsetsCommitTimeoutMs),
			TopicPartitions:          int32(long(OffsetsTopicNumPartitions)),
			TopicReplicationFactor:   int16(long(OffsetsTopicReplicationFactor)),
			TopicSegmentBytes:        int(long(OffsetsTopicSegmentBytes)),
			TopicCompression:         codec,
		},
	}
}

// bounded brings a value within limits. One that was set while the node ran was
// checked then, and the node may have been started with other limits since.
func bounded(value int64, l limits) int64 { return min(max(value, l.low), l.high) }

// eachOnce drops what comes again.
func eachOnce(items []string) []string {
	var once []string
	for _, item := range items {
		if !slices.Contains(once, item) {
			once = append(once, item)
		}
	}
	return once
}

// checkGroups checks what settings of groups cannot say alone. Source: Kafka,
// GroupCoordinatorConfig and KafkaConfig.
func (l Layers) checkGroups() error {
	if value, _, _ := l.BrokerValue(GroupRebalanceProtocols); !slices.Contains(
		splitList(value), ProtocolClassic) {
		return &InvalidValue{Name: GroupRebalanceProtocols, Value: value, Whole: true,
			Problem: "Disabling the 'classic' protocol is not supported."}
	}
	const atLeast, atMost, below = "greater than or equal to", "less than or equal to", "less than"
	for _, c := range []struct{ name, relation, other string }{
		{ConsumerMaxHeartbeatIntervalMs, atLeast, ConsumerMinHeartbeatIntervalMs},
		{ConsumerHeartbeatIntervalMs, atLeast, ConsumerMinHeartbeatIntervalMs},
		{ConsumerHeartbeatIntervalMs, atMost, ConsumerMaxHeartbeatIntervalMs},
		{ConsumerMaxSessionTimeoutMs, atLeast, ConsumerMinSessionTimeoutMs},
		{ConsumerSessionTimeoutMs, atLeast, ConsumerMinSessionTimeoutMs},
		{ConsumerSessionTimeoutMs, atMost, ConsumerMaxSessionTimeoutMs},
		{ConsumerHeartbeatIntervalMs, below, ConsumerSessionTimeoutMs},
		{ConsumerMaxAssignmentIntervalMs, atLeast, ConsumerMinAssignmentIntervalMs},
		{ConsumerAssignmentIntervalMs, atLeast, ConsumerMinAssignmentIntervalMs},
		{ConsumerAssignmentIntervalMs, atMost, ConsumerMaxAssignmentIntervalMs},
	} {
		value, _, _ := l.BrokerValue(c.name)
		other, _, _ := l.BrokerValue(c.other)
		holds := number(value) >= number(other)
		switch c.relation {
		case atMost:
			holds = number(value) <= number(other)
		case below:
			holds = number(value) < number(other)
		}
		if !holds {
			return &InvalidValue{Name: c.name, Value: value, Whole: true,
				Problem: c.name + " must be " + c.relation + " " + c.other}
		}
	}
	return nil
}
