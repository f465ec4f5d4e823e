package config

// Values of settings that the rest of the program compares with.
const (
	// CompressionProducer keeps batches as their producer compressed them.
	CompressionProducer = "producer"
	// CompressionNone stores batches without compression.
	CompressionNone = "uncompressed"
	// CleanupDelete drops old segments, CleanupCompact keeps the last record of
	// each key.
	CleanupDelete  = "delete"
	CleanupCompact = "compact"
	// CreateTime: records keep the time their producer gave them.
	CreateTime = "CreateTime"
	// LogAppendTime: records get the time at which they were appended.
	LogAppendTime = "LogAppendTime"
)

// Names of a topic's settings. Source: Kafka 4.3, TopicConfig.
const (
	CleanupPolicy               = "cleanup.policy"
	CompressionGzipLevel        = "compression.gzip.level"
	CompressionLz4Level         = "compression.lz4.level"
	CompressionType             = "compression.type"
	CompressionZstdLevel        = "compression.zstd.level"
	DeleteRetentionMs           = "delete.retention.ms"
	FileDeleteDelayMs           = "file.delete.delay.ms"
	FlushMessages               = "flush.messages"
	FlushMs                     = "flush.ms"
	FollowerThrottledReplicas   = "follower.replication.throttled.replicas"
	IndexIntervalBytes          = "index.interval.bytes"
	LeaderThrottledReplicas     = "leader.replication.throttled.replicas"
	LocalRetentionBytes         = "local.retention.bytes"
	LocalRetentionMs            = "local.retention.ms"
	MaxCompactionLagMs          = "max.compaction.lag.ms"
	MaxMessageBytes             = "max.message.bytes"
	MessageTimestampAfterMaxMs  = "message.timestamp.after.max.ms"
	MessageTimestampBeforeMaxMs = "message.timestamp.before.max.ms"
	MessageTimestampType        = "message.timestamp.type"
	MinCleanableDirtyRatio      = "min.cleanable.dirty.ratio"
	MinCompactionLagMs          = "min.compaction.lag.ms"
	MinInsyncReplicas           = "min.insync.replicas"
	Preallocate                 = "preallocate"
	RemoteLogCopyDisable        = "remote.log.copy.disable"
	RemoteLogDeleteOnDisable    = "remote.log.delete.on.disable"
	RemoteStorageEnable         = "remote.storage.enable"
	RetentionBytes              = "retention.bytes"
	RetentionMs                 = "retention.ms"
	SegmentBytes                = "segment.bytes"
	SegmentIndexBytes           = "segment.index.bytes"
	SegmentJitterMs             = "segment.jitter.ms"
	SegmentMs                   = "segment.ms"
	UncleanLeaderElection       = "unclean.leader.election.enable"
)

// longMax is Kafka's way to say "never" or "without bound".
const longMax = "9223372036854775807"

// follows is the common case: one synonym in the same unit.
func follows(name string) []Synonym { return []Synonym{{name, 1}} }

