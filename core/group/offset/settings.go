package offset

import "time"

// Settings are the broker's settings of committed offsets, under Kafka's names.
type Settings struct {
	// OffsetMetadataMaxBytes is the longest metadata that is taken with an offset, in
	// characters as Java counts them (offset.metadata.max.bytes).
	OffsetMetadataMaxBytes int32
	// OffsetsRetentionMinutes is how long the offsets of a group that has become empty
	// are kept (offsets.retention.minutes).
	OffsetsRetentionMinutes int32
}

// DefaultSettings are those of Kafka.
func DefaultSettings() Settings {
	return Settings{OffsetMetadataMaxBytes: 4096, OffsetsRetentionMinutes: 7 * 24 * 60}
}

func (s Settings) retention() time.Duration {
	return time.Duration(s.OffsetsRetentionMinutes) * time.Minute
}
