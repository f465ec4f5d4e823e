package log

import "math"

// FlushPolicy says when an append counts as flushed.
type FlushPolicy uint8

const (
	// Durable: an append is flushed once the journal has committed it. It
	// survives the loss of power.
	Durable FlushPolicy = 0
	// Background: an append is flushed once it is in the page cache, at the end
	// of the turn, as in Kafka. It survives the end of the process; power loss may cut the
	// log's end off.
	Background FlushPolicy = 1
)

// Config is what a topic's configuration says of its logs. Names are Kafka's.
type Config struct {
	// SegmentBytes is segment.bytes: a segment is rolled before it is longer.
	SegmentBytes int64
	// SegmentMs is segment.ms: a segment is rolled when its first record is
	// older than this, by the records' timestamps.
	SegmentMs int64
	// SegmentJitterMs is segment.jitter.ms: up to so much less, at random, so
	// that the segments of many partitions are not rolled all at once.
	SegmentJitterMs int64
	// SegmentIndexBytes is segment.index.bytes: a segment whose index is full
	// is rolled.
	SegmentIndexBytes int64
	// IndexIntervalBytes is index.interval.bytes: about one index entry for so
	// many bytes.
	IndexIntervalBytes int64
	// RetentionBytes is retention.bytes; -1 means no limit.
	RetentionBytes int64
	// RetentionMs is retention.ms; -1 means no limit.
	RetentionMs int64
	// Delete is whether cleanup.policy has delete: without it retention does
	// not apply.
	Delete bool
	// Compact is whether cleanup.policy has compact: a Cleaner keeps the newest
	// record of each key.
	Compact bool
	// DirtyRatioMin is min.cleanable.dirty.ratio in millionths: a log is compacted
	// when more of it than this part is new.
	DirtyRatioMin int64
	// DeleteRetentionMs is delete.retention.ms: how long a tombstone stays, from when
	// a compaction first finds it to be its key's newest record.
	DeleteRetentionMs int64
	// MinCompactionLagMs is min.compaction.lag.ms: a segment with a newer record stays
	// as it is.
	MinCompactionLagMs int64
	// MaxCompactionLagMs is max.compaction.lag.ms: a log with an older record that was
	// not compacted yet is compacted, however little of it is new.
	MaxCompactionLagMs int64
	// FileDeleteDelayMs is file.delete.delay.ms: how long the files of a
	// segment outlive it, for those who are still reading them.
	FileDeleteDelayMs int64
	// ProducerExpirationMs is producer.id.expiration.ms.
	ProducerExpirationMs int64
	// FlushPolicy is flush.policy. It is fixed while a log is open.
	FlushPolicy FlushPolicy
}

// DefaultConfig is Kafka's configuration of a topic that says nothing.
func DefaultConfig() Config {
	return Config{
		SegmentBytes:         1 << 30,
		SegmentMs:            7 * 24 * 3600 * 1000,
		SegmentIndexBytes:    10 << 20,
		IndexIntervalBytes:   4096,
		RetentionBytes:       -1,
		RetentionMs:          7 * 24 * 3600 * 1000,
		Delete:               true,
		DirtyRatioMin:        500_000,
		DeleteRetentionMs:    24 * 3600 * 1000,
		MaxCompactionLagMs:   math.MaxInt64,
		FileDeleteDelayMs:    60_000,
		ProducerExpirationMs: 24 * 3600 * 1000,
	}
}

// rollMs is after how long a segment is rolled: a compacted log rolls early enough for
// its records to be compacted in time. Source: KIP-354.
func (c *Config) rollMs() int64 {
	if c.Compact && c.MaxCompactionLagMs > 0 {
		return min(c.SegmentMs, c.MaxCompactionLagMs)
	}
	return c.SegmentMs
}
