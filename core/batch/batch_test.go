package batch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
)

func sample() batch.Batch {
	b := batch.NewBuilder().Producer(4711, 3, 17)
	b.Append(1_700_000_000_000, []byte("k"), []byte("v"))
	b.Append(1_700_000_000_001, nil, []byte("w"))
	return b.Build()
}

func TestStampingOffsetAndEpochKeepsTheChecksum(t *testing.T) {
	b := sample()
	crc := b.CRC()
	b.SetBaseOffset(1 << 40)
	b.SetLeaderEpoch(77)
	if b.BaseOffset() != 1<<40 || b.LastOffset() != 1<<40+1 || b.LeaderEpoch() != 77 {
		t.Errorf("stamped %d..%d, epoch %d", b.BaseOffset(), b.LastOffset(), b.LeaderEpoch())
	}
	if err := b.Check(); err != nil || b.CRC() != crc {
		t.Errorf("CRC was %08x, is %08x: %v", crc, b.CRC(), err)
	}
}

func TestStampingATimeRenewsTheChecksum(t *testing.T) {
	b := sample()
	before := bytes.Clone(b)
	b.SetMaxTimestamp(batch.CreateTime, b.MaxTimestamp())
	if !bytes.Equal(before, b) {
		t.Error("stamping what is there changed something")
	}
	b.SetMaxTimestamp(batch.LogAppendTime, 5)
	if b.TimestampType() != batch.LogAppendTime || b.MaxTimestamp() != 5 || b.Check() != nil {
		t.Errorf("stamped %v %d, %v", b.TimestampType(), b.MaxTimestamp(), b.Check())
	}
	b.SetMaxTimestamp(batch.CreateTime, 1_700_000_000_001)
	if !bytes.Equal(before, b) {
		t.Error("stamping back does not bring the batch back")
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for want, b := range map[string]batch.Batch{
		"a header alone has 61":   sample()[:60],
		"length field is":         append(sample(), 0),
		"magic is 1":              set(sample(), 16, 1),
		"CRC-32C is":              set(sample(), 60, 9),
		"2 records in 1 offsets":  resealed(set(sample(), 26, 0)),
		"-1 records in 2 offsets": resealed(set(sample(), 57, 0xff, 0xff, 0xff, 0xff)),
		"2 records in -1 offsets": resealed(set(sample(), 23, 0xff, 0xff, 0xff, 0xfe)),
	} {
		err := b.Check()
		if !errors.Is(err, batch.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// set changes bytes at a position.
func set(b batch.Batch, at int, value ...byte) batch.Batch {
	copy(b[at:], value)
	return b
}

// resealed makes the CRC right.
func resealed(b batch.Batch) batch.Batch {
	sum := crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(b[17:], sum)
	return b
}

func TestNextRefusesImpossibleLengths(t *testing.T) {
	for _, length := range [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x80}, {0, 0, 0, 48}, {0, 0, 0, 0}} {
		b := set(sample(), 8, length...)
		if _, rest, err := batch.Next(b); !errors.Is(err, batch.ErrCorrupt) ||
			len(rest) != len(b) {
			t.Errorf("length %x: %v, %d bytes left", length, err, len(rest))
		}
	}
	if _, _, err := batch.Next(set(sample(), 8, 0x7f, 0xff, 0xff, 0xff)); !errors.Is(err,
		batch.ErrShort) {
		t.Errorf("length 2 GiB: %v", err)
	}
}

// Compaction keeps a batch's offsets when it removes records, even all.
func TestABatchMaySpanMoreThanItsRecords(t *testing.T) {
	b := batch.NewBuilder().At(100, 7).Compress(batch.Gzip, batch.DefaultLevel).Span(9)
	for _, want := range []int32{0, 2} {
		got := b.Build()
		if err := got.Check(); err != nil {
			t.Fatal(err)
		}
		entries, err := entriesOf(got)
		if got.LastOffset() != 109 || got.RecordCount() != want || len(entries) != int(want) ||
			err != nil {
			t.Fatalf("%d records to %d, %v", got.RecordCount(), got.LastOffset(), err)
		}
		if want == 2 && got.Offset(entries[1].Record) != 107 {
			t.Errorf("the second record has offset %d", got.Offset(entries[1].Record))
		}
		b.AppendAt(3, 5, batch.Record{Key: []byte("k")})
		b.AppendAt(7, 6, batch.Record{Key: []byte("l")})
	}
}

func TestAnEmptyBuilderIsOurOwnFault(t *testing.T) {
	defer func() {
		if _, ok := recover().(*assert.Violation); !ok {
			t.Error("a batch of nothing was built")
		}
	}()
	batch.NewBuilder().Build()
}

func TestControlRecordsThatAreNone(t *testing.T) {
	for _, key := range []string{"", "\x00\x00\x00", "\xff\xff\x00\x01"} {
		if _, err := batch.ReadControl(batch.Record{Key: []byte(key)}); err == nil {
			t.Errorf("key %x was taken", key)
		}
	}
	for _, value := range []string{"", "\x00\x00\x00\x00\x00", "\xff\xff\x00\x00\x00\x01"} {
		if _, err := batch.ReadEndMarker(batch.Record{Value: []byte(value)}); err == nil {
			t.Errorf("value %x was taken", value)
		}
	}
	// Later versions are longer, and their types are skipped, not refused.
	later := batch.Record{Key: []byte{0, 1, 0, 99, 1, 2}, Value: []byte{0, 1, 0, 0, 0, 9, 8, 7}}
	kind, err := batch.ReadControl(later)
	marker, err2 := batch.ReadEndMarker(later)
	if err != nil || err2 != nil || kind.String() != "CONTROL_99" ||
		marker.CoordinatorEpoch != kafka.LeaderEpoch(9) {
		t.Errorf("%v %+v, %v %v", kind, marker, err, err2)
	}
}
