package batch_test

import (
	"bytes"
	"errors"
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// entry is a record in absolute terms.
type entry struct {
	Timestamp kafka.Timestamp
	Record    batch.Record
}

func drawBytes(t *rapid.T, label string) []byte {
	switch rapid.IntRange(0, 4).Draw(t, label+" kind") {
	case 0:
		return nil
	case 1:
		// Long and repetitive, so that codecs have something to do.
		unit := rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, label+" unit")
		times := rapid.IntRange(1, 9000).Draw(t, label+" times")
		out := []byte{}
		for range times {
			out = append(out, unit...)
		}
		return out
	default:
		return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, label)
	}
}

func drawEntries(t *rapid.T) []entry {
	entries := make([]entry, rapid.IntRange(1, 12).Draw(t, "count"))
	for i := range entries {
		e := &entries[i]
		e.Timestamp = kafka.Timestamp(rapid.Int64Range(-1, 1<<42).Draw(t, "timestamp"))
		e.Record.Key, e.Record.Value = drawBytes(t, "key"), drawBytes(t, "value")
		for range rapid.IntRange(0, 3).Draw(t, "headers") {
			e.Record.Headers = append(e.Record.Headers, batch.Header{
				Key:   rapid.String().Draw(t, "header key"),
				Value: drawBytes(t, "header value"),
			})
		}
	}
	return entries
}

func drawCodec(t *rapid.T) batch.Codec {
	return batch.Codec(rapid.IntRange(0, int(batch.Zstd)).Draw(t, "codec"))
}

// working is the tests' working memory: what is reused must not show.
var working batch.Codecs

func build(codec batch.Codec, level int, entries []entry) batch.Batch {
	builder := batch.NewBuilder().Compress(codec, level).Working(&working)
	for _, e := range entries {
		builder.Append(e.Timestamp, e.Record.Key, e.Record.Value, e.Record.Headers...)
	}
	return builder.Build()
}

func entriesOf(b batch.Batch) ([]entry, error) {
	var entries []entry
	records := b.Records(batch.Limits{Codecs: &working})
	for records.Next() {
		r := records.Record()
		e := entry{Timestamp: b.Timestamp(r), Record: r}
		e.Record.TimestampDelta = 0
		entries = append(entries, e)
	}
	return entries, records.Err()
}

// whole compares fields of bytes at once, which is much faster than one by one.
var whole = cmp.Comparer(func(a, b []byte) bool {
	return (a == nil) == (b == nil) && bytes.Equal(a, b)
})

func TestWhatIsBuiltIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawEntries(t)
		b := build(drawCodec(t), rapid.IntRange(-1, 22).Draw(t, "level"), want)
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		got, err := entriesOf(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i].Record.OffsetDelta = int32(i)
		}
		if diff := cmp.Diff(want, got, whole); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAnyChangeUnderTheChecksumIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := build(drawCodec(t), batch.DefaultLevel, drawEntries(t))
		at := rapid.IntRange(17, len(b)-1).Draw(t, "position")
		b[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if err := b.Check(); !errors.Is(err, batch.ErrCorrupt) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	})
}

func TestBatchesAreCutWhereTheyEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var sizes []int
		for range rapid.IntRange(0, 4).Draw(t, "batches") {
			b := build(drawCodec(t), batch.DefaultLevel, drawEntries(t))
			stream, sizes = append(stream, b...), append(sizes, len(b))
		}
		cut := rapid.IntRange(0, len(stream)).Draw(t, "cut")
		rest, at := stream[:cut], 0
		for _, size := range sizes {
			b, next, err := batch.Next(rest)
			if at+size > cut {
				if !errors.Is(err, batch.ErrShort) {
					t.Fatalf("at %d: %v", at, err)
				}
				return
			}
			if err != nil || len(b) != size || cap(b) != size {
				t.Fatalf("at %d: %d bytes, capacity %d, %v", at, len(b), cap(b), err)
			}
			rest, at = next, at+size
		}
		if _, _, err := batch.Next(rest); !errors.Is(err, batch.ErrShort) {
			t.Fatalf("at the end: %v", err)
		}
	})
}

func TestHostileBytesAreAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := build(drawCodec(t), batch.DefaultLevel, drawEntries(t))
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			b[rapid.IntRange(12, len(b)-1).Draw(t, "position")] = rapid.Byte().Draw(t, "byte")
		}
		records := b.Records(batch.Limits{DecompressedMax: 1 << 20, Codecs: &working})
		for records.Next() {
		}
		if err := records.Err(); err != nil && !errors.Is(err, batch.ErrCorrupt) &&
			!errors.Is(err, batch.ErrTooLarge) && !errors.Is(err, batch.ErrCodec) {
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}
