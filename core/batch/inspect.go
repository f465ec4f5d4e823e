package batch

import (
	"errors"
	"fmt"
	"strings"

	"odradek/core/kafka"
)

// recordErrorsMax bounds the records that an answer names: a batch can hold
// records of seven bytes, and each error takes a hundred in the answer.
const recordErrorsMax = 1000

// errorsShown is how many record errors are repeated in the answer's message.
const errorsShown = 3

// plainKeptMax bounds the memory for decompressed records that is kept for the
// next batch; few batches are larger.
const plainKeptMax = 4 << 20

// rebuildMax bounds the plain records of a batch that is built anew, in bytes:
// other numbers in them and a codec's worst case still fit a batch's length.
const rebuildMax = 1 << 30

// judge finishes Validate for a batch whose records have to be looked at: by the
// topic's rules, because the header gives cause, or because they are to be
// compressed with target. Of records that are plain the survey was taken.
func (v *Verdict) judge(b Batch, s *surveyor, target Codec, r *Rules) {
	codecs := r.Codecs
	if codecs == nil {
		codecs = new(Codecs)
	}
	if b.Codec() != Uncompressed {
		plain, f := codecs.plainRecords(b, r.DecompressedMax)
		if f.code != kafka.None {
			v.refuse(f)
			return
		}
		s.begin(b, plain)
		s.walk(len(plain))
	}
	if !s.sound() {
		v.refuse(fault{kafka.ErrInvalidRecord, "the records are not what the header says"})
		return
	}
	if s.suspicious(b, r) && v.refuseRecords(b, s.records, r) {
		return
	}
	if s.dense && target == b.Codec() {
		if r.TimestampType == CreateTime {
			b.SetMaxTimestamp(CreateTime, s.maxTimestamp)
		}
		v.accept(b, r)
		return
	}
	if len(s.records) > rebuildMax {
		v.refuse(fault{kafka.ErrMessageTooLarge, "the batch is too large to be built anew"})
		return
	}
	rebuilt := codecs.rebuild(b, s.records, &s.survey, target, r)
	if len(rebuilt) > r.MaxMessageBytes {
		v.refuse(fault{kafka.ErrMessageTooLarge,
			"the batch is larger than max.message.bytes once it is compressed anew"})
		return
	}
	v.accept(rebuilt, r)
	v.Rebuilt = true
}

// plainRecords decompresses a batch's records. They are valid until the next
// call.
func (c *Codecs) plainRecords(b Batch, maxBytes int) ([]byte, fault) {
	if maxBytes == 0 {
		maxBytes = DefaultDecompressedMax
	}
	plain, err := c.decompress(c.plain[:0], b.Codec(), b.RecordBytes(), maxBytes)
	if c.plain = plain; cap(plain) > plainKeptMax {
		c.plain = nil
	}
	switch {
	case err == nil:
		return plain, fault{}
	case errors.Is(err, ErrTooLarge):
		return nil, fault{kafka.ErrMessageTooLarge, "the records decompress to too much"}
	}
	return nil, fault{kafka.ErrInvalidRecord, "the records do not decompress"}
}

// suspicious reports whether some record may be against the rules, so that each
// has to be looked at for itself.
func (s *survey) suspicious(b Batch, r *Rules) bool {
	if r.CompactedTopic && !s.keyed || b.TimestampType() == LogAppendTime {
		return true
	}
	return r.TimestampType == CreateTime &&
		(r.refusesTimestamp(s.minTimestamp) || r.refusesTimestamp(s.maxTimestamp))
}

