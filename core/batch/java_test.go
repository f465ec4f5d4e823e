package batch_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
)

// javaBatches reads what Kafka's own classes built; testdata/KafkaOracle.java
// says how.
func javaBatches(t *testing.T) (names []string, batches []batch.Batch) {
	t.Helper()
	text, err := os.ReadFile("testdata/java.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), "|")
		raw, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		b, rest, err := batch.Next(raw)
		if err != nil || len(rest) != 0 {
			t.Fatalf("%s: %d bytes behind, %v", name, len(rest), err)
		}
		if err := b.Check(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names, batches = append(names, name), append(batches, b)
	}
	return names, batches
}

// javaBatch is the one of a name.
func javaBatch(t *testing.T, name string) batch.Batch {
	t.Helper()
	names, batches := javaBatches(t)
	for i := range names {
		if names[i] == name {
			return batches[i]
		}
	}
	t.Fatalf("there is no batch %q", name)
	return nil
}

// javaEntries are the records that KafkaOracle.java puts into batches.
func javaEntries() []entry {
	entries := []entry{
		{1700000000000, batch.Record{Key: []byte("key"), Value: []byte("value")}},
		{1700000000005, batch.Record{}},
		{1699999999999, batch.Record{Key: []byte{}, Value: []byte{},
			Headers: []batch.Header{{Key: "h", Value: []byte("key")}, {}}}},
		{1700000000001, batch.Record{Value: bytes.Repeat([]byte("0123456789"), 500)}},
	}
	for i := range entries {
		entries[i].Record.OffsetDelta = int32(i)
	}
	return entries
}

// summaryOf is all of a batch's header, as text.
func summaryOf(b batch.Batch) string {
	return fmt.Sprintf("%d..%d next %d epoch %d %v %v transactional %v control %v horizon %v "+
		"time %d..%d producer %d/%d sequence %d..%d count %d",
		b.BaseOffset(), b.LastOffset(), b.NextOffset(), b.LeaderEpoch(), b.Codec(),
		b.TimestampType(), b.IsTransactional(), b.IsControl(), b.HasDeleteHorizon(),
		b.BaseTimestamp(), b.MaxTimestamp(), b.ProducerID(), b.ProducerEpoch(),
		b.BaseSequence(), b.LastSequence(), b.RecordCount())
}

func TestJavasBatchesAreRead(t *testing.T) {
	for codec := batch.Uncompressed; codec <= batch.Zstd; codec++ {
		for kind, producer := range map[string]string{
			"":               "transactional false control false horizon false " + times + none,
			" idempotent":    "transactional false control false horizon false " + times + wraps,
			" transactional": "transactional true control false horizon false " + times + seven,
		} {
			name := codec.String() + kind
			b := javaBatch(t, name)
			want := fmt.Sprintf("0..3 next 4 epoch -1 %v CreateTime %s count 4", codec, producer)
			if diff := cmp.Diff(want, summaryOf(b)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			got, err := entriesOf(b)
			if diff := cmp.Diff(javaEntries(), got); diff != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		}
	}
}

const (
	times = "time 1700000000000..1700000000005 "
	none  = "producer -1/-1 sequence -1..-1"
	wraps = "producer 4711/3 sequence 2147483646..1"
	seven = "producer 4711/3 sequence 7..10"
)

// A plain batch has only one form, so it is the same byte by byte.
func TestPlainBatchesAreWhatJavaBuilds(t *testing.T) {
	for name, builder := range map[string]*batch.Builder{
		"none":               batch.NewBuilder(),
		"none idempotent":    batch.NewBuilder().Producer(4711, 3, 1<<31-2),
		"none transactional": batch.NewBuilder().Producer(4711, 3, 7).Transactional(),
	} {
		for _, e := range javaEntries() {
			builder.Append(e.Timestamp, e.Record.Key, e.Record.Value, e.Record.Headers...)
		}
		if diff := cmp.Diff([]byte(javaBatch(t, name)), []byte(builder.Build())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLogAppendTimeIsStampedAsJavaDoes(t *testing.T) {
	want := javaBatch(t, "log append time")
	builder := batch.NewBuilder().At(20, 9)
	for _, e := range javaEntries()[:3] {
		builder.Append(e.Timestamp, e.Record.Key, e.Record.Value, e.Record.Headers...)
	}
	got := builder.Build()
	got.SetMaxTimestamp(batch.LogAppendTime, 1700000000077)
	if diff := cmp.Diff([]byte(want), []byte(got)); diff != "" {
		t.Error(diff)
	}
	entries, err := entriesOf(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Timestamp != 1700000000077 {
			t.Errorf("record %d has time %d", e.Record.OffsetDelta, e.Timestamp)
		}
	}
}

func TestControlBatchesAreWhatJavaBuilds(t *testing.T) {
	const now = kafka.Timestamp(1700000000000)
	marker := batch.EndMarker{CoordinatorEpoch: 77}
	for name, got := range map[string]batch.Batch{
		"ABORT":  batch.BuildEndMarker(batch.Abort, marker, 4711, 3, now),
		"COMMIT": batch.BuildEndMarker(batch.Commit, marker, 4711, 3, now),
	} {
		got.SetBaseOffset(12)
		got.SetLeaderEpoch(9)
		if diff := cmp.Diff([]byte(javaBatch(t, name)), []byte(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		records := got.Records(batch.Limits{})
		for records.Next() {
			kind, err := batch.ReadControl(records.Record())
			read, err2 := batch.ReadEndMarker(records.Record())
			if err != nil || err2 != nil || kind.String() != name || read != marker {
				t.Errorf("%s: read as %v %+v, %v %v", name, kind, read, err, err2)
			}
		}
	}
}

func TestMetadataControlBatchesAreWhatJavaBuilds(t *testing.T) {
	one, two := batch.VoterID{ID: 1}, batch.VoterID{ID: 2}
	change := batch.LeaderChangeMessage{Leader: 1,
		Voters: []batch.VoterID{one, two}, GrantingVoters: []batch.VoterID{one}}
	header := batch.SnapshotHeaderRecord{LastContainedLogTimestamp: 1699999999999}
	version := batch.KRaftVersionRecord{KRaftVersion: 1}
	for kind, value := range map[batch.ControlType][]byte{
		batch.LeaderChange:   change.Append(nil),
		batch.SnapshotHeader: header.Append(nil),
		batch.SnapshotFooter: batch.SnapshotFooterRecord{}.Append(nil),
		batch.KRaftVersion:   version.Append(nil),
	} {
		builder := batch.NewBuilder().Control().At(12, 9)
		if kind == batch.SnapshotHeader {
			builder.At(0, 9)
		}
		builder.AppendControl(1700000000000, kind, value)
		if diff := cmp.Diff([]byte(javaBatch(t, kind.String())), []byte(builder.Build())); diff != "" {
			t.Errorf("%v: %s", kind, diff)
		}
	}
	record := func(kind batch.ControlType) batch.Record {
		records := javaBatch(t, kind.String()).Records(batch.Limits{})
		if !records.Next() {
			t.Fatal(records.Err())
		}
		return records.Record()
	}
	if got, err := batch.ReadLeaderChange(record(batch.LeaderChange)); err != nil ||
		!cmp.Equal(got, change) {
		t.Errorf("leader change read as %+v, %v", got, err)
	}
	if got, err := batch.ReadSnapshotHeader(record(batch.SnapshotHeader)); err != nil ||
		got != header {
		t.Errorf("snapshot header read as %+v, %v", got, err)
	}
	if got, err := batch.ReadKRaftVersion(record(batch.KRaftVersion)); err != nil || got != version {
		t.Errorf("kraft version read as %+v, %v", got, err)
	}
}

func TestLeaderChangeOfVersion1(t *testing.T) {
	want := batch.LeaderChangeMessage{Version: 1, Leader: 3,
		Voters:         []batch.VoterID{{ID: 3, Directory: kafka.TopicID{1, 2, 3}}},
		GrantingVoters: []batch.VoterID{}}
	value := want.Append(nil)
	got, err := batch.ReadLeaderChange(batch.Record{Value: value})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	for cut := range value {
		if _, err := batch.ReadLeaderChange(batch.Record{Value: value[:cut]}); err == nil {
			t.Errorf("%d of %d bytes were enough", cut, len(value))
		}
	}
	// A tagged field that is not known is skipped.
	tagged := append(value[:len(value)-1:len(value)-1], 1, 200, 1, 2, 'x', 'y')
	if got, err := batch.ReadLeaderChange(batch.Record{Value: tagged}); err != nil ||
		!cmp.Equal(want, got) {
		t.Errorf("with a tagged field: %+v, %v", got, err)
	}
}
