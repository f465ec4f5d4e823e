package batch

import (
	"encoding/binary"
	"fmt"

	"odradek/core/kafka"
)

// Validate holds what a client wants appended to one partition to the rules,
// and says what to append. It is the only way for a client's bytes into a log.
//
// records must be exactly one batch of format 2; an incomplete one behind it is
// dropped, as Kafka does. A batch that passes is returned as it came, with no
// allocation and after one pass over its bytes, the CRC's, beside which records
// that are not compressed are looked at, unless the rules need more:
// LogAppendTime stamps it in place, in records itself, and another codec or
// offsets with gaps mean that it is built anew.
//
// What is wrong is answered with Kafka's code for it:
//
//	INVALID_RECORD                no batch, more than one, another format; base
//	                              offset not 0; counts that contradict each other;
//	                              a control batch; a producer without a sequence;
//	                              records that cannot be read; no key where the
//	                              topic is compacted (with RecordErrors)
//	CORRUPT_MESSAGE               lengths or CRC wrong
//	MESSAGE_TOO_LARGE             more than MaxMessageBytes, or decompresses to
//	                              more than DecompressedMax
//	UNSUPPORTED_COMPRESSION_TYPE  zstd before Produce version 7; no such codec
//	INVALID_TIMESTAMP             out of bounds, or marked LogAppendTime by the
//	                              client (with RecordErrors)
//
// Where this differs from Kafka, which reads all records of every batch:
//
//   - Unless Inspect says so, or the topic is compacted, or the batch has to be
//     rebuilt, the header is believed: that there are as many records as it
//     says, well-formed, with offsets without gaps, and that none is newer than
//     maxTimestamp or, where the topic sets BeforeMaxMs, older than the first.
//     What the header itself shows to be out of bounds or contradictory is
//     looked at record by record, so nothing is refused that Kafka takes, and
//     every record at fault is named.
//   - Offsets with gaps are closed by building the batch anew. Kafka stores them
//     in a plain batch, and fails with UNKNOWN_SERVER_ERROR on a compressed one
//     unless it is to be recompressed anyway.
//   - A client's LogAppendTime is refused everywhere. Kafka drops the mark and
//     takes the batch if the topic has CreateTime.
//   - A compressed record whose length is not that of its fields is refused;
//     Kafka stores it, and consumers fail on it.
//   - Records that do not decompress are INVALID_RECORD, codecs that do not exist
//     UNSUPPORTED_COMPRESSION_TYPE; Kafka has UNKNOWN_SERVER_ERROR for both.
//
// validate_kafka_test.go holds this list to Kafka's own answers.
//
// Source: Kafka 4.3, ProduceRequest, UnifiedLog and LogValidator; KIP-467.
func Validate(records []byte, r *Rules) (v Verdict) {
	v.LogAppendTime = kafka.NoTimestamp
	b, f := cutOnly(records, r.ProduceVersion)
	if f.code != kafka.None {
		v.refuse(f)
		v.Outright, v.Message = true, firstFault(records)
		return v
	}
	if f = checkPlace(b, r); f.code != kafka.None {
		v.refuse(f)
		return v
	}
	codec, target := b.Codec(), r.Compression.target(b.Codec())
	looks := r.inspects(codec) || target != codec || r.CompactedTopic || doubtful(b, r)
	var s surveyor
	var sum uint32
	if looks && codec == Uncompressed {
		s.begin(b, b.RecordBytes())
		sum = b.checksumBeside(&s)
	} else {
		sum = b.checksum()
	}
	if f = checkHeader(b, sum); f.code != kafka.None {
		v.refuse(f)
		return v
	}
	if looks {
		v.judge(b, &s, target, r)
	} else {
		v.accept(b, r)
	}
	return v
}

// inspects reports whether records of batches with codec are to be surveyed
// though nothing else asks for it.
func (r *Rules) inspects(codec Codec) bool {
	return r.Inspect == InspectAll || r.Inspect == InspectPlain && codec == Uncompressed
}

// fault is what is wrong with a whole batch. The zero fault is none.
type fault struct {
	code   kafka.ErrorCode
	reason string
}

// refuse makes the verdict that of a fault.
func (v *Verdict) refuse(f fault) { v.Error, v.Reason = f.code, f.reason }

// accept makes the verdict that of a batch that is kept: with the leader's time
// where the topic asks for it.
func (v *Verdict) accept(b Batch, r *Rules) {
	v.Batch = b
	if r.TimestampType == LogAppendTime {
		b.SetMaxTimestamp(LogAppendTime, r.Now)
		v.LogAppendTime = r.Now
	}
}