// refuseRecords looks at each record, and refuses the batch if one is against
// the rules. plain has been surveyed, so that its records are known to be sound.
func (v *Verdict) refuseRecords(b Batch, plain []byte, r *Rules) (refused bool) {
	var found []RecordError
	code, total := kafka.None, 0
	for i := range b.RecordCount() {
		body, rest, err := recordFrame(plain)
		if err != nil {
			break
		}
		plain = rest
		wrong := judgeRecord(b, body, r)
		if wrong == noFault {
			continue
		}
		if total++; total <= recordErrorsMax {
			found = append(found, RecordError{i, wrong.message(b, body, r)})
		}
		// One wrong timestamp decides what the batch is refused for.
		if code != kafka.ErrInvalidTimestamp {
			code = wrong.code()
		}
	}
	if code == kafka.None {
		return false
	}
	v.refuse(fault{code, "some records are against the topic's rules"})
	v.RecordErrors = found
	v.Message = "One or more records have been rejected due to invalid timestamp"
	if code == kafka.ErrInvalidRecord {
		v.Message = summary(found, total)
	}
	return true
}

// recordFault is what a record can be refused for.
type recordFault int8

const (
	noFault recordFault = iota
	noKey
	timestampOutOfBounds
	markedLogAppendTime
)

func (f recordFault) code() kafka.ErrorCode {
	if f == noKey {
		return kafka.ErrInvalidRecord
	}
	return kafka.ErrInvalidTimestamp
}

// judgeRecord finds the first fault of a record.
func judgeRecord(b Batch, body []byte, r *Rules) recordFault {
	record := readShape(body)
	switch {
	case r.CompactedTopic && !record.keyed:
		return noKey
	case b.TimestampType() == LogAppendTime:
		return markedLogAppendTime
	case r.TimestampType == CreateTime && r.refusesTimestamp(timestampAt(b, record)):
		return timestampOutOfBounds
	}
	return noFault
}

// timestampAt is what a record's timestamp reads as.
func timestampAt(b Batch, s shape) kafka.Timestamp {
	return b.Timestamp(Record{TimestampDelta: s.timestampDelta})
}

// message tells the client of the fault in Kafka's words, which some clients
// show to their users and some tools look for.
func (f recordFault) message(b Batch, body []byte, r *Rules) string {
	record := readShape(body)
	timestamp := timestampAt(b, record)
	switch f {
	case noKey:
		return "Compacted topic cannot accept message without key in topic partition " +
			r.Partition
	case markedLogAppendTime:
		// Kafka names the class that it reads records with: another one where it
		// skips keys and values, which has -1 for null.
		keyBytes, valueBytes := fieldLengths(body)
		class, least := "DefaultRecord", 0
		if b.Codec() != Uncompressed && r.Compression.target(b.Codec()) == b.Codec() {
			class, least = "PartialDefaultRecord", -1
		}
		return fmt.Sprintf("Invalid timestamp type in message %s(offset=%d, timestamp=%d, "+
			"key=%d bytes, value=%d bytes). Producer should not set timestamp type to "+
			"LogAppendTime.", class, record.offsetDelta, timestamp,
			max(keyBytes, least), max(valueBytes, least))
	}
	return fmt.Sprintf("Timestamp %d of message with offset %d is out of range. "+
		"The timestamp should be within [%d, %d]", timestamp, record.offsetDelta,
		int64(r.Now)-r.BeforeMaxMs, int64(r.Now)+r.AfterMaxMs)
}

// fieldLengths are the lengths of a record's key and value, -1 for null.
func fieldLengths(body []byte) (key, value int) {
	c := cursor{b: body}
	c.int8()
	c.varint64()
	c.varint32()
	lengths := [2]int{}
	for i := range lengths {
		if field := c.bytes(); field != nil {
			lengths[i] = len(field)
		} else {
			lengths[i] = -1
		}
	}
	return lengths[0], lengths[1]
}

// summary is the message for the batch as a whole, in Kafka's words.
func summary(found []RecordError, total int) string {
	shown := make([]string, 0, errorsShown)
	for _, e := range found[:min(len(found), errorsShown)] {
		shown = append(shown, fmt.Sprintf("RecordError(batchIndex=%d, message=%s)",
			e.Index, quoted(e.Message)))
	}
	return fmt.Sprintf("One or more records have been rejected due to %d record errors in "+
		"total, and only showing the first three errors at most: [%s]",
		total, strings.Join(shown, ", "))
}

func quoted(message string) string { return "'" + message + "'" }
