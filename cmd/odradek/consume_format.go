package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// sink writes records in the form that was asked for.
type sink struct {
	out     *bufio.Writer
	write   func(record *kgo.Record)
	between string // written before each record but the first
	begun   bool
}

// sinkBuffer is large enough that writing is rare beside reading.
const sinkBuffer = 256 << 10

func (o *consume) sink() (*sink, error) {
	s := &sink{out: bufio.NewWriterSize(o.console.out, sinkBuffer)}
	delimiter, err := unescape(o.delimiter)
	if err != nil {
		return nil, usagef("--delimiter: %v", err)
	}
	switch {
	case *o.asJSON && o.format != "":
		return nil, usagef("--json and --format exclude each other")
	case *o.asJSON:
		encoder := json.NewEncoder(s.out)
		encoder.SetEscapeHTML(false)
		// Errors of the writer stay with it, until Flush.
		s.write = func(record *kgo.Record) { _ = encoder.Encode(asJSON(record)) }
	case o.format != "":
		pieces, err := parseFormat(o.format)
		if err != nil {
			return nil, usagef("--format: %v", err)
		}
		s.write = func(record *kgo.Record) {
			for _, piece := range pieces {
				piece(s.out, record)
			}
		}
	case o.chomp:
		s.between = delimiter
		s.write = func(record *kgo.Record) { s.out.Write(record.Value) }
	default:
		s.write = func(record *kgo.Record) {
			s.out.Write(record.Value)
			s.out.WriteString(delimiter)
		}
	}
	return s, nil
}

func (s *sink) record(record *kgo.Record) {
	if s.begun {
		s.out.WriteString(s.between)
	}
	s.begun = true
	s.write(record)
}

// piece writes one part of a format.
type piece func(out *bufio.Writer, record *kgo.Record)

// parseFormat compiles a --format.
func parseFormat(format string) ([]piece, error) {
	var pieces []piece
	literal := func(text string) error {
		text, err := unescape(text)
		if err == nil && text != "" {
			pieces = append(pieces, func(out *bufio.Writer, _ *kgo.Record) { out.WriteString(text) })
		}
		return err
	}
	for rest := format; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		if err := literal(before); err != nil {
			return nil, err
		}
		if !found {
			break
		}
		if after == "" {
			return nil, fmt.Errorf("%q ends in a lone %%: write %%%% for one", format)
		}
		verb, known := verbs[after[0]]
		if !known {
			return nil, fmt.Errorf("there is no %%%c; `odradek consume --help` lists them", after[0])
		}
		pieces = append(pieces, verb)
		rest = after[1:]
	}
	return pieces, nil
}

// verbs are the letters after a %, as far as possible those of kcat.
var verbs = map[byte]piece{
	's': func(out *bufio.Writer, r *kgo.Record) { out.Write(r.Value) },
	'v': func(out *bufio.Writer, r *kgo.Record) { out.Write(r.Value) },
	'k': func(out *bufio.Writer, r *kgo.Record) { out.Write(r.Key) },
	't': func(out *bufio.Writer, r *kgo.Record) { out.WriteString(r.Topic) },
	'o': func(out *bufio.Writer, r *kgo.Record) { number(out, r.Offset) },
	'p': func(out *bufio.Writer, r *kgo.Record) { number(out, int64(r.Partition)) },
	'T': func(out *bufio.Writer, r *kgo.Record) { number(out, r.Timestamp.UnixMilli()) },
	'D': func(out *bufio.Writer, r *kgo.Record) {
		out.WriteString(millis(r.Timestamp.UnixMilli()).String())
	},
	'S': func(out *bufio.Writer, r *kgo.Record) { number(out, fieldLength(r.Value)) },
	'K': func(out *bufio.Writer, r *kgo.Record) { number(out, fieldLength(r.Key)) },
	'%': func(out *bufio.Writer, _ *kgo.Record) { out.WriteByte('%') },
	'h': func(out *bufio.Writer, r *kgo.Record) {
		for i, h := range r.Headers {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(h.Key)
			out.WriteByte('=')
			out.Write(h.Value)
		}
	},
}

func number(out *bufio.Writer, n int64) {
	out.Write(strconv.AppendInt(out.AvailableBuffer(), n, 10))
}

// fieldLength is a key's or value's length, -1 for null.
func fieldLength(field []byte) int64 {
	if field == nil {
		return -1
	}
	return int64(len(field))
}

// jsonRecord is a record as --json writes it. Of text and base64 one is there;
// a null key or value is null.
type jsonRecord struct {
	Topic         string       `json:"topic"`
	Partition     int32        `json:"partition"`
	Offset        int64        `json:"offset"`
	LeaderEpoch   int32        `json:"leaderEpoch"`
	Timestamp     int64        `json:"timestamp"`
	TimestampType string       `json:"timestampType"`
	Key           *string      `json:"key"`
	KeyBase64     string       `json:"keyBase64,omitempty"`
	Value         *string      `json:"value"`
	ValueBase64   string       `json:"valueBase64,omitempty"`
	Headers       []jsonHeader `json:"headers,omitempty"`
}

type jsonHeader struct {
	Name        string  `json:"name"`
	Value       *string `json:"value"`
	ValueBase64 string  `json:"valueBase64,omitempty"`
}

func asJSON(r *kgo.Record) jsonRecord {
	out := jsonRecord{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset,
		LeaderEpoch: r.LeaderEpoch, Timestamp: r.Timestamp.UnixMilli(), TimestampType: "CreateTime"}
	if r.Attrs.TimestampType() == 1 {
		out.TimestampType = "LogAppendTime"
	}
	out.Key, out.KeyBase64 = textOrBase64(r.Key)
	out.Value, out.ValueBase64 = textOrBase64(r.Value)
	for _, h := range r.Headers {
		header := jsonHeader{Name: h.Key}
		header.Value, header.ValueBase64 = textOrBase64(h.Value)
		out.Headers = append(out.Headers, header)
	}
	return out
}

func textOrBase64(field []byte) (text *string, encoded string) {
	switch {
	case field == nil:
		return nil, ""
	case utf8.Valid(field):
		s := string(field)
		return &s, ""
	}
	return nil, base64.StdEncoding.EncodeToString(field)
}
