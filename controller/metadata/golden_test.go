package metadata_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/metadata"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// TestKafkasBytes reads records that Apache Kafka 4.3 wrote, prints what they
// say beside their bytes, and writes the same bytes again.
func TestKafkasBytes(t *testing.T) {
	const path = "testdata/kafka-4.3.txt"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	scanner := bufio.NewScanner(strings.NewReader(string(raw)))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := scanner.Text()
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "record "):
			fmt.Fprintln(&out, line)
			fmt.Fprintln(&out, "  "+reencode(t, fields[1]))
		case strings.HasPrefix(line, "control "):
			fmt.Fprintln(&out, line)
			fmt.Fprintln(&out, "  "+reencodeControl(t, fields[1], fields[2]))
		case strings.HasPrefix(line, "  "):
		default:
			fmt.Fprintln(&out, line)
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(raw), out.String()); diff != "" {
		t.Fatal(diff)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// reencode proves that the bytes survive, and returns what they say. Kafka may
// have chosen a newer version than we would, which the third byte tells.
func reencode(t *testing.T, text string) string {
	t.Helper()
	raw := unhex(t, text)
	record, err := metadata.Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again := metadata.AppendVersion(nil, record, int16(raw[2]))
	if hex.EncodeToString(again) != text {
		t.Errorf("%s\n read %s\nwrote %x", record.Key(), text, again)
	}
	return fmt.Sprintf("%s v%d %s", record.Key(), raw[2], say(t, record))
}

func reencodeControl(t *testing.T, key, value string) string {
	t.Helper()
	control, err := metadata.ParseControl(unhex(t, key), unhex(t, value))
	if err != nil {
		t.Fatalf("%s %s: %v", key, value, err)
	}
	if got := hex.EncodeToString(metadata.AppendControlKey(nil, control)); got != key {
		t.Errorf("key %s, wrote %s", key, got)
	}
	if got := hex.EncodeToString(metadata.AppendControl(nil, control)); got != value {
		t.Errorf("value %s, wrote %s", value, got)
	}
	return fmt.Sprintf("control %d v%d %s", control.Type(), control.Version(), say(t, control))
}

func say(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
