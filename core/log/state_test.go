package log

import (
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func someState(t *rapid.T) state {
	s := state{
		policy: FlushPolicy(rapid.IntRange(0, 1).Draw(t, "policy")), topic: "orders",
		truncated: rapid.Bool().Draw(t, "truncated"), incarnation: 1 << 63,
		durable: point{place: place{1, 2, 3}, recount: true, segment: segmentState{base: 1, size: 9}},
		end:     place{4, 5, 6}, logStartOffset: 7, syncedSequence: 8,
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "segments") {
		s.segments = append(s.segments, segmentState{base: 10, sinceEntry: int64(i)})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "epochs") {
		s.epochs = append(s.epochs, epochStart{5, kafka.Offset(i)})
	}
	s.firstDirty, s.swaps = 11, 12
	for i := range rapid.IntRange(0, 3).Draw(t, "swapping") {
		s.swapping = append(s.swapping, kafka.Offset(i))
	}
	for range rapid.IntRange(0, 20).Draw(t, "batches") {
		b := batch.NewBuilder()
		id := rapid.IntRange(1, 3).Draw(t, "producer")
		b.Producer(kafka.ProducerID(id), 0, 0)
		b.Append(3, nil, nil)
		s.producers.apply(b.Build())
	}
	return s
}

func TestStateComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := someState(t)
		encoded := s.encode(nil)
		decoded, err := decodeState(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(encoded, decoded.encode(nil)); diff != "" {
			t.Fatal(diff)
		}
		// Bytes that somebody cut or changed are refused or read as another state,
		// never worse than that.
		cut := encoded[:rapid.IntRange(0, len(encoded)-1).Draw(t, "cut")]
		if _, err := decodeState(cut); err == nil {
			t.Fatal("a state that was cut is read")
		}
		at := rapid.IntRange(0, len(encoded)-1).Draw(t, "at")
		encoded[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, _ = decodeState(encoded)
	})
}

// A State of a version that knew nothing of compaction is read.
func TestAStateFromBeforeCompaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := someState(t)
		s.firstDirty, s.swaps, s.swapping = kafka.NoOffset, 0, nil
		encoded := s.encode(nil)
		encoded[0] = 1
		decoded, err := decodeState(encoded[:len(encoded)-3*8])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.encode(nil), decoded.encode(nil)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSnapshotComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := someState(t)
		encoded := s.producers.encodeSnapshot()
		var decoded producers
		if err := decoded.decodeSnapshot(encoded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.producers.snapshots(), decoded.snapshots()); diff != "" {
			t.Fatal(diff)
		}
		at := rapid.IntRange(0, len(encoded)-1).Draw(t, "at")
		encoded[at] ^= 1
		if err := new(producers).decodeSnapshot(encoded); err == nil {
			t.Fatal("a snapshot that was changed is read")
		}
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"orders-0": true, "a-b-12": true, "orders": false, "orders-": false, "-1": false,
		"orders-01": false, "orders-x": false, "orders-1.00-delete": false, "orders--1": true,
	} {
		if _, _, ok := parseDirName(name); ok != want {
			t.Errorf("parseDirName(%q) is %v", name, ok)
		}
	}
	if base, ok := parseName("00000000000000004711.log", ".log"); !ok || base != 4711 {
		t.Errorf("parseName is %d, %v", base, ok)
	}
	for _, name := range []string{
		"4711.log", "00000000000000004711.index", "-0000000000000000001.log",
	} {
		if _, ok := parseName(name, ".log"); ok {
			t.Errorf("%q is taken for a segment", name)
		}
	}
}
