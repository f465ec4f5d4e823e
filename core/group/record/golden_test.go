package record_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/core/group/record"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// TestKafkasBytes reads the records in testdata, prints what they say beside their
// bytes, and writes them again. A line beginning "says" or "ours" is ours; the others
// are Kafka's.
func TestKafkasBytes(t *testing.T) {
	const path = "testdata/kafka-4.3.txt"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var key []byte
	var remark string
	records := 0
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		if word == "says" || word == "ours" {
			continue
		}
		fmt.Fprintln(&out, line)
		switch word {
		case "#":
			remark = rest
		case "key":
			key = unhex(t, rest)
		case "value":
			records++
			out.WriteString(again(t, key, unhex(t, rest), strings.HasPrefix(remark, "old: ")))
		}
	}
	if records < 30 {
		t.Fatalf("only %d records in %s", records, path)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(raw), out.String()); diff != "" && !*rewrite {
		t.Fatal(diff)
	}
}

// again reads a record and writes it. What is old may be written otherwise in the same
// version.
func again(t *testing.T, key, value []byte, old bool) string {
	t.Helper()
	r, err := record.Parse(key, value)
	if err != nil {
		if !errors.Is(err, record.ErrUnknown) {
			t.Fatalf("%x: %v", key, err)
		}
		return fmt.Sprintln("says", err)
	}
	said, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("says %s %s\n", strings.TrimPrefix(fmt.Sprintf("%T", r), "*record."), said)
	if ours := r.AppendKey(nil); string(ours) != string(key) {
		t.Errorf("the key is written as %x, not %x", ours, key)
	}
	ours := r.AppendValue(nil)
	if (ours == nil) != (value == nil) {
		t.Errorf("%s: tombstone %v, was %v", said, ours == nil, value == nil)
	}
	if string(ours) == string(value) {
		return out
	}
	if version(ours) == version(value) && !old {
		t.Errorf("the value is written as %x, not %x", ours, value)
	}
	second, err := record.Parse(key, ours)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, second); diff != "" {
		t.Error("another version says something else: ", diff)
	}
	return out + fmt.Sprintf("ours %x\n", ours)
}

func version(value []byte) int { return int(value[0])<<8 | int(value[1]) }

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	if text == "-" {
		return nil
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
