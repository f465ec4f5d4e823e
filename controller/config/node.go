package config

// Values of a node's own settings.
const (
	// FlushDurable: nothing is acknowledged before it is on disk.
	FlushDurable = "durable"
	// FlushBackground: what is acknowledged reaches the disk a little later, as
	// with Apache Kafka.
	FlushBackground = "background"
)

// Names of those of a node's settings that the program asks for by name.
// Source: Kafka 4.3, except Shards and FlushPolicy, which are ours.
const (
	AdvertisedListeners     = "advertised.listeners"
	AutoCreateTopicsEnable  = "auto.create.topics.enable"
	BrokerRack              = "broker.rack"
	CleanerBackoffMs        = "log.cleaner.backoff.ms"
	CleanerDedupeBufferSize = "log.cleaner.dedupe.buffer.size"
	CleanerEnable           = "log.cleaner.enable"
	CleanerLoadFactor       = "log.cleaner.io.buffer.load.factor"
	CleanerIOBufferSize     = "log.cleaner.io.buffer.size"
	CleanerIOBytesPerSecond = "log.cleaner.io.max.bytes.per.second"
	ConnectionsMaxIdleMs    = "connections.max.idle.ms"
	DefaultReplication      = "default.replication.factor"
	DeleteTopicEnable       = "delete.topic.enable"
	FetchMaxBytes           = "fetch.max.bytes"
	FlushPolicy             = "flush.policy"
	ControllerListenerNames = "controller.listener.names"
	ListenerProtocolMap     = "listener.security.protocol.map"
	Listeners               = "listeners"
	LogDir                  = "log.dir"
	LogDirs                 = "log.dirs"
	MaxConnections          = "max.connections"
	MaxConnectionsPerIP     = "max.connections.per.ip"
	FetchSessionCacheSlots  = "max.incremental.fetch.session.cache.slots"
	MaxRequestPartitions    = "max.request.partition.size.limit"
	MetadataSnapshotBytes   = "metadata.log.max.record.bytes.between.snapshots"
	NodeID                  = "node.id"
	NumPartitions           = "num.partitions"
	ProducerIDExpirationMs  = "producer.id.expiration.ms"
	QueuedMaxRequestBytes   = "queued.max.request.bytes"
	RetentionCheckMs        = "log.retention.check.interval.ms"
	Shards                  = "shards"
	SocketRequestMaxBytes   = "socket.request.max.bytes"
)

// shardsMax bounds the loops of a node: more than any machine has cores.
const shardsMax = 1024

// offsetsTopicPartitionsMax bounds the partitions of __consumer_offsets: the
// records that make them, the topic and its three settings are written together,
// and the controller writes at most 10,000 records together.
const offsetsTopicPartitionsMax = 10_000 - 4

