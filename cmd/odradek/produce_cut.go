package main

import (
	"bytes"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// cutter makes a record of a line.
type cutter struct {
	delimiter string
	separator []byte // empty: the line is the value
	null      []byte // nil: nothing is null
	headers   []kgo.RecordHeader
}

func (o *produce) cutter() (*cutter, error) {
	c := &cutter{}
	separator, err := unescape(o.separator)
	if err != nil {
		return nil, usagef("--key-separator: %v", err)
	}
	c.separator = []byte(separator)
	c.delimiter, err = unescape(o.delimiter)
	if err != nil || c.delimiter == "" {
		return nil, usagef("--delimiter: write what ends a record, as \\n or \\0")
	}
	if o.null != "" {
		c.null = []byte(o.null)
	}
	headers, err := pairs(o.headers)
	if err != nil {
		return nil, usagef("--header: write NAME=VALUE")
	}
	for _, h := range headers {
		c.headers = append(c.headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	return c, nil
}

// cut fills record in from a line. The record's slices are the line's.
func (c *cutter) cut(line []byte, record *kgo.Record) error {
	record.Headers = c.headers
	record.Value = line
	if len(c.separator) > 0 {
		key, value, ok := bytes.Cut(line, c.separator)
		if !ok {
			return fmt.Errorf("there is no %q to end the key in %s", c.separator, excerpt(line))
		}
		record.Key, record.Value = c.maybeNull(key), value
	}
	record.Value = c.maybeNull(record.Value)
	return nil
}

func (c *cutter) maybeNull(field []byte) []byte {
	if c.null != nil && bytes.Equal(field, c.null) {
		return nil
	}
	if field == nil {
		return []byte{} // empty is not null
	}
	return field
}

// excerpt is the beginning of a line, for messages.
func excerpt(line []byte) string {
	const most = 60
	if len(line) > most {
		return fmt.Sprintf("%q...", line[:most])
	}
	return fmt.Sprintf("%q", line)
}
