package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// realSource makes a directory of text, of which every line that can be taken begins
// with "take".
func realSource(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	long := strings.Repeat(" and so on", 10)
	text := "take 1" + long + "\nshort\n\nleave, a carriage return" + long + "\r\n" +
		"leave, not UTF-8 \xff" + long + "\ntake 2, é" + long + "\n" +
		"leave, too long" + strings.Repeat(long, 1000) + "\nleave, no newline" + long
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte("take 3, packed" + long + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"a.txt": text, "b.gz": packed.String(),
		"c.bin": "leave, data\x00" + long + "\n", "d.gz": "not packed, whatever the name says"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRealFileHasWholeLinesThatAllCanWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "real")
	file, err := makeRealFile(t.Context(), path, []string{"/nowhere", realSource(t)}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(data)) != file.bytes || file.sum != sha256.Sum256(data) ||
		int64(bytes.Count(data, []byte("\n"))) != file.lines {
		t.Errorf("%d bytes, and it is said %+v", len(data), file)
	}
	if file.bytes < 1000 || file.bytes > 1200 || file.files != 2 || file.repeats < 3 {
		t.Errorf("%+v", file)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if want := fmt.Sprintf("take %d", i%3+1); !strings.HasPrefix(line, want) {
			t.Errorf("line %d is %q, want %s", i, line, want)
		}
	}
}

func TestRealFileNeedsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "real")
	if _, err := makeRealFile(t.Context(), path, []string{t.TempDir()}, 10); err == nil {
		t.Error("a file was made out of nothing")
	}
}

func TestByteCounts(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "64MiB": 64 << 20, "1GiB": 1 << 30, "3KiB": 3072, "1024GiB": 1 << 40,
		"": -1, "0": -1, "-1": -1, "1MB": -1, "1025GiB": -1, "MiB": -1, "1.5GiB": -1,
	} {
		var b byteCount
		if err := b.Set(text); (err != nil) != (want < 0) || err == nil && int64(b) != want {
			t.Errorf("%q: %d, %v", text, b, err)
		}
	}
	for bytes, want := range map[byteCount]string{1 << 30: "1GiB", 1000: "1000", 3072: "3KiB"} {
		if got := bytes.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// cannedClient reads what it is told to.
type cannedClient struct {
	called string
	reads  string
	err    error
}

func (c *cannedClient) name() string     { return c.called }
func (c *cannedClient) codecs() []string { return allCodecs }
func (c *cannedClient) produce(context.Context, string, string, string) error {
	return c.err
}
func (c *cannedClient) consume(_ context.Context, _ string, to io.Writer) error {
	_, err := io.WriteString(to, c.reads)
	return errors.Join(err, c.err)
}

func realFileOf(text string) *realFile {
	return &realFile{bytes: int64(len(text)), lines: int64(strings.Count(text, "\n")),
		sum: sha256.Sum256([]byte(text))}
}

// TestReadsAreCompared: what is lost, twice, changed or in another order is seen.
func TestReadsAreCompared(t *testing.T) {
	r := &realRun{file: realFileOf("a\nb\n")}
	for _, c := range []struct {
		reads string
		err   error
		want  string
	}{
		{"a\nb\n", nil, ""},
		{"a\n", nil, "1 lines of 2 bytes"},
		{"a\nb\nb\n", nil, "3 lines of 6 bytes"},
		{"b\na\n", nil, "and others"},
		{"ab\n\n", nil, "and others"},
		{"a\nb\n", errors.New("it broke off"), "it broke off"},
	} {
		read := r.read(t.Context(), &cannedClient{"x", c.reads, c.err}, "topic")
		if (read.err == nil) != (c.want == "") ||
			read.err != nil && !strings.Contains(read.err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.reads, read.err, c.want)
		}
	}
}

// TestTransfers: every writer with every codec, each read by all others, and a kill
// for those that outlive it.
func TestTransfers(t *testing.T) {
	s := &suite{only: regexp.MustCompile(""), broker: &broker{}}
	s.clients = []client{&ownClient{s}, &franzClient{s}, &kcatClient{s}, &pythonKafka{suite: s}}
	s.java = &javaClient{suite: s}
	quiet, killed := s.transfers()
	if len(quiet) != 4*len(allCodecs) || len(killed) != 2 {
		t.Errorf("%d transfers, %d with kills", len(quiet), len(killed))
	}
	for _, transfer := range append(quiet, killed...) {
		for _, reader := range transfer.readers {
			if len(transfer.readers) != 3 || reader == transfer.writer {
				t.Errorf("%s is read by %s, of %d", transfer.name(), reader.name(), len(transfer.readers))
			}
		}
	}
	s.broker = nil
	s.only = regexp.MustCompile("java/zstd")
	if quiet, killed = s.transfers(); len(quiet) != 1 || len(killed) != 0 {
		t.Errorf("%d transfers, %d with kills of a broker that is not ours", len(quiet), len(killed))
	}
}

func TestReportTellsWhatFailed(t *testing.T) {
	var out, errs bytes.Buffer
	file := realFileOf("a\n")
	writer, reader := &cannedClient{called: "w"}, &cannedClient{called: "r"}
	good := &transfer{writer: writer, codec: "none", readers: []client{reader}, writeTime: time.Second,
		reads: []transferRead{{"r", time.Second, nil}}}
	bad := &transfer{writer: writer, codec: "zstd", readers: []client{reader},
		reads: []transferRead{{"r", time.Second, errors.New("lost")}}}
	r := newRealReport(&out, &errs, true, 2)
	r.done(file, good)
	r.done(file, bad)
	if failed := r.sum(file, []*transfer{good, bad}); failed != 1 {
		t.Errorf("%d failed", failed)
	}
	if !strings.Contains(errs.String(), "FAIL  real-input/w/zstd: read with r: lost") ||
		strings.Count(errs.String(), " NO\n") != 1 {
		t.Errorf("told: %s", errs.String())
	}
	var lines []transferLine
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var line transferLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if len(lines) != 2 || !lines[0].Passed || !lines[0].Reads[0].Same || lines[1].Passed ||
		lines[1].Reads[0].Same || lines[1].Error != "read with r: lost" {
		t.Errorf("as JSON: %+v", lines)
	}
}

// TestEndlessLinesEndWithAWholeCopy: the load is as long as it is wished, and what
// was written is known.
func TestEndlessLinesEndWithAWholeCopy(t *testing.T) {
	e := &endlessLines{lines: []byte("one\ntwo\n"), enough: make(chan struct{})}
	got := make([]byte, 11)
	if _, err := io.ReadFull(e, got); err != nil {
		t.Fatal(err)
	}
	close(e.enough)
	rest, err := io.ReadAll(e)
	got = append(got, rest...)
	if err != nil || e.copies < 2 || !bytes.Equal(got, bytes.Repeat(e.lines, e.copies)) {
		t.Errorf("%d copies, %q, %v", e.copies, got, err)
	}
}

func TestWishes(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "-long real-input -bytes 64MiB -json": "", "-run kcat": "",
		"-long everything": "there is no", "-json": "goes with", "-run (": "-run:",
		"-bytes many": "write a number of bytes", "topic": "takes no arguments",
	} {
		var errs bytes.Buffer
		_, err := readWishes(strings.Fields(line), &errs)
		if (err == nil) != (want == "") || !strings.Contains(errs.String(), want) {
			t.Errorf("%q: %v, told %q, want %q", line, err, errs.String(), want)
		}
	}
}