// nodeDefinitions is ordered by name.
//
//tidy:allow package-variable a read-only table
var nodeDefinitions = [...]Definition{
	{Name: AdvertisedListeners, Type: List, Unset: true, Importance: High,
		Doc: "What clients are told to connect to, as NAME://host:port for each listener, when it" +
			" differs from where the node listens: behind a proxy or in a container. Not set: the" +
			" listeners themselves."},
	{Name: AutoCreateTopicsEnable, Type: Boolean, Default: "true", Importance: High,
		Doc: "Whether a topic that a client asks for and nobody made comes into being, with" +
			" num.partitions and default.replication.factor."},
	{Name: BrokerRack, Type: String, Unset: true, Importance: Medium,
		Doc: "The rack or zone the node stands in: replicas are spread over racks, and clients may" +
			" prefer their own. Not set: none."},
	{Name: CompressionGzipLevel, Type: Int, Default: "-1", Importance: Medium, Update: ClusterWide,
		check: withinOr(limits{1, 9}, -1),
		Doc:   "The compression.gzip.level of topics that have none of their own."},
	{Name: CompressionLz4Level, Type: Int, Default: "9", Importance: Medium, Update: ClusterWide,
		check: within(limits{1, 17}),
		Doc:   "The compression.lz4.level of topics that have none of their own."},
	{Name: CompressionType, Type: String, Default: CompressionProducer, Importance: High,
		Update: ClusterWide,
		check:  either(CompressionNone, "zstd", "lz4", "snappy", "gzip", CompressionProducer),
		Doc:    "The compression.type of topics that have none of their own."},
	{Name: CompressionZstdLevel, Type: Int, Default: "3", Importance: Medium, Update: ClusterWide,
		check: within(limits{-131072, 22}),
		Doc:   "The compression.zstd.level of topics that have none of their own."},
	{Name: ConnectionsMaxIdleMs, Type: Long, Default: "600000", Importance: Medium,
		Doc: "After how many milliseconds without a request a connection is closed; -1 is never."},
	{Name: ControllerListenerNames, Type: List, Unset: true, Importance: High,
		Doc: "Which of the listeners are Kafka's for its controllers. They are not opened: this" +
			" node's controller is part of it and needs none."},
	{Name: DefaultReplication, Type: Int, Default: "1", Importance: Medium,
		check: least(1),
		Doc:   "How many replicas a topic gets that does not say."},
	{Name: DeleteTopicEnable, Type: Boolean, Default: "true", Importance: High,
		Doc: "Whether topics may be deleted at all."},
	{Name: FetchMaxBytes, Type: Int, Default: "57671680", Importance: Medium,
		check: least(1024),
		Doc:   "How many bytes of records one fetch is answered with at most, whatever it asks for."},
	{Name: FlushPolicy, Type: String, Default: FlushDurable, Importance: High,
		check: either(FlushDurable, FlushBackground),
		Doc: "When a write is acknowledged. \"durable\": when it is on disk, so that not even a loss" +
			" of power loses it. \"background\": when the operating system has it, as Apache Kafka does."},
	{Name: ConsumerAssignmentIntervalMs, Type: Int, Default: "1000", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "How many milliseconds pass at least between two assignments of one consumer group, so" +
			" that members who come together are assigned together; 0 makes one for every change."},
	{Name: ConsumerAssignors, Type: List, Default: AssignorUniform + "," + AssignorRange,
		Importance: Medium,
		check:      someOf(AssignorUniform, AssignorRange),
		Doc: "Which assignors the members of a consumer group may choose from; the first is for those" +
			" that choose none. \"uniform\" spreads partitions evenly, \"range\" gives equal numbers of" +
			" several topics to one member. Kafka also takes Java classes; here they are refused."},
	{Name: ConsumerHeartbeatIntervalMs, Type: Int, Default: "5000", Importance: Medium,
		check: least(1),
		Doc: "Every how many milliseconds a member of a consumer group is told to send a heartbeat," +
			" if its group has no consumer.heartbeat.interval.ms of its own."},
	{Name: ConsumerMaxAssignmentIntervalMs, Type: Int, Default: "15000", Importance: Medium,
		check: least(0),
		Doc:   "The largest consumer.assignment.interval.ms that a group may have."},
	{Name: ConsumerMaxHeartbeatIntervalMs, Type: Int, Default: "15000", Importance: Medium,
		check: least(1),
		Doc:   "The largest consumer.heartbeat.interval.ms that a group may have."},
	{Name: ConsumerMaxSessionTimeoutMs, Type: Int, Default: "60000", Importance: Medium,
		check: least(1),
		Doc:   "The largest consumer.session.timeout.ms that a group may have."},
	{Name: ConsumerMaxSize, Type: Int, Default: "2147483647", Importance: Medium,
		check: least(1),
		Doc: "How many members a consumer group has at most; a further one is refused. For classic" +
			" groups see group.max.size."},
	{Name: ConsumerMigrationPolicy, Type: String, Default: "bidirectional", Importance: Medium,
		check: eitherAnyCase("DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"),
		Doc: "Whether a group that has members may change its protocol while they stay: \"upgrade\"" +
			" from classic to consumer, \"downgrade\" back, \"bidirectional\" both, \"disabled\" neither." +
			" A group without members may always."},
	{Name: ConsumerMinAssignmentIntervalMs, Type: Int, Default: "0", Importance: Medium,
		check: least(0),
		Doc:   "The smallest consumer.assignment.interval.ms that a group may have."},
	{Name: ConsumerMinHeartbeatIntervalMs, Type: Int, Default: "5000", Importance: Medium,
		check: least(1),
		Doc:   "The smallest consumer.heartbeat.interval.ms that a group may have."},
	{Name: ConsumerMinSessionTimeoutMs, Type: Int, Default: "45000", Importance: Medium,
		check: least(1),
		Doc:   "The smallest consumer.session.timeout.ms that a group may have."},
	{Name: ConsumerRegexRefreshIntervalMs, Type: Int, Default: "600000", Importance: Medium,
		check: least(10_000),
		Doc: "After how many milliseconds a consumer group's subscription by pattern is matched with" +
			" the topics again, though none came or went."},
	{Name: ConsumerSessionTimeoutMs, Type: Int, Default: "45000", Importance: Medium,
		check: least(1),
		Doc: "After how many milliseconds without a heartbeat a member of a consumer group is taken" +
			" for gone, if its group has no consumer.session.timeout.ms of its own."},
	{Name: "group.coordinator.append.linger.ms", Type: Int, Default: "-1", Importance: Medium,
		Inert: true, check: least(-1),
		Doc: "Kafka's coordinator waits so many milliseconds for more to write. Here it has no effect:" +
			" what comes while the disk is busy is flushed together, and nothing waits otherwise."},
	{Name: GroupRebalanceProtocols, Type: List, Default: ProtocolClassic + "," + ProtocolConsumer,
		Importance: Medium,
		check:      someOf(ProtocolConsumer, ProtocolClassic, protocolShare, protocolStreams),
		Idle:       []string{protocolShare, protocolStreams},
		Doc: "Which protocols of groups are served. \"classic\" always must be; without \"consumer\"" +
			" clients fall back or end with an error. \"share\" and \"streams\" may be named and have no" +
			" effect: this broker does not coordinate such groups."},
	{Name: GroupInitialRebalanceDelayMs, Type: Int, Default: "3000", Importance: Medium,
		check: least(0),
		Doc: "For how many milliseconds a new classic group waits for more members before its first" +
			" assignment."},
	{Name: GroupMaxSessionTimeoutMs, Type: Int, Default: "1800000", Importance: Medium,
		check: least(0),
		Doc: "The longest session time-out in milliseconds that a member of a classic group may ask" +
			" for; a longer one is refused."},
	{Name: GroupMaxSize, Type: Int, Default: "2147483647", Importance: Medium,
		check: least(1),
		Doc: "How many members a classic group has at most; a further one is refused. For consumer" +
			" groups see group.consumer.max.size."},
	{Name: GroupMinSessionTimeoutMs, Type: Int, Default: "6000", Importance: Medium,
		check: least(0),
		Doc: "The shortest session time-out in milliseconds that a member of a classic group may ask" +
			" for; a shorter one is refused."},
	{Name: ListenerProtocolMap, Type: String, Importance: Low,
		Default: "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
		Doc: "Which security protocol each listener name speaks, as NAME:PROTOCOL, separated by" +
			" commas. A listener can only be opened with PLAINTEXT."},
	{Name: Listeners, Type: List, Default: "PLAINTEXT://127.0.0.1:9092", Importance: High,
		FixedHere: "this node opens its listeners when it starts: set it where the node is started," +
			" and start it again",
		check: check{kind: notEmpty},
		Doc: "Where the node listens, as NAME://host:port, separated by commas. An empty host or" +
			" 0.0.0.0 is every address of the machine; port 0 is any free one."},
	{Name: CleanerBackoffMs, Type: Long, Default: "15000", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "For how many milliseconds the cleaner of compacted topics sleeps when no log is to be" +
			" compacted."},
	{Name: CleanerDedupeBufferSize, Type: Long, Default: "134217728", Importance: Medium,
		Update: ClusterWide,
		Doc: "The memory for the keys of logs that are being compacted, in bytes, 24 for a key. The" +
			" shards have equal parts of it. When the new keys of a log do not fit, it is compacted in" +
			" several passes."},
	{Name: "log.cleaner.delete.retention.ms", Type: Long, Default: "86400000", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "The delete.retention.ms of topics that have none of their own."},
	{Name: CleanerEnable, Type: Boolean, Default: "true", Importance: Medium,
		Doc: "Whether compacted topics are compacted. Without it they grow forever."},
	{Name: CleanerLoadFactor, Type: Double, Default: "0.9", Importance: Medium,
		Update: ClusterWide,
		Doc: "Up to which part log.cleaner.dedupe.buffer.size is filled, between 0 and 1: a fuller" +
			" one holds more keys and takes longer to search."},
	{Name: CleanerIOBufferSize, Type: Int, Default: "524288", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "How many bytes of logs that are being compacted are read at a time, by all shards" +
			" together. A batch that is larger is read whole."},
	{Name: CleanerIOBytesPerSecond, Type: Double, Default: "1.7976931348623157E308",
		Importance: Medium, Update: ClusterWide,
		Doc: "How many bytes are read and written in a second for compaction. The shards have equal" +
			" parts of it. Less than one counts as one."},
	{Name: "log.cleaner.max.compaction.lag.ms", Type: Long, Default: longMax, Importance: Medium,
		Update: ClusterWide, check: least(1),
		Doc: "The max.compaction.lag.ms of topics that have none of their own."},
	{Name: "log.cleaner.min.cleanable.ratio", Type: Double, Default: "0.5", Importance: Medium,
		Update: ClusterWide, check: within(limits{0, 1}),
		Doc: "The min.cleanable.dirty.ratio of topics that have none of their own."},
	{Name: "log.cleaner.min.compaction.lag.ms", Type: Long, Default: "0", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "The min.compaction.lag.ms of topics that have none of their own."},
	{Name: "log.cleanup.policy", Type: List, Default: CleanupDelete, Importance: Medium,
		Update: ClusterWide, check: listOf(CleanupCompact, CleanupDelete),
		Doc: "The cleanup.policy of topics that have none of their own."},
	{Name: LogDir, Type: List, Default: "odradek-data", Importance: High,
		check: check{kind: notEmpty},
		Doc:   "The directory that holds all of the node's data, when log.dirs is not set."},
	{Name: LogDirs, Type: List, Unset: true, Importance: High,
		Doc: "The directory that holds all of the node's data. Kafka takes several; a node here has" +
			" one. Not set: log.dir."},
	{Name: "log.flush.interval.messages", Type: Long, Default: longMax, Importance: High, Inert: true,
		Update: ClusterWide, check: least(1),
		Doc: "Has no effect, see flush.messages; flush.policy says when writes reach the disk."},
	{Name: "log.flush.interval.ms", Type: Long, Unset: true, Importance: High, Inert: true,
		Update: ClusterWide,
		Doc:    "Has no effect, see flush.messages; flush.policy says when writes reach the disk."},
	{Name: "log.flush.scheduler.interval.ms", Type: Long, Default: longMax, Importance: High,
		Inert: true,
		Doc:   "Has no effect, see flush.messages; flush.policy says when writes reach the disk."},
	{Name: "log.index.interval.bytes", Type: Int, Default: "4096", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "The index.interval.bytes of topics that have none of their own."},
	{Name: "log.index.size.max.bytes", Type: Int, Default: "10485760", Importance: Medium,
		Update: ClusterWide, check: least(4),
		Doc: "The segment.index.bytes of topics that have none of their own."},
	{Name: "log.local.retention.bytes", Type: Long, Default: "-2", Importance: Medium, Inert: true,
		Update: ClusterWide, check: least(-2),
		Doc: "Has no effect: there is no remote storage."},
	{Name: "log.local.retention.ms", Type: Long, Default: "-2", Importance: Medium, Inert: true,
		Update: ClusterWide, check: least(-2),
		Doc: "Has no effect: there is no remote storage."},
	{Name: "log.message.timestamp.after.max.ms", Type: Long, Default: "3600000", Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "The message.timestamp.after.max.ms of topics that have none of their own."},
	{Name: "log.message.timestamp.before.max.ms", Type: Long, Default: longMax, Importance: Medium,
		Update: ClusterWide, check: least(0),
		Doc: "The message.timestamp.before.max.ms of topics that have none of their own."},
	{Name: "log.message.timestamp.type", Type: String, Default: CreateTime, Importance: Medium,
		Update: ClusterWide, check: either(CreateTime, LogAppendTime),
		Doc: "The message.timestamp.type of topics that have none of their own."},
	{Name: "log.preallocate", Type: Boolean, Default: "false", Importance: Medium, Inert: true,
		Update: ClusterWide,
		Doc:    "Has no effect, see preallocate."},
	{Name: "log.retention.bytes", Type: Long, Default: "-1", Importance: High, Update: ClusterWide,
		Doc: "The retention.bytes of topics that have none of their own."},
	{Name: RetentionCheckMs, Type: Long, Default: "300000", Importance: Medium,
		check: least(1),
		Doc:   "Every how many milliseconds the node looks for segments to drop."},
	{Name: "log.retention.hours", Type: Int, Default: "168", Importance: High,
		Doc: "The retention.ms of topics that have none of their own, in hours, when neither" +
			" log.retention.ms nor log.retention.minutes is set; -1 is forever."},
	{Name: "log.retention.minutes", Type: Int, Unset: true, Importance: High,
		Doc: "The retention.ms of topics that have none of their own, in minutes, when" +
			" log.retention.ms is not set. Not set: log.retention.hours."},
	{Name: "log.retention.ms", Type: Long, Unset: true, Importance: High, Update: ClusterWide,
		Synonyms: []Synonym{{"log.retention.minutes", minuteMs}, {"log.retention.hours", hourMs}},
		Doc: "The retention.ms of topics that have none of their own; -1 is forever. Not set:" +
			" log.retention.minutes, then log.retention.hours."},
	{Name: "log.roll.hours", Type: Int, Default: "168", Importance: High,
		check: least(1),
		Doc: "The segment.ms of topics that have none of their own, in hours, when log.roll.ms is" +
			" not set."},
	{Name: "log.roll.jitter.hours", Type: Int, Default: "0", Importance: High,
		check: least(0),
		Doc: "The segment.jitter.ms of topics that have none of their own, in hours, when" +
			" log.roll.jitter.ms is not set."},
	{Name: "log.roll.jitter.ms", Type: Long, Unset: true, Importance: High, Update: ClusterWide,
		Synonyms: []Synonym{{"log.roll.jitter.hours", hourMs}},
		Doc: "The segment.jitter.ms of topics that have none of their own. Not set:" +
			" log.roll.jitter.hours."},
	{Name: "log.roll.ms", Type: Long, Unset: true, Importance: High, Update: ClusterWide,
		Synonyms: []Synonym{{"log.roll.hours", hourMs}},
		Doc:      "The segment.ms of topics that have none of their own. Not set: log.roll.hours."},
	{Name: "log.segment.bytes", Type: Int, Default: "1073741824", Importance: High,
		Update: ClusterWide, check: least(1 << 20),
		Doc: "The segment.bytes of topics that have none of their own."},
	{Name: "log.segment.delete.delay.ms", Type: Long, Default: "60000", Importance: High,
		Update: ClusterWide, check: least(0),
		Doc: "The file.delete.delay.ms of topics that have none of their own."},
	{Name: MaxConnections, Type: Int, Default: "2147483647", Importance: Medium,
		Update: ClusterWide,
		check:  least(1),
		Doc: "How many connections the node keeps at once; a further one is closed at once. Changed" +
			" while it runs, it holds for those that come; those that are open stay."},
	{Name: MaxConnectionsPerIP, Type: Int, Default: "2147483647", Importance: Medium,
		Update: ClusterWide,
		check:  least(0),
		Doc: "How many connections from one address the node keeps at once, as max.connections for" +
			" all together."},
	{Name: FetchSessionCacheSlots, Type: Int, Default: "1000", Importance: Medium,
		check: least(0),
		Doc: "How many incremental fetch sessions the node remembers. Clients beyond that send whole" +
			" requests."},
	{Name: MaxRequestPartitions, Type: Int, Default: "2000", Importance: Medium,
		check: least(1),
		Doc:   "How many partitions one answer to DescribeTopicPartitions holds at most."},
	{Name: "message.max.bytes", Type: Int, Default: "1048588", Importance: High, Update: ClusterWide,
		check: least(0),
		Doc:   "The max.message.bytes of topics that have none of their own."},
	{Name: MetadataSnapshotBytes, Type: Long, Default: "20971520", Importance: High,
		check: least(1),
		Doc: "After how many bytes of metadata records a snapshot is written, from which the next" +
			" start goes on."},
	{Name: MinInsyncReplicas, Type: Int, Default: "1", Importance: High, Update: ClusterWide,
		check: least(1),
		Doc:   "The min.insync.replicas of topics that have none of their own."},
	{Name: NodeID, Type: Int, Default: "1", Importance: High,
		check: least(0),
		Doc:   "The number of this node in its cluster. It must stay the same as long as its data."},
	{Name: NumPartitions, Type: Int, Default: "1", Importance: Medium,
		check: least(1),
		Doc:   "How many partitions a topic gets that does not say."},
	{Name: OffsetMetadataMaxBytes, Type: Int, Default: "4096", Importance: High,
		check: least(0),
		Doc:   "How many bytes of text may be committed with an offset."},
	{Name: OffsetsCommitTimeoutMs, Type: Int, Default: "5000", Importance: High,
		check: least(1),
		Doc: "After how many milliseconds a commit of offsets, or any other write of a group's" +
			" coordinator, is answered with an error if it is not durable yet."},
	{Name: OffsetsRetentionCheckIntervalMs, Type: Long, Default: "600000", Importance: High,
		check: least(1),
		Doc:   "Every how many milliseconds the node looks for committed offsets to drop."},
	{Name: OffsetsRetentionMinutes, Type: Int, Default: "10080", Importance: High,
		check: least(1),
		Doc: "For how many minutes a committed offset is kept after its group lost its last member, or" +
			" after the commit if the group does not subscribe to its topic."},
	{Name: OffsetsTopicCompressionCodec, Type: Int, Default: "0", Importance: High,
		check: within(limits{0, 4}),
		Doc: "How the coordinator compresses what it writes to __consumer_offsets: 0 not at all, 1" +
			" gzip, 2 snappy, 3 lz4, 4 zstd."},
	{Name: OffsetsTopicNumPartitions, Type: Int, Default: "50", Importance: High,
		check: within(limits{1, offsetsTopicPartitionsMax}),
		Doc: "How many partitions __consumer_offsets gets when it is made. Groups are spread over" +
			" them, so it must not grow later."},
	{Name: OffsetsTopicReplicationFactor, Type: Short, Default: "1", Importance: High,
		check: least(1),
		Doc: "How many replicas __consumer_offsets gets when it is made. Kafka's default is 3; here it" +
			" is 1 while a cluster is one node, since with more the topic could not be made at all."},
	{Name: OffsetsTopicSegmentBytes, Type: Int, Default: "104857600", Importance: High,
		check: least(1 << 20),
		Doc: "The segment.bytes that __consumer_offsets gets when it is made: smaller ones are" +
			" compacted sooner and loaded faster."},
	{Name: ProducerIDExpirationMs, Type: Int, Default: "86400000", Importance: Low,
		Update: ClusterWide, check: least(1),
		Doc: "After how many milliseconds without a write the node forgets an idempotent producer."},
	{Name: QueuedMaxRequestBytes, Type: Long, Default: "-1", Importance: Medium,
		Doc: "How many bytes of requests that are not answered yet the node holds at once; beyond" +
			" that it stops reading. -1 is without bound."},
	{Name: Shards, Type: Int, Default: "0", Importance: High,
		check: within(limits{0, shardsMax}),
		Doc: "How many event loops the node runs, each with its own partitions and connections. 0 is" +
			" one for each core."},
	{Name: SocketRequestMaxBytes, Type: Int, Default: "104857600", Importance: Medium,
		check: least(1),
		Doc:   "The largest request in bytes; a larger one closes its connection."},
	{Name: UncleanLeaderElection, Type: Boolean, Default: "false", Importance: High,
		Update: ClusterWide,
		Doc:    "The unclean.leader.election.enable of topics that have none of their own."},
}