// topicDefinitions is ordered by name. The rows of settings that wait for a part
// of the broker which is not there yet are Inert and say so.
//
//tidy:allow package-variable a read-only table
var topicDefinitions = [...]Definition{
	{Name: CleanupPolicy, Type: List, Default: CleanupDelete, Importance: Medium,
		check:    listOf(CleanupCompact, CleanupDelete),
		Synonyms: follows("log.cleanup.policy"),
		Doc: "What becomes of old segments: \"delete\" drops them by age and size, \"compact\" keeps" +
			" the last record of every key, and both together do both. An empty list keeps everything." +
			" Records of a compacted topic must have keys."},
	{Name: CompressionGzipLevel, Type: Int, Default: "-1", Importance: Medium,
		check:    withinOr(limits{1, 9}, -1),
		Synonyms: follows(CompressionGzipLevel),
		Doc: "How hard gzip tries when compression.type is gzip: 1 is fast, 9 is small, -1 leaves the" +
			" choice to the codec."},
	{Name: CompressionLz4Level, Type: Int, Default: "9", Importance: Medium,
		check:    within(limits{1, 17}),
		Synonyms: follows(CompressionLz4Level),
		Doc:      "How hard lz4 tries when compression.type is lz4: 1 is fast, 17 is small."},
	{Name: CompressionType, Type: String, Default: CompressionProducer, Importance: Medium,
		check:    either(CompressionNone, "zstd", "lz4", "snappy", "gzip", CompressionProducer),
		Synonyms: follows(CompressionType),
		Doc: "How batches are compressed in the log. \"producer\" stores them as they came; any codec," +
			" or \"uncompressed\", makes the broker convert batches that are compressed otherwise."},
	{Name: CompressionZstdLevel, Type: Int, Default: "3", Importance: Medium,
		check:    within(limits{-131072, 22}),
		Synonyms: follows(CompressionZstdLevel),
		Doc: "How hard zstd tries when compression.type is zstd: 22 is smallest, negative levels are" +
			" fastest."},
	{Name: DeleteRetentionMs, Type: Long, Default: "86400000", Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.cleaner.delete.retention.ms"),
		Doc: "For how many milliseconds a compacted topic keeps the marks of deleted keys, so that a" +
			" reader who began at the start still learns of the deletion."},
	{Name: FileDeleteDelayMs, Type: Long, Default: "60000", Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.segment.delete.delay.ms"),
		Doc: "For how many milliseconds a segment that was dropped keeps its files, renamed, for" +
			" readers who are in the middle of them."},
	{Name: FlushMessages, Type: Long, Default: longMax, Importance: Medium, Inert: true,
		check:    least(1),
		Synonyms: follows("log.flush.interval.messages"),
		Doc: "Kafka flushes a log after so many messages. Here it has no effect: with flush.policy" +
			" durable every acknowledged message is flushed already, and with background the flushing" +
			" goes on in small steady steps."},
	{Name: FlushMs, Type: Long, Default: longMax, Importance: Medium, Inert: true,
		check:    least(0),
		Synonyms: []Synonym{{"log.flush.interval.ms", 1}, {"log.flush.scheduler.interval.ms", 1}},
		Doc: "Kafka flushes a log after so many milliseconds. Here it has no effect, for the same" +
			" reason as flush.messages."},
	{Name: FollowerThrottledReplicas, Type: List, Importance: Medium, Inert: true,
		check: check{kind: throttledReplicas},
		Doc: "Which replicas are throttled as followers: \"*\" for all, or a list of" +
			" partition:broker. It is kept for tools and has no effect while a cluster is one node."},
	{Name: IndexIntervalBytes, Type: Int, Default: "4096", Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.index.interval.bytes"),
		Doc: "After how many bytes of log the offset index gets another entry. Fewer bytes make reads" +
			" start closer to their offset and the index larger."},
	{Name: LeaderThrottledReplicas, Type: List, Importance: Medium, Inert: true,
		check: check{kind: throttledReplicas},
		Doc: "Which replicas are throttled as leaders: \"*\" for all, or a list of partition:broker." +
			" It is kept for tools and has no effect while a cluster is one node."},
	{Name: LocalRetentionBytes, Type: Long, Default: "-2", Importance: Medium, Inert: true,
		check:    least(-2),
		Synonyms: follows("log.local.retention.bytes"),
		Doc: "How many bytes of a partition stay on this disk when the rest is in remote storage; -2" +
			" follows retention.bytes. It has no effect: there is no remote storage."},
	{Name: LocalRetentionMs, Type: Long, Default: "-2", Importance: Medium, Inert: true,
		check:    least(-2),
		Synonyms: follows("log.local.retention.ms"),
		Doc: "For how many milliseconds segments stay on this disk when the rest is in remote storage;" +
			" -2 follows retention.ms. It has no effect: there is no remote storage."},
	{Name: MaxCompactionLagMs, Type: Long, Default: longMax, Importance: Medium,
		check:    least(1),
		Synonyms: follows("log.cleaner.max.compaction.lag.ms"),
		Doc:      "After how many milliseconds at most a record of a compacted topic may be compacted."},
	{Name: MaxMessageBytes, Type: Int, Default: "1048588", Importance: Medium,
		check:    least(0),
		Synonyms: follows("message.max.bytes"),
		Doc:      "The largest batch that may be written, in bytes as stored, so after compression."},
	{Name: MessageTimestampAfterMaxMs, Type: Long, Default: "3600000", Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.message.timestamp.after.max.ms"),
		Doc: "How many milliseconds a record's time may lie after the broker's clock when" +
			" message.timestamp.type is CreateTime; batches with a later one are refused."},
	{Name: MessageTimestampBeforeMaxMs, Type: Long, Default: longMax, Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.message.timestamp.before.max.ms"),
		Doc: "How many milliseconds a record's time may lie before the broker's clock when" +
			" message.timestamp.type is CreateTime; batches with an earlier one are refused."},
	{Name: MessageTimestampType, Type: String, Default: CreateTime, Importance: Medium,
		check:    either(CreateTime, LogAppendTime),
		Synonyms: follows("log.message.timestamp.type"),
		Doc: "Whose clock a record's time is from: CreateTime is the producer's, LogAppendTime the" +
			" broker's."},
	{Name: MinCleanableDirtyRatio, Type: Double, Default: "0.5", Importance: Medium,
		check:    within(limits{0, 1}),
		Synonyms: follows("log.cleaner.min.cleanable.ratio"),
		Doc: "Which part of a compacted log must be new before it is compacted again, between 0" +
			" and 1: a lower ratio wastes less space and does more work."},
	{Name: MinCompactionLagMs, Type: Long, Default: "0", Importance: Medium,
		check:    least(0),
		Synonyms: follows("log.cleaner.min.compaction.lag.ms"),
		Doc:      "For how many milliseconds at least a record of a compacted topic stays as it is."},
	{Name: MinInsyncReplicas, Type: Int, Default: "1", Importance: Medium,
		check:    least(1),
		Synonyms: follows(MinInsyncReplicas),
		Doc: "How many replicas must be in sync for a write with acks=all to be taken. With fewer it" +
			" is refused with NOT_ENOUGH_REPLICAS."},
	{Name: Preallocate, Type: Boolean, Default: "false", Importance: Medium, Inert: true,
		Synonyms: follows("log.preallocate"),
		Doc: "Kafka reserves a segment's bytes when it makes the file. Here it has no effect: the" +
			" journal is reserved ahead always, segments never."},
	{Name: RemoteLogCopyDisable, Type: Boolean, Default: "false", Importance: Medium, Inert: true,
		Doc: "Stops copying segments to remote storage. It has no effect: there is no remote storage."},
	{Name: RemoteLogDeleteOnDisable, Type: Boolean, Default: "false", Importance: Medium, Inert: true,
		Doc: "Deletes what is in remote storage when that is switched off. It has no effect: there is" +
			" no remote storage."},
	{Name: RemoteStorageEnable, Type: Boolean, Default: "false", Importance: Medium, Inert: true,
		Doc: "Keeps old segments in remote storage. Only false is taken: there is no remote storage."},
	{Name: RetentionBytes, Type: Long, Default: "-1", Importance: Medium,
		Synonyms: follows("log.retention.bytes"),
		Doc: "How many bytes a partition may have before its oldest segments are dropped, when" +
			" cleanup.policy has delete; -1 is without bound."},
	{Name: RetentionMs, Type: Long, Default: "604800000", Importance: Medium,
		check: least(-1),
		Synonyms: []Synonym{{"log.retention.ms", 1}, {"log.retention.minutes", minuteMs},
			{"log.retention.hours", hourMs}},
		Doc: "How many milliseconds old a segment's newest record may be before the segment is" +
			" dropped, when cleanup.policy has delete; -1 is forever."},
	{Name: SegmentBytes, Type: Int, Default: "1073741824", Importance: Medium,
		check:    least(1 << 20),
		Synonyms: follows("log.segment.bytes"),
		Doc: "How many bytes a segment may have before the next one is begun. Retention drops whole" +
			" segments."},
	{Name: SegmentIndexBytes, Type: Int, Default: "10485760", Importance: Medium,
		check:    least(4),
		Synonyms: follows("log.index.size.max.bytes"),
		Doc:      "How many bytes a segment's offset index may have before the next segment is begun."},
	{Name: SegmentJitterMs, Type: Long, Default: "0", Importance: Medium,
		check:    least(0),
		Synonyms: []Synonym{{"log.roll.jitter.ms", 1}, {"log.roll.jitter.hours", hourMs}},
		Doc: "By how many milliseconds at most a segment is ended early, at random, so that many" +
			" partitions do not end theirs at once."},
	{Name: SegmentMs, Type: Long, Default: "604800000", Importance: Medium,
		check:    least(1),
		Synonyms: []Synonym{{"log.roll.ms", 1}, {"log.roll.hours", hourMs}},
		Doc: "After how many milliseconds a segment is ended even if it is not full, so that retention" +
			" can drop it."},
	{Name: UncleanLeaderElection, Type: Boolean, Default: "false", Importance: Medium,
		Synonyms: follows(UncleanLeaderElection),
		Doc: "Whether a replica that is not in sync may become leader when no other is left. Records" +
			" that were acknowledged can be lost by it."},
}
