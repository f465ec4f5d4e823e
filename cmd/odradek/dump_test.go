package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const sampleDir = "testdata/kafka/sample-0"

// copySample copies the sample directory, with one file changed.
func copySample(t *testing.T, file string, change func(bytes []byte) []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample-0")
	if err := os.CopyFS(dir, os.DirFS(sampleDir)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDumpFindsDamage damages a directory in one place and wants to read of it.
func TestDumpFindsDamage(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte {
			data[at] ^= 0x40
			return data
		}
	}
	const log, zero = "00000000000000000000.log", "00000000000000000000"
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a bit of a record", log, flip(100), "at byte 0: the batch at offset 0: corrupt"},
		{"a bit of a compressed record", log, flip(360), "at byte 286: the batch at offset 6"},
		{"a length", log, flip(143 + 8), "at byte 143: no whole batch here"},
		{"a torn end", log, func(d []byte) []byte { return d[:len(d)-5] },
			"at byte 938: no whole batch here, 73 B before the end of the file: a torn write"},
		{"an index out of order", zero + ".index", flip(16 + 3), "does not follow"},
		{"an index past the end", zero + ".index", flip(60), "points at byte 1073742762, past the end"},
		{"an index that points elsewhere", zero + ".index", func(d []byte) []byte {
			d[8+7] = 1
			return d
		}, "offset 8 points at byte"},
		{"half an index entry", zero + ".index", func(d []byte) []byte { return d[:61] },
			"5 bytes at the end are no whole entry"},
		{"a time index out of order", zero + ".timeindex", flip(13), "does not follow"},
		{"a snapshot", "00000000000000000019.snapshot", flip(20), "the checksum is"},
		{"a snapshot's count", "00000000000000000019.snapshot", flip(9), "producers in"},
		{"an epoch", "leader-epoch-checkpoint", func([]byte) []byte { return []byte("0\n2\n1 5\n0 9\n") },
			"epoch 0 at offset 9 does not follow"},
		{"a count of epochs", "leader-epoch-checkpoint",
			func([]byte) []byte { return []byte("0\n2\n1 5\n") },
			`"2" entries announced, 1 there`},
	} {
		dir := copySample(t, c.file, c.change)
		_, stderr, status := runCommand(false, "", "dump-log", "--verify", dir)
		if status != exitFailed || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit status %d, got\n%s\nwant %s", c.name, status, stderr, c.want)
		}
	}
}

func TestDumpFindsOffsets(t *testing.T) {
	dir := copySample(t, "00000000000000000000.log", func(data []byte) []byte {
		data[286+7] = 2 // the base offset of the third batch was 6
		return data
	})
	_, stderr, status := runCommand(false, "", "dump-log", "--verify", dir)
	want := "at byte 286: offset 2, but offsets below 6 came before it"
	if status != exitFailed || !strings.Contains(stderr, want) {
		t.Errorf("exit status %d, got\n%s\nwant %s", status, stderr, want)
	}
}

// TestDumpReservedRoom: zeros at the end were reserved, not written.
func TestDumpReservedRoom(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{".log", ".index", ".timeindex"} {
		data, err := os.ReadFile(filepath.Join(sampleDir, "00000000000000000000"+file))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, make([]byte, 2400)...)
		if err := os.WriteFile(filepath.Join(dir, "00000000000000000000"+file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stdout, stderr, status := runCommand(false, "", "dump-log", "--verify", dir)
	if status != exitDone || !strings.Contains(stdout, "2.3 KiB of reserved room at the end") {
		t.Errorf("exit status %d\n%s%s", status, stdout, stderr)
	}
}

// TestDumpNeverPanics: files come from anywhere.
func TestDumpNeverPanics(t *testing.T) {
	dir := t.TempDir()
	names := []string{"00000000000000000000.log", "00000000000000000000.index",
		"00000000000000000000.timeindex", "00000000000000000000.txnindex",
		"00000000000000000019.snapshot", "leader-epoch-checkpoint"}
	var originals [][]byte
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(sampleDir, name))
		if err != nil {
			t.Fatal(err)
		}
		originals = append(originals, data)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(names)-1).Draw(t, "file")
		data := bytes.Clone(originals[i])
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			data[at] = rapid.Byte().Draw(t, "byte")
		}
		data = data[:rapid.IntRange(0, len(data)).Draw(t, "size")]
		path := filepath.Join(dir, names[i])
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		_, stderr, status := runCommand(false, "", "dump-log", "--records", path)
		if status != exitDone && stderr == "" {
			t.Fatalf("exit status %d without a word", status)
		}
	})
}
