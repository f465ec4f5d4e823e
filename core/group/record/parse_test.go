package record_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/record"
	"odradek/core/kafka"
)

// goldens are the records of the golden file.
func goldens(t testing.TB) (keys, values [][]byte) {
	raw, err := os.ReadFile("testdata/kafka-4.3.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "key":
			keys = append(keys, unhexOf(rest))
		case "value":
			values = append(values, unhexOf(rest))
		}
	}
	return keys, values
}

func unhexOf(text string) []byte {
	var t testing.T
	return unhex(&t, text)
}

func TestNotRecords(t *testing.T) {
	const long = "\xff\xff\xff\xff\x0f"
	for _, c := range []struct {
		name       string
		key, value string
		want       error
	}{
		{"no key", "", "-", record.ErrMalformed},
		{"half a kind", "\x00", "-", record.ErrMalformed},
		{"a share group's", "\x00\x0a\x00\x01g\x00\x01m", "-", record.ErrUnknown},
		{"a kind below zero", "\xff\xff\x00\x01g", "-", record.ErrUnknown},
		{"a kind to come", "\x00\x63", "-", record.ErrUnknown},
		{"a key that ends early", "\x00\x02\x00\x05ab", "-", record.ErrMalformed},
		{"a group called null", "\x00\x02\xff\xff", "-", record.ErrMalformed},
		{"a length below null", "\x00\x02\x80\x00", "-", record.ErrMalformed},
		{"an empty value", "\x00\x03\x00\x01g", "", record.ErrMalformed},
		{"a version to come", "\x00\x03\x00\x01g", "\x00\x01\x00\x00\x00\x01\x00", record.ErrMalformed},
		{"a version below zero", "\x00\x03\x00\x01g", "\xff\xff\x00\x00\x00\x01\x00",
			record.ErrMalformed},
		{"tags that lack", "\x00\x03\x00\x01g", "\x00\x00\x00\x00\x00\x01", record.ErrMalformed},
		{"a tag that is too long", "\x00\x03\x00\x01g", "\x00\x00\x00\x00\x00\x01\x01\x00" + long,
			record.ErrMalformed},
		{"a tag that is too short", "\x00\x03\x00\x01g", "\x00\x00\x00\x00\x00\x01\x01\x00\x01\x00",
			record.ErrMalformed},
		{"a varint without an end", "\x00\x10\x00\x00\x00\x00", "\x00\x00" + strings.Repeat("\xff", 11),
			record.ErrMalformed},
		{"four billion topics", "\x00\x10\x00\x00\x00\x00", "\x00\x00" + long, record.ErrMalformed},
		{"a null array", "\x00\x10\x00\x00\x00\x00", "\x00\x00\x00", record.ErrMalformed},
		{"two billion members", "\x00\x02\x00\x01g",
			"\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\x7f\xff\xff\xff", record.ErrMalformed},
	} {
		value := []byte(c.value)
		if c.value == "-" {
			value = nil
		}
		r, err := record.Parse([]byte(c.key), value)
		if !errors.Is(err, c.want) || r != nil {
			t.Errorf("%s: %v, %v, want %v", c.name, r, err, c.want)
		}
	}
}

// TestEveryCut reads every record with its end cut off, which must be an error: no
// field may be left out unseen.
func TestEveryCut(t *testing.T) {
	keys, values := goldens(t)
	for i, value := range values {
		if len(value) == 0 {
			continue
		}
		for cut := range len(value) {
			if _, err := record.Parse(keys[i], value[:cut]); !errors.Is(err, record.ErrMalformed) {
				t.Fatalf("%x cut to %d bytes: %v", value, cut, err)
			}
		}
		if _, err := record.Parse(keys[i], append(bytes.Clone(value), "behind"...)); err != nil {
			t.Fatalf("with something behind: %v", err)
		}
	}
}

// TestNothingIsShared writes over the bytes that a record was read from.
func TestNothingIsShared(t *testing.T) {
	keys, values := goldens(t)
	for i := range keys {
		r, err := record.Parse(keys[i], values[i])
		if err != nil {
			continue
		}
		second, _ := record.Parse(keys[i], values[i])
		clear(keys[i])
		clear(values[i])
		if diff := cmp.Diff(r, second); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestKmsgAgrees asks another implementation of the same formats.
func TestKmsgAgrees(t *testing.T) {
	leader, protocol, instance := "m", "range", "i"
	ours := &record.GroupMetadata{Group: "g", Value: &record.GroupMetadataValue{
		ProtocolType: "consumer", Generation: 4, Protocol: &protocol, Leader: &leader,
		CurrentStateTimestamp: 77, Members: []record.GroupMember{{MemberID: "m",
			GroupInstanceID: &instance, ClientID: "c", ClientHost: "/h", RebalanceTimeout: 5,
			SessionTimeout: 6, Subscription: []byte("s"), Assignment: []byte("a")}}}}
	var group kmsg.GroupMetadataValue
	if err := group.ReadFrom(ours.AppendValue(nil)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(group.AppendTo(nil), ours.AppendValue(nil)) ||
		group.Members[0].ClientHost != "/h" {
		t.Errorf("a group is %+v", group)
	}
	key := kmsg.NewOffsetCommitKey()
	key.Version, key.Group, key.Topic, key.Partition = 1, "g", "t", 3
	commit := &record.OffsetCommit{Group: "g", Topic: "t", Partition: 3,
		Value: &record.OffsetCommitValue{Offset: 9, Metadata: "x", CommitTimestamp: 5,
			ExpireTimestamp: 8}}
	if !bytes.Equal(key.AppendTo(nil), commit.AppendKey(nil)) {
		t.Errorf("the key of a commit is %x", commit.AppendKey(nil))
	}
	var value kmsg.OffsetCommitValue
	if err := value.ReadFrom(commit.AppendValue(nil)); err != nil || value.ExpireTimestamp != 8 ||
		value.Metadata != "x" || kafka.Offset(value.Offset) != 9 {
		t.Errorf("a commit is %+v, %v", value, err)
	}
}

// FuzzParse: whatever the bytes, Parse returns; what it took is written so that it
// reads the same.
func FuzzParse(f *testing.F) {
	keys, values := goldens(f)
	for i := range keys {
		f.Add(keys[i], values[i], values[i] == nil)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, tombstone bool) {
		if tombstone {
			value = nil
		} else if value == nil {
			value = []byte{}
		}
		r, err := record.Parse(key, value)
		if err != nil {
			if !errors.Is(err, record.ErrMalformed) && !errors.Is(err, record.ErrUnknown) {
				t.Fatal(err)
			}
			return
		}
		second, err := record.Parse(r.AppendKey(nil), r.AppendValue(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, second); diff != "" {
			t.Fatal(diff)
		}
	})
}
