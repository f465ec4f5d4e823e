package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// lineBytesMin leaves out short lines, newline included: program text has many,
	// and records are seldom shorter than the lines of a log.
	lineBytesMin = 60
	// lineBytesMax leaves out what is more data than text.
	lineBytesMax = 100_000
	// sourceBytesMax is up to how large files are looked into.
	sourceBytesMax = 16 << 20
)

// byteCount is a flag's value: a number of bytes, as 64MiB.
type byteCount int64

// String implements flag.Value.
func (b *byteCount) String() string {
	units := []string{"", "KiB", "MiB", "GiB"}
	n, at := int64(*b), 0
	for n > 0 && n%1024 == 0 && at < len(units)-1 {
		n, at = n/1024, at+1
	}
	return strconv.FormatInt(n, 10) + units[at]
}

// Set implements flag.Value.
func (b *byteCount) Set(text string) error {
	scale := int64(1)
	for unit, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, scale = number, bytes
		}
	}
	n, err := strconv.ParseInt(text, 10, 40)
	if err != nil || n <= 0 || n > 1<<40/scale {
		return errors.New("write a number of bytes, as 64MiB or 1GiB, at most 1024GiB")
	}
	*b = byteCount(n * scale)
	return nil
}

// realSources are where text is that people wrote: Go's source, which is there
// since this command was built, and what most Linux machines have beside it.
func realSources(ctx context.Context) ([]string, error) {
	root, err := command(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	sources := []string{strings.TrimSpace(string(root))}
	return append(sources, "/usr/share/common-licenses", "/usr/share/man", "/usr/share/doc",
		"/usr/share/perl", "/usr/lib/python3", "/usr/share/dict"), nil
}

// realFile is a file of real lines and what is known of it.
type realFile struct {
	path  string
	bytes int64
	lines int64
	sum   [sha256.Size]byte
	// files is how many files gave lines; repeats is how often all of them did,
	// the last time perhaps in part.
	files   int
	repeats int
}

// makeRealFile writes whole lines until there are as many bytes as wished.
func makeRealFile(ctx context.Context, path string, sources []string, bytes int64) (
	*realFile, error) {
	out, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	sum := sha256.New()
	w := &realWriter{file: &realFile{path: path}, bytes: bytes,
		out: bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<20)}
	for w.file.bytes < bytes {
		before := w.file.bytes
		w.file.repeats++
		for _, source := range sources {
			if err := w.takeTree(ctx, source); err != nil {
				return nil, err
			}
		}
		if w.file.bytes == before {
			return nil, fmt.Errorf("there is no text in %s", strings.Join(sources, ", "))
		}
	}
	if err := w.out.Flush(); err != nil {
		return nil, err
	}
	copy(w.file.sum[:], sum.Sum(nil))
	return w.file, nil
}

// realWriter takes lines out of files.
type realWriter struct {
	file  *realFile
	bytes int64 // wished
	out   *bufio.Writer
}

// takeTree takes the lines of all files below a directory. What cannot be read is
// left out: which files there are is not what is tested.
func (w *realWriter) takeTree(ctx context.Context, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if w.file.bytes >= w.bytes {
			return filepath.SkipAll
		}
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		text, err := readText(path)
		if err != nil || !isText(text) {
			return nil
		}
		return w.takeLines(text)
	})
}

// readText reads a file, uncompressed if its name says that it is compressed.
func readText(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := io.Reader(file)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(in, sourceBytesMax+1))
	if len(text) > sourceBytesMax {
		return nil, fmt.Errorf("%s is too large", path)
	}
	return text, err
}

// isText tells text from data by its beginning; each line is looked at, too.
func isText(text []byte) bool {
	return !bytes.Contains(text[:min(len(text), 1024)], []byte{0})
}

// takeLines takes the lines that every client can write as they are: Java takes a
// carriage return for the end of a line, and replaces what is not UTF-8; kcat
// drops empty lines.
func (w *realWriter) takeLines(text []byte) error {
	some := false
	for line := range bytes.Lines(text) {
		if len(line) < lineBytesMin || len(line) > lineBytesMax || line[len(line)-1] != '\n' ||
			bytes.ContainsAny(line, "\r\x00") || !utf8.Valid(line) {
			continue
		}
		if _, err := w.out.Write(line); err != nil {
			return err
		}
		some = true
		w.file.bytes += int64(len(line))
		if w.file.lines++; w.file.bytes >= w.bytes {
			break
		}
	}
	if some && w.file.repeats == 1 {
		w.file.files++
	}
	return nil
}
