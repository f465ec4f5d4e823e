package batch

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// drawRecord writes a record with numbers that need not be true.
func drawRecord(t *rapid.T) []byte {
	r := Record{
		Attributes:     int8(rapid.IntRange(0, 127).Draw(t, "attributes")),
		OffsetDelta:    rapid.Int32().Draw(t, "offset"),
		TimestampDelta: rapid.Int64().Draw(t, "timestamp"),
	}
	for _, field := range []*[]byte{&r.Key, &r.Value} {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
		case 1:
			*field = make([]byte, rapid.IntRange(0, 20000).Draw(t, "length"))
		default:
			*field = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "headers") {
		r.Headers = append(r.Headers, Header{Key: "h", Value: r.Value})
	}
	return appendRecord(nil, r)
}

// The quick way of reading a record may give up, but may not see another record
// than the careful one, on whatever bytes.
func TestQuickShapeAgreesWithCarefulShape(t *testing.T) {
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		b := drawRecord(t)
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "behind")...)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, min(len(b)-1, 40)).Draw(t, "position")
			b[at] = rapid.Byte().Draw(t, "byte")
		}
		got, want := quickShape(b), carefulShape(b)
		if got.size == 0 {
			return
		}
		quick++
		if got != want {
			t.Fatalf("quick %+v, careful %+v of %x", got, want, b)
		}
	})
	if quick == 0 {
		t.Fatal("the quick way never took a record")
	}
}

// batchOfSize makes a plain batch of about a mebibyte.
func batchOfSize(codec Codec, valueBytes int) Batch {
	builder := NewBuilder().Compress(codec, DefaultLevel)
	value := make([]byte, valueBytes)
	for i := range value {
		value[i] = byte(i * i >> 3)
	}
	for builder.Size()+valueBytes+32 < DefaultMaxMessageBytes {
		builder.Append(1_700_000_000_000, nil, value)
	}
	return builder.Build()
}

func BenchmarkSurvey(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			batch := batchOfSize(Uncompressed, size)
			count := batch.RecordCount()
			for range b.N {
				var s surveyor
				s.begin(batch, batch.RecordBytes())
				if s.walk(len(s.records)); !s.sound() {
					b.Fatal("sound records were found unsound")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count),
				"ns/record")
		})
	}
}
