package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// chunkBytes is how much is read at once. Lines are handed out as slices of
	// their chunk, which is never written again, so that a line costs no copy.
	chunkBytes = 256 << 10
	// lineBytesMax bounds one line: the largest request that a broker takes by
	// default (socket.request.max.bytes).
	lineBytesMax = 100 << 20
)

// lineReader cuts a stream at a delimiter. Every byte that is not part of a
// delimiter is part of a line; a last line without delimiter counts, and an
// empty one after the last delimiter does not exist.
type lineReader struct {
	in        io.Reader
	delimiter []byte
	max       int

	chunk []byte
	// chunk[start:end] was read and not handed out; chunk[start:searched] holds
	// no delimiter.
	start, searched, end int

	lines int64 // handed out
	err   error // what ended the stream
}

func newLineReader(in io.Reader, delimiter string) *lineReader {
	return &lineReader{in: in, delimiter: []byte(delimiter), max: lineBytesMax}
}

// next returns the next line, valid for ever, or io.EOF.
func (r *lineReader) next() ([]byte, error) {
	for {
		if i := bytes.Index(r.chunk[r.searched:r.end], r.delimiter); i >= 0 {
			line := r.chunk[r.start : r.searched+i : r.searched+i]
			r.start = r.searched + i + len(r.delimiter)
			r.searched = r.start
			r.lines++
			return line, nil
		}
		r.searched = max(r.start, r.end-len(r.delimiter)+1)
		if r.err != nil {
			return r.rest()
		}
		if r.end-r.start > r.max {
			return nil, fmt.Errorf("line %d is longer than %s", r.lines+1, byteSize(r.max))
		}
		r.fill()
	}
}

// rest is the line that no delimiter ended, then the end of the stream.
func (r *lineReader) rest() ([]byte, error) {
	if r.start == r.end || !errors.Is(r.err, io.EOF) {
		return nil, r.err
	}
	line := r.chunk[r.start:r.end:r.end]
	r.start, r.searched = r.end, r.end
	r.lines++
	return line, nil
}

// fill reads more, into a new chunk when the present one is full.
func (r *lineReader) fill() {
	if r.end == len(r.chunk) {
		left := r.chunk[r.start:r.end]
		chunk := make([]byte, max(chunkBytes, 2*len(left)))
		copy(chunk, left)
		r.searched -= r.start
		r.chunk, r.start, r.end = chunk, 0, len(left)
	}
	var n int
	n, r.err = r.in.Read(r.chunk[r.end:])
	r.end += n
}
