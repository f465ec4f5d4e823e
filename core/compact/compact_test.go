package compact

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"odradek/core/batch"
	"odradek/core/kafka"

	"pgregory.net/rapid"
)

// The vectors are those of the reference implementation: the key is 00 01 .. 0f, the
// input as many bytes of 00 01 02 ... as the row says.
func TestSipHashAsInItsReference(t *testing.T) {
	secret := Secret{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for length, want := range []string{
		"a3817f04ba25a8e66df67214c7550293",
		"da87c1d86b99af44347659119b22fc45",
		"8177228da4a45dc7fca38bdef60affe4",
	} {
		key := make([]byte, length)
		for i := range key {
			key[i] = byte(i)
		}
		f := secret.of(key)
		var got []byte
		for _, word := range []uint64{f.low, f.high} {
			for i := range 8 {
				got = append(got, byte(word>>(8*i)))
			}
		}
		if hex.EncodeToString(got) != want {
			t.Errorf("%d bytes: %x, want %s", length, got, want)
		}
	}
}

// The law of the map: it knows the last offset of every key that it took, none of
// others, takes as many keys as its limit says, and no more memory than it was given.
func TestKeyMapIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.Int64Range(0, 300_000).Draw(t, "bytes")
		load := LoadFactor(rapid.Int64Range(0, 1_100_000).Draw(t, "load"))
		m := NewKeyMap(bytes, load, Secret{rapid.Uint64().Draw(t, "low"), 2})
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			keysMax := rapid.Int64Range(1, 20_000).Draw(t, "keys")
			m.Reset(keysMax)
			if m.limit < min(keysMax, m.slotsMax*m.loadMax/millionths, m.slotsMax-1) {
				t.Fatalf("takes %d of %d keys in %d slots", m.limit, keysMax, m.slotsMax)
			}
			kinds := rapid.Int64Range(1, keysMax).Draw(t, "kinds")
			step := rapid.Int64Range(1, 97).Draw(t, "step")
			checkKeyMap(t, m, kinds, step)
		}
		if m.Bytes() > max(bytes, KeyMapBytesMin) {
			t.Fatalf("%d bytes of %d", m.Bytes(), bytes)
		}
	})
}

func checkKeyMap(t *rapid.T, m *KeyMap, kinds, step int64) {
	newest := map[string]kafka.Offset{}
	for i := range min(3*kinds, 30_000) {
		key := fmt.Sprintf("key %d", i*step%kinds)
		if !m.Put([]byte(key), kafka.Offset(i)) {
			if int64(len(newest)) != m.limit {
				t.Fatalf("full with %d keys of %d", len(newest), m.limit)
			}
			break
		}
		newest[key] = kafka.Offset(i)
	}
	if int64(len(newest)) != m.Keys() {
		t.Fatalf("counts %d keys of %d", m.Keys(), len(newest))
	}
	for i := range kinds {
		key := fmt.Sprintf("key %d", i)
		want, known := newest[key]
		if !known {
			want = kafka.NoOffset
		}
		if got := m.Newest([]byte(key)); got != want {
			t.Fatalf("%s is at %d, want %d", key, got, want)
		}
	}
}

// The law of compaction, for any log and any number of passes, at any of its offsets
// and with a map of any size: below where it has come each key has its last record,
// above nothing changed; what is left is a part of what was, in its order; and a pass
// over what was compacted changes nothing.
func TestThinningKeepsTheLastValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := drawLog(t)
		end := log[len(log)-1].NextOffset()
		compacted := log
		for from := kafka.Offset(0); from < end; {
			to := kafka.Offset(rapid.Int64Range(int64(from)+1, int64(end)).Draw(t, "to"))
			keys := NewKeyMap(rapid.Int64Range(1, 20).Draw(t, "slots")*slotSize, millionths, Secret{1, 2})
			var done kafka.Offset
			compacted, done = pass(t, compacted, keys, from, to)
			if done <= from {
				t.Fatalf("no way forward from %d", from)
			}
			checkCompacted(t, log, compacted, done)
			again, _ := pass(t, compacted, keys, from, done)
			if !slices.EqualFunc(compacted, again,
				func(a, b batch.Batch) bool { return string(a) == string(b) }) {
				t.Fatal("another pass changed something")
			}
			from = done
		}
	})
}

// drawLog makes a log of batches with few keys, some of them tombstones.
func drawLog(t *rapid.T) (log []batch.Batch) {
	next := kafka.Offset(0)
	for i := range rapid.IntRange(1, 12).Draw(t, "batches") {
		b := batch.NewBuilder().At(next, 0).
			Compress(batch.Codec(rapid.IntRange(0, 4).Draw(t, "codec")), batch.DefaultLevel)
		for range rapid.IntRange(1, 5).Draw(t, "records") {
			key := []byte{byte('a' + rapid.IntRange(0, 6).Draw(t, "key"))}
			var value []byte
			if rapid.IntRange(0, 3).Draw(t, "tombstone") > 0 {
				value = []byte{byte(i)}
			}
			b.Append(kafka.Timestamp(100*i+int(next)), key, value)
		}
		built := b.Build()
		log, next = append(log, built), built.NextOffset()
	}
	return log
}

func pass(t *rapid.T, log []batch.Batch, keys *KeyMap, from, end kafka.Offset) (
	left []batch.Batch, done kafka.Offset) {
	keys.Reset(int64(end - from))
	done = end
	for _, b := range log {
		if b.NextOffset() <= from || b.BaseOffset() >= end {
			continue
		}
		noted, err := keys.Note(b, from, end, nil)
		if err != nil {
			t.Fatal(err)
		}
		if noted < min(b.NextOffset(), end) {
			done = noted
			break
		}
	}
	thin := Thinning{Keys: keys, End: done, Now: 1000, DeleteRetentionMs: 1000,
		Codecs: new(batch.Codecs)}
	for _, b := range log {
		thinned, err := thin.Batch(b, false)
		if err != nil {
			t.Fatal(err)
		}
		if thinned != nil {
			left = append(left, thinned)
		}
	}
	return left, done
}

// one is a record as a reader gets it.
type one struct {
	offset    kafka.Offset
	timestamp kafka.Timestamp
	key       string
	value     string
	tombstone bool
}

func flatten(t *rapid.T, log []batch.Batch) (all []one) {
	for _, b := range log {
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		records := b.Records(batch.Limits{})
		for records.Next() {
			r := records.Record()
			all = append(all, one{b.Offset(r), b.Timestamp(r), string(r.Key), string(r.Value),
				r.Value == nil})
		}
		if records.Err() != nil {
			t.Fatal(records.Err())
		}
	}
	return all
}

func checkCompacted(t *rapid.T, before, after []batch.Batch, done kafka.Offset) {
	all, left := flatten(t, before), flatten(t, after)
	newest := map[string]kafka.Offset{}
	for _, r := range all {
		if r.offset < done {
			newest[r.key] = r.offset
		}
	}
	var want []one
	for _, r := range all {
		if r.offset >= done || newest[r.key] == r.offset {
			want = append(want, r)
		}
	}
	if !slices.Equal(left, want) {
		t.Fatalf("left %v\nwant %v", left, want)
	}
}