// cutOnly cuts the one batch off that records must hold.
func cutOnly(records []byte, version int16) (Batch, fault) {
	size, code := firstSize(records)
	switch {
	case code != kafka.None:
		return nil, fault{code, "the first length or magic is impossible"}
	case size == 0:
		return nil, fault{kafka.ErrInvalidRecord, "there is no whole batch"}
	case records[magicAt] != MagicV2:
		return nil, fault{kafka.ErrInvalidRecord, "the batch is not of format 2"}
	case size < HeaderSize:
		return nil, fault{kafka.ErrCorruptMessage, "the batch is shorter than its header"}
	}
	b, rest := Batch(records[:size:size]), records[size:]
	if version < ZstdVersionMin && b.Codec() == Zstd {
		return nil, fault{kafka.ErrUnsupportedCompressionType,
			"zstd needs a newer version of Produce"}
	}
	switch size, code := firstSize(rest); {
	case code != kafka.None:
		return nil, fault{code, "the second length or magic is impossible"}
	case size != 0:
		return nil, fault{kafka.ErrInvalidRecord, "there is more than one batch"}
	}
	return b, fault{}
}

// legacySizeMin is the least that the length field of any format can say; less
// is not the incomplete end of something but nonsense.
const legacySizeMin = 14

// firstSize is the size of the first whole batch of b, or 0 if there is none.
// Any of the three formats counts here, so that the answer is about the format
// where that is what is wrong.
func firstSize(b []byte) (int, kafka.ErrorCode) {
	if len(b) < PrefixSize {
		return 0, kafka.None
	}
	length := int64(int32(binary.BigEndian.Uint32(b[lengthAt:])))
	if length < legacySizeMin {
		return 0, kafka.ErrCorruptMessage
	}
	if len(b) <= magicAt {
		return 0, kafka.None
	}
	if b[magicAt] > MagicV2 {
		return 0, kafka.ErrCorruptMessage
	}
	if PrefixSize+length > int64(len(b)) {
		return 0, kafka.None
	}
	return int(PrefixSize + length), kafka.None
}

// firstFault tells the client in Kafka's words why the first length or magic is
// impossible, if it is.
func firstFault(b []byte) string {
	if _, code := firstSize(b); code == kafka.None {
		return ""
	}
	length := int32(binary.BigEndian.Uint32(b[lengthAt:]))
	if length < legacySizeMin {
		return fmt.Sprintf("Record size %d is less than the minimum record overhead (%d)",
			length, legacySizeMin)
	}
	return fmt.Sprintf("Invalid magic found in record: %d", int8(b[magicAt]))
}

// checkPlace asks what is asked before the CRC.
func checkPlace(b Batch, r *Rules) fault {
	switch {
	case b.BaseOffset() != 0:
		return fault{kafka.ErrInvalidRecord, "a client's base offset is not 0"}
	case len(b) > r.MaxMessageBytes:
		return fault{kafka.ErrMessageTooLarge, "the batch is larger than max.message.bytes"}
	}
	return fault{}
}

// checkHeader asks of the header, and of the CRC that was computed, what can be
// asked without a look at the records. The order of the questions is Kafka's.
func checkHeader(b Batch, sum uint32) fault {
	switch {
	case sum != b.CRC():
		return fault{kafka.ErrCorruptMessage, "the CRC does not match"}
	case !b.Codec().Valid():
		return fault{kafka.ErrUnsupportedCompressionType, "there is no such codec"}
	}
	count, delta := b.RecordCount(), b.LastOffsetDelta()
	switch {
	case delta < 0 || count <= 0 || int64(count) != int64(delta)+1:
		return fault{kafka.ErrInvalidRecord, "the record count contradicts the last offset"}
	case b.IsControl():
		return fault{kafka.ErrInvalidRecord, "a client may not write control records"}
	case b.ProducerID() > kafka.NoProducerID && b.BaseSequence() < 0:
		return fault{kafka.ErrInvalidRecord, "a producer's batch has no sequence"}
	}
	return fault{}
}

// doubtful reports whether the header's timestamps give cause to look at the
// records' one by one: some are out of bounds, or they contradict each other.
func doubtful(b Batch, r *Rules) bool {
	if b.TimestampType() == LogAppendTime {
		return true
	}
	if r.TimestampType == LogAppendTime {
		return false // whatever they are, they are overwritten
	}
	oldest, newest := b.BaseTimestamp(), b.MaxTimestamp()
	return newest < max(oldest, kafka.NoTimestamp) ||
		r.refusesTimestamp(newest) || r.refusesTimestamp(oldest)
}

// refusesTimestamp reports whether a record's timestamp is out of the topic's
// bounds. Differences wrap as Kafka's do.
func (r *Rules) refusesTimestamp(timestamp kafka.Timestamp) bool {
	if timestamp == kafka.NoTimestamp {
		return false
	}
	age := int64(r.Now - timestamp)
	return age > r.BeforeMaxMs || -age > r.AfterMaxMs
}
