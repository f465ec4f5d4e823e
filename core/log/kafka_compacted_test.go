package log_test

import (
	"os"
	"slices"
	"testing"

	"odradek/core/batch"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// testdata/kafka-compacted.log was made by the cleaner of Apache Kafka 4.3.0: six times
// some of key0 to key2999 were written, each time fewer, by six idempotent producers with
// lz4 and zstd in turns, and compacted. The last generation is in another segment; of the
// first five this is what stayed, up to offset 14000.
func TestASegmentThatKafkaHasCompacted(t *testing.T) {
	disk := disktest.New()
	bytes, err := os.ReadFile("testdata/kafka-compacted.log")
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.MakeDir("orders-0"); err != nil {
		t.Fatal(err)
	}
	put(t, disk, "orders-0/00000000000000000000.log", bytes)
	put(t, disk, "orders-0/partition.metadata",
		[]byte("version: 0\ntopic_id: "+partition(0).Topic.String()+"\n"))
	put(t, disk, "orders-0/leader-epoch-checkpoint", []byte("0\n1\n0 0\n"))
	put(t, disk, "cleaner-offset-checkpoint", []byte("0\n1\norders 0 14000\n"))
	put(t, disk, "recovery-point-offset-checkpoint", []byte("0\n1\norders 0 14000\n"))
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		if l.Failed() != nil || l.LogEndOffset() != 14_000 {
			t.Fatalf("ends at %d: %v", l.LogEndOffset(), l.Failed())
		}
		checkKafkaCompacted(t, tt, l)
		mustAppend(t, l, keyed(n.clock.wall, "key1=x"), 0)
		flush(t, tt, l)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		if d := l.Dirt(n.clock.wall, l.FlushedEndOffset()); !d.Due() || d.Ratio() > 100_000 {
			t.Errorf("what Kafka has compacted is taken for new: %+v", d)
		}
		mustClean(t, tt, n, l)
		if err := n.close(tt, l); err != nil {
			t.Fatal(err)
		}
	})
	bytes, err = disk.Bytes("cleaner-offset-checkpoint")
	if err != nil || string(bytes) != "0\n1\norders 0 14001\n" {
		t.Fatalf("what Kafka is told: %q, %v", bytes, err)
	}
	withLog(t, disk, compacted(), func(tt *task.Task, _ *node, l *log.Log) {
		batches, err := contents(tt, l)
		if err != nil || batches[len(batches)-1].LastOffset() != 14_000 {
			t.Fatalf("%d batches, %v", len(batches), err)
		}
	})
}

// checkKafkaCompacted reads the segment from each of its offsets.
func checkKafkaCompacted(t *testing.T, tt *task.Task, l *log.Log) {
	t.Helper()
	batches, err := contents(tt, l)
	if err != nil {
		t.Fatal(err)
	}
	keys, empty := 0, 0
	for _, b := range batches {
		if b.RecordCount() == 0 {
			empty++
		}
		records := b.Records(batch.Limits{})
		for records.Next() {
			keys++
		}
		if records.Err() != nil {
			t.Fatal(records.Err())
		}
	}
	if keys == 0 || empty == 0 {
		t.Errorf("%d records, %d empty batches", keys, empty)
	}
	for offset := kafka.Offset(0); offset < l.LogEndOffset(); offset += 7 {
		i := slices.IndexFunc(batches, func(b batch.Batch) bool { return b.LastOffset() >= offset })
		r, err := l.ReadCold(tt, offset, l.LogEndOffset(), 1, true)
		if err != nil || r.BaseOffset != batches[i].BaseOffset() {
			t.Fatalf("read at %d: %+v, %v", offset, r, err)
		}
	}
	if got := l.Producers(); len(got) != 5 {
		t.Errorf("%d producers", len(got))
	}
}

func put(t *testing.T, disk *disktest.Disk, name string, bytes []byte) {
	t.Helper()
	file, err := disk.Create(name)
	if err == nil {
		err = file.WriteAt(bytes, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Without a journal, leader epochs are where leader-epoch-checkpoint says: compaction may
// have taken the batches with which one began. One that contradicts the batches is not
// believed.
func TestEpochsOfACompactedLog(t *testing.T) {
	for _, harm := range []string{"", "0\n2\n0 0\n1 9\n", "0\n1\nx 0\n", "0\n2\n0 0\n7 3\n"} {
		disk := disktest.New()
		withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
			mustAppend(t, l, keyed(1, "a=1", "b=1", "c=1"), 0)
			mustAppend(t, l, keyed(2, "a=2", "b=2"), 1)
			mustAppend(t, l, keyed(3, "a=3", "b=3", "d=3"), 1)
			flush(t, tt, l)
			if err := l.Roll(); err != nil {
				t.Fatal(err)
			}
			mustClean(t, tt, n, l)
			if got, want := told(t, tt, l), "2:c=1 5:a=3 6:b=3 7:d=3"; got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			if err := n.close(tt, l); err != nil {
				t.Fatal(err)
			}
		})
		entries, err := disk.List("journal")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := disk.Remove("journal/" + e.Name); err != nil {
				t.Fatal(err)
			}
		}
		want := kafka.Offset(3)
		if harm != "" {
			want = 5 // where the first batch of the epoch is
			if err := disk.Remove("orders-0/leader-epoch-checkpoint"); err != nil {
				t.Fatal(err)
			}
			put(t, disk, "orders-0/leader-epoch-checkpoint", []byte(harm))
		}
		withLog(t, disk, compacted(), func(tt *task.Task, _ *node, l *log.Log) {
			if epoch, end := l.EndOffsetForEpoch(0); epoch != 0 || end != want {
				t.Errorf("%q: epoch %d ends at %d, want %d", harm, epoch, end, want)
			}
		})
	}
}
