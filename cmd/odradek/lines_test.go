package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces is a reader that hands out one piece a call.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	if (*p)[0] = (*p)[0][n:]; len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	return n, nil
}

func readLines(t interface{ Fatal(...any) }, in io.Reader, delimiter string) []string {
	reader := newLineReader(in, delimiter)
	var lines []string
	for {
		line, err := reader.next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3*chunkBytes)
	for _, c := range []struct {
		in, delimiter string
		want          []string
	}{
		{"", "\n", nil},
		{"\n", "\n", []string{""}},
		{"a", "\n", []string{"a"}},
		{"a\n", "\n", []string{"a"}},
		{"a\n\nb", "\n", []string{"a", "", "b"}},
		{"\n\n", "\n", []string{"", ""}},
		{"a\r\nb\r\n", "\n", []string{"a\r", "b\r"}},
		{"a\x00b\n\x00", "\x00", []string{"a", "b\n"}},
		{"a--b-c---", "--", []string{"a", "b-c", "-"}},
		{long + "\n" + long, "\n", []string{long, long}},
	} {
		got := readLines(t, strings.NewReader(c.in), c.delimiter)
		if strings.Join(got, "|") != strings.Join(c.want, "|") || len(got) != len(c.want) {
			t.Errorf("%.20q: got %d lines, want %d", c.in, len(got), len(c.want))
		}
	}
}

// TestLinesLaw: however the bytes arrive, the lines are those of the whole, and
// a line that was handed out never changes.
func TestLinesLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]string{"\n", "\x00", "ab", "aa"}).Draw(t, "delimiter")
		in := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\n\x00")), 0, 200).Draw(t, "in")
		var parts pieces
		for rest := in; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			parts = append(parts, bytes.Clone(rest[:n]))
			rest = rest[n:]
		}
		want := strings.Split(string(in), delimiter)
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		reader := newLineReader(&parts, delimiter)
		var got [][]byte
		for {
			line, err := reader.next()
			if err != nil {
				break
			}
			got = append(got, line)
		}
		if len(got) != len(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		for i := range got {
			if string(got[i]) != want[i] {
				t.Fatalf("line %d: got %q, want %q", i, got[i], want[i])
			}
		}
	})
}

func TestLineTooLong(t *testing.T) {
	reader := newLineReader(strings.NewReader("short\n"+strings.Repeat("x", 2*chunkBytes)), "\n")
	reader.max = chunkBytes
	if _, err := reader.next(); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.next(); err == nil || err.Error() != "line 2 is longer than 256.0 KiB" {
		t.Fatalf("got %v", err)
	}
}

func TestReadErrorIsNotAnEnd(t *testing.T) {
	broken := errors.New("broken")
	reader := newLineReader(io.MultiReader(strings.NewReader("a\nb"), readerOf{broken}), "\n")
	if line, err := reader.next(); string(line) != "a" || err != nil {
		t.Fatalf("got %q, %v", line, err)
	}
	if line, err := reader.next(); !errors.Is(err, broken) {
		t.Fatalf("half a line was taken for a whole one: %q, %v", line, err)
	}
}

type readerOf struct{ err error }

func (r readerOf) Read([]byte) (int, error) { return 0, r.err }
