package batch

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"odradek/core/kafka"
)

// hotPaths are batches and rules that must not cost an allocation.
func hotPaths() []question {
	stamped := func(r *Rules) { r.TimestampType = LogAppendTime }
	surveyed := func(r *Rules) { r.Inspect = InspectPlain }
	producer := three(Uncompressed).Producer(4711, 3, 17).Build()
	return []question{
		{"plain", rules(), three(Uncompressed).Build()},
		{"compressed", rules(), three(LZ4).Build()},
		{"idempotent", rules(), producer},
		{"LogAppendTime", rules(stamped), three(Zstd).Build()},
		{"surveyed", rules(surveyed), three(Uncompressed).Build()},
		{"refused", rules(atMost(100)), three(Uncompressed).Build()},
	}
}

func TestTheHotPathDoesNotAllocate(t *testing.T) {
	for _, q := range hotPaths() {
		original := bytes.Clone(q.bytes)
		var v Verdict
		allocations := testing.AllocsPerRun(100, func() {
			copy(q.bytes, original)
			v = Validate(q.bytes, q.rules)
		})
		if allocations != 0 {
			t.Errorf("%s: %v allocations", q.name, allocations)
		}
		if v.Rebuilt || (v.Error != kafka.None) != (q.name == "refused") {
			t.Errorf("%s: verdict %v, rebuilt %v", q.name, v.Error, v.Rebuilt)
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	b := gapped(Uncompressed, 0, 1, 2, 3).Build()
	stream := append(bytes.Clone(b), b...)
	allocations := testing.AllocsPerRun(100, func() {
		for rest := stream; len(rest) > 0; {
			batch, next, err := Next(rest)
			if err != nil || batch.Check() != nil {
				t.Fatal("a good batch is refused")
			}
			records := batch.Records(Limits{})
			for records.Next() {
				_ = batch.Offset(records.Record())
			}
			if records.Err() != nil {
				t.Fatal(records.Err())
			}
			rest = next
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// An untouched batch is the client's bytes, not a copy, and they are as they were.
func TestAnUntouchedBatchIsTheClientsBytes(t *testing.T) {
	for codec := Uncompressed; codec <= Zstd; codec++ {
		b := three(codec).Build()
		original := bytes.Clone(b)
		v := Validate(b, rules())
		if v.Error != kafka.None || v.Rebuilt || &v.Batch[0] != &b[0] ||
			!bytes.Equal(original, v.Batch) || v.LogAppendTime != kafka.NoTimestamp {
			t.Errorf("%v: %v, rebuilt %v", codec, v.Error, v.Rebuilt)
		}
	}
}

func TestLogAppendTimeIsTold(t *testing.T) {
	v := Validate(three(LZ4).Build(), rules(logAppendTime))
	if v.LogAppendTime != casesNow || v.Batch.MaxTimestamp() != casesNow || v.Rebuilt {
		t.Errorf("told %d, stamped %d, rebuilt %v", v.LogAppendTime, v.Batch.MaxTimestamp(), v.Rebuilt)
	}
}

// A rebuilt batch must not touch what the client sent: the request may still be
// read by others.
func TestRebuildingLeavesTheClientsBytes(t *testing.T) {
	b := three(LZ4).Producer(4711, 3, 17).Transactional().Build()
	original := bytes.Clone(b)
	var codecs Codecs
	r := rules(keptAs(Gzip), logAppendTime)
	r.Codecs = &codecs
	first := Validate(b, r)
	kept := bytes.Clone(first.Batch)
	second := Validate(three(Zstd).Build(), r)
	if !bytes.Equal(original, b) || !bytes.Equal(kept, first.Batch) {
		t.Error("bytes changed that belong to others")
	}
	for _, v := range []Verdict{first, second} {
		if !v.Rebuilt || v.Batch.Check() != nil || v.Batch.Codec() != Gzip {
			t.Errorf("rebuilt %v, %v, %v", v.Rebuilt, v.Batch.Check(), v.Batch.Codec())
		}
	}
	if b := first.Batch; b.ProducerID() != 4711 || b.LastSequence() != 19 || !b.IsTransactional() {
		t.Errorf("the producer is lost: %d %d %v", b.ProducerID(), b.LastSequence(),
			b.IsTransactional())
	}
}

func TestDecompressionHasALimit(t *testing.T) {
	for codec := Gzip; codec <= Zstd; codec++ {
		b := NewBuilder().Compress(codec, DefaultLevel)
		b.Append(casesNow, []byte("k"), make([]byte, 100_000))
		r := rules(compacted)
		r.DecompressedMax = 100_000
		v := Validate(b.Build(), r)
		if v.Error != kafka.ErrMessageTooLarge {
			t.Errorf("%v: %v", codec, v.Error)
		}
		r.DecompressedMax = 100_100
		if v := Validate(b.Build(), r); v.Error != kafka.None {
			t.Errorf("%v within the limit: %v", codec, v.Error)
		}
	}
}

// The answer must not be many times as large as the request.
func TestRecordErrorsAreBounded(t *testing.T) {
	b := NewBuilder()
	for range 5000 {
		b.Append(casesNow, nil, nil)
	}
	v := Validate(b.Build(), rules(compacted))
	if v.Error != kafka.ErrInvalidRecord || len(v.RecordErrors) != recordErrorsMax {
		t.Errorf("%v with %d record errors", v.Error, len(v.RecordErrors))
	}
	if !strings.Contains(v.Message, " due to 5000 record errors ") {
		t.Error(v.Message)
	}
}

func FuzzValidate(f *testing.F) {
	for i, q := range questions() {
		f.Add(q.bytes, uint16(i))
	}
	var codecs Codecs
	f.Fuzz(func(t *testing.T, b []byte, choice uint16) {
		b = bytes.Clone(b)
		r := fuzzRules(choice, &codecs)
		if choice&1 != 0 && len(b) >= HeaderSize {
			// Most inputs would end at the CRC otherwise.
			put32(lengthAt, int32(len(b)-PrefixSize))(b)
			Batch(b).seal()
		}
		if batch, _, err := Next(b); err == nil {
			records := batch.Records(Limits{DecompressedMax: r.DecompressedMax, Codecs: &codecs})
			for records.Next() {
				_, _ = ReadControl(records.Record())
				_, _ = ReadLeaderChange(records.Record())
			}
		}
		v := Validate(b, r)
		if v.Error != kafka.None {
			return
		}
		if err := v.Batch.Check(); err != nil {
			t.Fatalf("a batch was taken that is none: %v", err)
		}
		mustHold(t, v, r)
	})
}

// fuzzRules makes rules out of bits.
func fuzzRules(choice uint16, codecs *Codecs) *Rules {
	r := rules()
	r.Codecs = codecs
	r.DecompressedMax = 1 << 20
	r.CompactedTopic = choice&2 != 0
	if choice&4 != 0 {
		r.TimestampType = LogAppendTime
	}
	r.Inspect = Inspection(choice >> 3 & 3 % 3)
	r.Compression = Compression(choice >> 5 & 7 % 6)
	r.ProduceVersion = int16(choice >> 8 & 15)
	return r
}

// mustHold is what is true of every batch that was taken.
func mustHold(t *testing.T, v Verdict, r *Rules) {
	t.Helper()
	b := v.Batch
	want := r.Compression.target(b.Codec())
	if b.BaseOffset() != 0 || b.RecordCount() != b.LastOffsetDelta()+1 || b.IsControl() ||
		len(b) > r.MaxMessageBytes || b.TimestampType() != r.TimestampType || b.Codec() != want {
		t.Fatalf("taken: %+v", b.header())
	}
	if r.Inspect != InspectAll && !r.CompactedTopic && !v.Rebuilt {
		return
	}
	next := kafka.Offset(0)
	records := b.Records(Limits{DecompressedMax: r.DecompressedMax, Codecs: r.Codecs})
	for records.Next() {
		record := records.Record()
		if b.Offset(record) != next || r.CompactedTopic && record.Key == nil {
			t.Fatalf("record %d has offset %d, key %q", next, b.Offset(record), record.Key)
		}
		next++
	}
	if records.Err() != nil || next != b.NextOffset() {
		t.Fatalf("%d of %d records: %v", next, b.NextOffset(), records.Err())
	}
}

func BenchmarkValidate(b *testing.B) {
	for _, c := range []struct {
		name    string
		codec   Codec
		size    int
		records int
		with    func(*Rules)
	}{
		{"1x100B", Uncompressed, 100, 1, func(*Rules) {}},
		{"16x1KiB", Uncompressed, 1024, 16, func(*Rules) {}},
		{"1000x1KiB", Uncompressed, 1024, 1000, func(*Rules) {}},
		{"1000x1KiB surveyed", Uncompressed, 1024, 1000,
			func(r *Rules) { r.Inspect = InspectPlain }},
		{"1000x1KiB LogAppendTime", Uncompressed, 1024, 1000, logAppendTime},
		{"1000x1KiB lz4", LZ4, 1024, 1000, func(*Rules) {}},
		{"1000x1KiB lz4 inspected", LZ4, 1024, 1000,
			func(r *Rules) { r.Inspect = InspectAll }},
		{"1000x1KiB lz4 to zstd", LZ4, 1024, 1000, keptAs(Zstd)},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			builder := NewBuilder().Compress(c.codec, DefaultLevel)
			for i := range c.records {
				line := fmt.Appendf(nil, "%d some line of a log that has words in it; ", i)
				builder.Append(casesNow, nil, bytes.Repeat(line, 1+c.size/len(line))[:c.size])
			}
			original := builder.Build()
			var codecs Codecs
			r := rules(c.with)
			r.Codecs = &codecs
			work := bytes.Clone(original)
			b.SetBytes(int64(len(original)))
			b.ReportAllocs()
			for b.Loop() {
				if r.TimestampType == LogAppendTime {
					copy(work[:HeaderSize], original)
				}
				if v := Validate(work, r); v.Error != kafka.None {
					b.Fatal(v.Error, v.Reason)
				}
			}
		})
	}
}

// BenchmarkValidateCold takes each batch from memory that has left the second
// cache, as a request's bytes have when the kernel has copied many of them.
func BenchmarkValidateCold(b *testing.B) {
	const ringBatches = 64 // of a mebibyte
	for _, c := range []struct {
		name   string
		size   int
		inject func(*Rules)
	}{
		{"header-1KiB", 1024, func(*Rules) {}},
		{"surveyed-1KiB", 1024, func(r *Rules) { r.Inspect = InspectAll }},
		{"surveyed-100B", 100, func(r *Rules) { r.Inspect = InspectAll }},
		{"surveyed-10B", 10, func(r *Rules) { r.Inspect = InspectAll }},
		{"LogAppendTime-1KiB", 1024, func(r *Rules) {
			r.Inspect, r.TimestampType = InspectAll, LogAppendTime
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			original := batchOfSize(Uncompressed, c.size)
			var ring [ringBatches]Batch
			for i := range ring {
				ring[i] = bytes.Clone(original)
			}
			r := rules(c.inject)
			b.SetBytes(int64(len(original)))
			for n := 0; b.Loop(); n++ {
				work := ring[n%ringBatches]
				copy(work[:HeaderSize], original) // what a stamp changed
				if v := Validate(work, r); v.Error != kafka.None {
					b.Fatal(v.Error, v.Reason)
				}
			}
		})
	}
}
