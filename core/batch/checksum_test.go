package batch

import (
	"bytes"
	"encoding/binary"
	"testing"

	"odradek/core/kafka"

	"pgregory.net/rapid"
)

// large is a plain batch of about size bytes, of records that differ.
func large(t *rapid.T, size int) Batch {
	builder := NewBuilder()
	value := rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "value")
	repeat := rapid.IntRange(1, 2*besideBytes/len(value)).Draw(t, "repeat")
	for i := 0; builder.Size() < size; i++ {
		builder.Append(kafka.Timestamp(1_700_000_000_000+i%7), value[:i%len(value)],
			bytes.Repeat(value, 1+i%repeat))
	}
	return builder.Build()
}

// A stamp renews the CRC as if it had been computed anew, whatever the size.
func TestAStampRenewsTheCRC(t *testing.T) {
	if got := moved(0x12345678, 0); got != 0x12345678 {
		t.Errorf("moved by nothing: %x", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := large(t, rapid.SampledFrom([]int{100, resealMin, 5 * resealMin}).Draw(t, "size"))
		binary.BigEndian.PutUint16(b[attributesAt:], rapid.Uint16().Draw(t, "attributes"))
		b.seal()
		timestamp := kafka.Timestamp(rapid.Int64().Draw(t, "timestamp"))
		kind := TimestampType(rapid.IntRange(0, 1).Draw(t, "kind"))
		b.SetMaxTimestamp(kind, timestamp)
		if b.checksum() != b.CRC() {
			t.Fatalf("%d bytes: CRC %08x, want %08x", len(b), b.CRC(), b.checksum())
		}
		if b.TimestampType() != kind || b.MaxTimestamp() != timestamp {
			t.Fatal("the stamp is lost")
		}
	})
}

// A survey taken beside the checksum finds what one of the whole finds, and the
// checksum is the same, whatever the bytes and wherever the pieces end.
func TestASurveyBesideTheChecksumIsTheSame(t *testing.T) {
	sound := 0
	rapid.Check(t, func(t *rapid.T) {
		b := large(t, rapid.SampledFrom([]int{100, besideBytes, 3 * besideBytes}).Draw(t, "size"))
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			b[rapid.IntRange(attributesAt, len(b)-1).Draw(t, "position")] =
				rapid.Byte().Draw(t, "byte")
		}
		var beside surveyor
		beside.begin(b, b.RecordBytes())
		if got := b.checksumBeside(&beside); got != b.checksum() {
			t.Fatalf("checksum %08x, want %08x", got, b.checksum())
		}
		want, isSound := surveyPlainly(b)
		if got := beside.sound(); got != isSound || beside.survey != want {
			t.Fatalf("sound %v, %+v; want %v, %+v", got, beside.survey, isSound, want)
		}
		if isSound {
			sound++
		}
	})
	if sound == 0 {
		t.Fatal("no batch was sound")
	}
}

// surveyPlainly is a survey as it is defined: of one record after the other.
func surveyPlainly(b Batch) (s survey, sound bool) {
	s = survey{minTimestamp: noneSeen, maxTimestamp: kafka.NoTimestamp, dense: true, keyed: true}
	rest, seen := b.RecordBytes(), int32(0)
	for ; seen < b.RecordCount(); seen++ {
		shape := carefulShape(rest)
		if shape.size == 0 {
			break
		}
		timestamp := b.BaseTimestamp() + kafka.Timestamp(shape.timestampDelta)
		if timestamp != kafka.NoTimestamp {
			s.minTimestamp = min(s.minTimestamp, timestamp)
			s.maxTimestamp = max(s.maxTimestamp, timestamp)
		}
		s.dense = s.dense && shape.offsetDelta == seen
		s.keyed = s.keyed && shape.keyed
		rest = rest[shape.size:]
	}
	if s.minTimestamp == noneSeen {
		s.minTimestamp = kafka.NoTimestamp
	}
	return s, seen == b.RecordCount() && len(rest) == 0
}
