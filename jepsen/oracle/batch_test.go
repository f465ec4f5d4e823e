package oracle

import (
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// build evaluates a script's batch(...).
func build(t *testing.T, source string) []byte {
	t.Helper()
	parsed, err := parseValue(source)
	if err != nil {
		t.Fatal(err)
	}
	value, err := parsed.eval(&scope{topic: func(s string) string { return s }})
	if err != nil {
		t.Fatal(err)
	}
	return value.([]byte)
}

// TestBatchIsKafkas has kmsg, which shares no code with this package, read a batch.
func TestBatchIsKafkas(t *testing.T) {
	content := build(t, `batch(base=7, pid=9, epoch=2, seq=5, ts=1000, "a", "k"="v"@-3,
		{Key: null, Value: "", Headers: [["h", null]]})`)
	var batch kmsg.RecordBatch
	if err := batch.ReadFrom(content); err != nil {
		t.Fatal(err)
	}
	sum := crc32.Checksum(content[batchCRCFrom:], crc32.MakeTable(crc32.Castagnoli))
	want := kmsg.RecordBatch{FirstOffset: 7, Length: int32(len(content) - 12),
		PartitionLeaderEpoch: -1, Magic: 2,
		CRC: int32(sum), LastOffsetDelta: 2, FirstTimestamp: 1000, MaxTimestamp: 1002,
		ProducerID: 9, ProducerEpoch: 2, FirstSequence: 5, NumRecords: 3, Records: batch.Records}
	if diff := cmp.Diff(want, batch); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var second kmsg.Record
	if err := second.ReadFrom(batch.Records[batch.Records[0]/2+1:]); err != nil {
		t.Fatal(err)
	}
	if string(second.Key) != "k" || string(second.Value) != "v" || second.TimestampDelta64 != -3 {
		t.Errorf("second record %+v", second)
	}
}

func TestBatchIsDescribed(t *testing.T) {
	n := newNormaliser("test-", nil)
	for _, codec := range append(codecNames[:], "rawsnappy") {
		got := strings.Join(n.describeBatches(build(t, `batch(codec=`+codec+
			`, ts=1600000000000, "k"="v", null, {Value: "x", Headers: [["h", "1"]], Attributes: 4})`)), "\n")
		name, size := " "+strings.TrimPrefix(codec, "raw"), ""
		if codec == "none" {
			name, size = "", " bytes 89"
		}
		want := `- batch 0..2 leaderEpoch -1` + name + ` baseTimestamp 1600000000000` +
			` maxTimestamp 1600000000002 records 3` + size + `
  - +0 @+0 "k" = "v"
  - +1 @+1 null = null
  - +2 @+2 attributes 0x4 null = "x" [h: "1"]`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s -want +got\n%s", codec, diff)
		}
	}
}

func TestLiesAreTold(t *testing.T) {
	n := newNormaliser("test-", nil)
	for _, c := range []struct{ source, want string }{
		{`batch("a", crc=1)`, "WRONG CRC"},
		{`batch("a", count=2)`, "records do not fill the batch"},
		{`batch("a", magic=9)`, "magic 9"},
		{`batch(codec=gzip, "a", payload=bytes("junk"))`, "not decompressed"},
		{`batch("a", flags=0x78)`, "LogAppendTime transactional control deleteHorizon"},
		{`batch("a", attributes=5)`, "codec 5"},
		{`batch("a", length=20)`, "a batch of 32 bytes"},
		{`batch(ts=1700000000000, "a")`, "baseTimestamp <now>"},
	} {
		got := strings.Join(n.describeBatches(build(t, c.source)), "\n")
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.source, got)
		}
	}
}

func TestDescribingNeverPanics(t *testing.T) {
	good := build(t, `batch(codec=snappy, "some", "records")`) // the codec that is unframed inside
	rapid.Check(t, func(t *rapid.T) {
		content := append([]byte{}, good...)
		for range rapid.IntRange(0, 6).Draw(t, "edits") {
			content[rapid.IntRange(0, len(content)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		content = content[:rapid.IntRange(0, len(content)).Draw(t, "length")]
		newNormaliser("test-", nil).describeBatches(content)
	})
}
