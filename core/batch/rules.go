package batch

import (
	"fmt"

	"odradek/core/kafka"
)

// Compression is a topic's compression.type: what its batches are kept as.
type Compression int8

// ProducerCompression keeps each batch as its producer compressed it: Kafka's
// default, and the only one that never takes a batch apart.
const ProducerCompression Compression = 0

// CompressionOf keeps every batch compressed with codec.
func CompressionOf(codec Codec) Compression { return Compression(codec) + 1 }

// ParseCompression reads a topic's compression.type.
func ParseCompression(name string) (Compression, error) {
	switch name {
	case "producer":
		return ProducerCompression, nil
	case "uncompressed", "gzip", "snappy", "lz4", "zstd":
		codec, err := ParseCodec(name)
		return CompressionOf(codec), err
	}
	return 0, fmt.Errorf("%w: %q; take producer, uncompressed, gzip, snappy, lz4 or zstd",
		ErrCodec, name)
}

// String writes what ParseCompression reads.
func (c Compression) String() string {
	switch c {
	case ProducerCompression:
		return "producer"
	case CompressionOf(Uncompressed):
		return "uncompressed"
	}
	return Codec(c - 1).String()
}

// target is the codec that a batch which came with source is kept in.
func (c Compression) target(source Codec) Codec {
	if c == ProducerCompression {
		return source
	}
	return Codec(c - 1)
}

// Rules are what a topic's configuration, the clock and the request's version
// ask of a batch that a client sends. DefaultRules has Kafka's defaults.
type Rules struct {
	// Compression is compression.type.
	Compression Compression
	// Level is compression.<codec>.level of the codec that Compression names, or
	// DefaultLevel.
	Level int
	// TimestampType is message.timestamp.type.
	TimestampType TimestampType
	// Now is the leader's wall clock.
	Now kafka.Timestamp
	// BeforeMaxMs is message.timestamp.before.max.ms: how much older than Now a
	// record may be.
	BeforeMaxMs int64
	// AfterMaxMs is message.timestamp.after.max.ms: how much newer.
	AfterMaxMs int64
	// MaxMessageBytes is max.message.bytes: the largest batch, header included,
	// both as it comes and as it is kept.
	MaxMessageBytes int
	// CompactedTopic is set where cleanup.policy has compact: records need keys.
	CompactedTopic bool
	// Inspect says how far Validate looks into records that no other rule makes
	// it look at.
	Inspect Inspection
	// DecompressedMax bounds what the records may decompress to, in bytes; 0
	// means DefaultDecompressedMax.
	DecompressedMax int
	// ProduceVersion is the version of the Produce request.
	ProduceVersion int16
	// Partition is how messages to the client name the partition: "orders-3".
	Partition string
	// Codecs is working memory to use; nil means fresh memory where it is needed.
	Codecs *Codecs
}

// Inspection is how far Validate looks beyond a batch's header of its own
// accord. Kafka always looks at all records.
type Inspection int8

const (
	// InspectHeader takes the header's word: the cost of a batch is its CRC.
	InspectHeader Inspection = iota
	// InspectPlain surveys the records of batches that are not compressed, which
	// costs about 15 ns a record.
	InspectPlain
	// InspectAll surveys all records, and decompresses batches for it: Kafka's
	// behaviour, at Kafka's price.
	InspectAll
)

// Kafka's defaults of what Rules takes from a topic's configuration.
const (
	// DefaultMaxMessageBytes is 1 MiB of records and the twelve bytes before.
	DefaultMaxMessageBytes = 1<<20 + PrefixSize
	// DefaultBeforeMaxMs lets records be as old as they like.
	DefaultBeforeMaxMs = 1<<63 - 1
	// DefaultAfterMaxMs is an hour. Source: KIP-937.
	DefaultAfterMaxMs = 60 * 60 * 1000
)

// ZstdVersionMin is the first version of Produce whose client may send zstd.
// Source: KIP-110.
const ZstdVersionMin = 7

// DefaultRules are Kafka's for a topic without configuration, at a time and for
// the newest request.
func DefaultRules(now kafka.Timestamp) Rules {
	return Rules{
		Now:             now,
		BeforeMaxMs:     DefaultBeforeMaxMs,
		AfterMaxMs:      DefaultAfterMaxMs,
		MaxMessageBytes: DefaultMaxMessageBytes,
		ProduceVersion:  ZstdVersionMin,
	}
}

// RecordError says what is wrong with one record of a batch. Source: KIP-467.
type RecordError struct {
	// Index is the record's place in its batch, from 0.
	Index int32
	// Message is for the client, in Kafka's words.
	Message string
}

// Verdict is what Validate makes of a batch.
type Verdict struct {
	// Batch is what to append, unless Error says otherwise. It aliases the
	// client's bytes unless Rebuilt is set.
	Batch Batch
	// Error is the answer to the client: None, or what is wrong.
	Error kafka.ErrorCode
	// Message is the answer's error_message. As Kafka's, it is empty unless
	// single records are at fault, or the first length or magic is impossible.
	Message string
	// Outright is set where the bytes are refused for what is not a question to
	// the log: they are not exactly one batch, or its codec is too new for the
	// request. Kafka's answer then has no log_start_offset.
	Outright bool
	// Reason says in a few words what is wrong, for the story of a run and for
	// logs; it is never sent.
	Reason string
	// RecordErrors has the records at fault, at most recordErrorsMax of them.
	RecordErrors []RecordError
	// LogAppendTime is the answer's log_append_time_ms: Now where the topic has
	// LogAppendTime, kafka.NoTimestamp otherwise.
	LogAppendTime kafka.Timestamp
	// Rebuilt is set where the records were compressed or numbered anew.
	Rebuilt bool
}
