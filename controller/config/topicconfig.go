package config

import (
	"slices"

	"odradek/core/kafka"
)

// TopicConfig is a topic's settings as they hold now, with the node's and the
// defaults filled in. What is Inert is not here.
type TopicConfig struct {
	// CleanupDelete and CleanupCompact are the two halves of cleanup.policy.
	CleanupDelete  bool
	CleanupCompact bool
	// Compression is CompressionProducer, CompressionNone or a codec's name.
	Compression        string
	GzipLevel          int
	Lz4Level           int
	ZstdLevel          int
	DeleteRetentionMs  int64
	FileDeleteDelayMs  int64
	IndexIntervalBytes int
	// MinCompactionLagMs <= MaxCompactionLagMs.
	MinCompactionLagMs     int64
	MaxCompactionLagMs     int64
	MinCleanableDirtyRatio Ratio
	MaxMessageBytes        int
	// TimestampAfterMaxMs and TimestampBeforeMaxMs bound a record's CreateTime.
	TimestampAfterMaxMs  int64
	TimestampBeforeMaxMs int64
	// LogAppendTime: records get the broker's time.
	LogAppendTime     bool
	MinInsyncReplicas int
	// RetentionBytes and RetentionMs are -1 for no bound.
	RetentionBytes        int64
	RetentionMs           int64
	SegmentBytes          int
	SegmentIndexBytes     int
	SegmentJitterMs       int64
	SegmentMs             int64
	UncleanLeaderElection bool
}

// TopicConfig returns the settings of a topic. What was set for it comes in;
// use Nothing for a topic that set nothing.
func (l Layers) TopicConfig(topic Overrides) TopicConfig {
	text := func(name string) string { return l.TopicValue(topic, name) }
	long := func(name string) int64 { return number(text(name)) }
	whole := func(name string) int { return int(number(text(name))) }
	policy := splitList(text(CleanupPolicy))
	return TopicConfig{
		CleanupDelete:          slices.Contains(policy, CleanupDelete),
		CleanupCompact:         slices.Contains(policy, CleanupCompact),
		Compression:            text(CompressionType),
		GzipLevel:              whole(CompressionGzipLevel),
		Lz4Level:               whole(CompressionLz4Level),
		ZstdLevel:              whole(CompressionZstdLevel),
		DeleteRetentionMs:      long(DeleteRetentionMs),
		FileDeleteDelayMs:      long(FileDeleteDelayMs),
		IndexIntervalBytes:     whole(IndexIntervalBytes),
		MinCompactionLagMs:     long(MinCompactionLagMs),
		MaxCompactionLagMs:     long(MaxCompactionLagMs),
		MinCleanableDirtyRatio: ratioOf(text(MinCleanableDirtyRatio)),
		MaxMessageBytes:        whole(MaxMessageBytes),
		TimestampAfterMaxMs:    long(MessageTimestampAfterMaxMs),
		TimestampBeforeMaxMs:   long(MessageTimestampBeforeMaxMs),
		LogAppendTime:          text(MessageTimestampType) == LogAppendTime,
		MinInsyncReplicas:      whole(MinInsyncReplicas),
		RetentionBytes:         max(long(RetentionBytes), -1),
		RetentionMs:            max(long(RetentionMs), -1),
		SegmentBytes:           whole(SegmentBytes),
		SegmentIndexBytes:      whole(SegmentIndexBytes),
		SegmentJitterMs:        long(SegmentJitterMs),
		SegmentMs:              long(SegmentMs),
		UncleanLeaderElection:  text(UncleanLeaderElection) == "true",
	}
}

// Node is a node's settings as they hold now, with the defaults filled in. What
// only stands in for a topic's setting is in TopicConfig.
type Node struct {
	NodeID kafka.BrokerID
	// Rack is nil when the node has none.
	Rack *string
	// Listeners are where it listens, in the order they were given. At least one.
	Listeners []Listener
	LogDir    string
	// Shards is 0 for as many as there are cores.
	Shards int
	// FlushDurable: nothing is acknowledged before it is on disk.
	FlushDurable bool

	AutoCreateTopics         bool
	DeleteTopics             bool
	NumPartitions            int32
	DefaultReplicationFactor int16

	SocketRequestMaxBytes int
	// QueuedMaxRequestBytes is -1 for no bound.
	QueuedMaxRequestBytes int64
	MaxConnections        int
	MaxConnectionsPerIP   int
	// ConnectionsMaxIdleMs is -1 for no bound.
	ConnectionsMaxIdleMs     int64
	FetchMaxBytes            int
	FetchSessionCacheSlots   int
	MaxRequestPartitions     int
	ProducerIDExpirationMs   int64
	RetentionCheckIntervalMs int64
	MetadataSnapshotBytes    int64

	// Groups is what holds for groups and committed offsets.
	Groups GroupSettings
	// Cleaner is what holds for the cleaner of compacted topics.
	Cleaner Cleaner
}

// Node returns the node's settings. Those that cannot be read together, like
// the listeners, were checked by Load: an error means that the layers did not
// come from it.
func (l Layers) Node() (Node, error) {
	text := func(name string) string {
		value, _, _ := l.BrokerValue(name)
		return value
	}
	long := func(name string) int64 { return number(text(name)) }
	listeners, err := l.listeners()
	if err != nil {
		return Node{}, err
	}
	directory, err := l.logDir()
	if err != nil {
		return Node{}, err
	}
	node := Node{
		NodeID:                   kafka.BrokerID(long(NodeID)),
		Listeners:                listeners,
		LogDir:                   directory,
		Shards:                   int(long(Shards)),
		FlushDurable:             text(FlushPolicy) == FlushDurable,
		AutoCreateTopics:         text(AutoCreateTopicsEnable) == "true",
		DeleteTopics:             text(DeleteTopicEnable) == "true",
		NumPartitions:            int32(long(NumPartitions)),
		DefaultReplicationFactor: int16(long(DefaultReplication)),
		SocketRequestMaxBytes:    int(long(SocketRequestMaxBytes)),
		QueuedMaxRequestBytes:    max(long(QueuedMaxRequestBytes), -1),
		MaxConnections:           int(long(MaxConnections)),
		MaxConnectionsPerIP:      int(long(MaxConnectionsPerIP)),
		ConnectionsMaxIdleMs:     max(long(ConnectionsMaxIdleMs), -1),
		FetchMaxBytes:            int(long(FetchMaxBytes)),
		FetchSessionCacheSlots:   int(long(FetchSessionCacheSlots)),
		MaxRequestPartitions:     int(long(MaxRequestPartitions)),
		ProducerIDExpirationMs:   long(ProducerIDExpirationMs),
		RetentionCheckIntervalMs: long(RetentionCheckMs),
		MetadataSnapshotBytes:    long(MetadataSnapshotBytes),
		Groups:                   l.GroupSettings(),
		Cleaner:                  l.cleaner(),
	}
	if rack, _, ok := l.BrokerValue(BrokerRack); ok {
		node.Rack = &rack
	}
	return node, nil
}
