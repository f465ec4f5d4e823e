package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// linesPerFile is how much each pair of clients exchanges: several batches.
const linesPerFile = 20_000

// cases lists what is run, in order.
func (s *suite) cases() []testCase {
	var all []testCase
	lines := exampleLines()
	for _, producer := range s.clients {
		for _, codec := range producer.codecs() {
			all = append(all, s.linesCase(producer, codec, lines))
		}
	}
	for _, producer := range s.recordClients() {
		all = append(all, s.recordsCase(producer))
	}
	all = append(all, s.javaCases()...)
	all = append(all, s.adminCases()...)
	all = append(all, s.positionCases()...)
	all = append(all, s.sessionCases()...)
	all = append(all, s.groupCases()...)
	all = append(all, s.hostileCases()...)
	all = append(all, s.crashCases()...)
	return append(all, s.directoryCases()...)
}

// exampleLines are log lines of many lengths, with what may trip a client:
// carriage returns, tabs, text beyond ASCII. Empty lines and a last line without
// newline are left to the test of our own command line: kcat drops them.
func exampleLines() []byte {
	random := rand.New(rand.NewPCG(1, 2)) // the same in each run
	var out bytes.Buffer
	for i := range linesPerFile {
		fmt.Fprintf(&out, "%06d GET /orders/%x?q=%s", i, random.Uint64(),
			strings.Repeat("é\t", random.IntN(40)))
		if i%1000 == 0 {
			out.WriteString("\r")
		}
		if i%5000 == 0 {
			out.WriteString(strings.Repeat("long ", 20_000))
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// linesCase writes a file with one client and reads it with all of them.
func (s *suite) linesCase(producer client, codec string, lines []byte) testCase {
	return testCase{"lines/" + producer.name() + "/" + codec, func(ctx context.Context) error {
		return s.exchange(ctx, producer, s.clients, codec, lines)
	}}
}

// exchange writes lines with one client, and reads them with others.
func (s *suite) exchange(
	ctx context.Context, producer client, consumers []client, codec string, lines []byte,
) error {
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return err
	}
	file, err := s.file("lines", lines)
	if err != nil {
		return err
	}
	if err := producer.produce(ctx, topic, codec, file); err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	for _, consumer := range consumers {
		if !slices.Contains(consumer.codecs(), codec) {
			continue
		}
		var got bytes.Buffer
		err := consumer.consume(ctx, topic, &got)
		if err == nil {
			err = same(got.Bytes(), lines)
		}
		if err != nil {
			return fmt.Errorf("read with %s: %w", consumer.name(), err)
		}
	}
	return nil
}

func text(s string) *string { return &s }

// exampleRecords have what records can have. There is none with a null key and an
// empty value, or the other way round: kcat cannot write them.
func exampleRecords() []record {
	return []record{
		{Key: text("k"), Value: text("v")},
		{Key: text("k"), Value: nil},
		{Key: nil, Value: text("no key")},
		{Key: text("empty value"), Value: text("")},
		{Key: text(""), Value: text("empty key")},
		{Key: text("ключ"), Value: text("värde"), Headers: [][2]string{{"h", "1"}, {"h", "2"}}},
		{Key: text("header"), Value: text("x"), Headers: [][2]string{{"trace", "é"}}},
	}
}

// recordsCase writes records with one client and reads them with all.
func (s *suite) recordsCase(producer recordClient) testCase {
	return testCase{"records/" + producer.name(), func(ctx context.Context) error {
		topic, err := s.topic(ctx, 1)
		if err != nil {
			return err
		}
		want := exampleRecords()
		if err := producer.produceRecords(ctx, topic, want); err != nil {
			return fmt.Errorf("produce: %w", err)
		}
		for _, consumer := range s.recordClients() {
			got, err := consumer.consumeRecords(ctx, topic)
			if err == nil {
				err = sameRecords(got, want)
			}
			if err != nil {
				return fmt.Errorf("read with %s: %w", consumer.name(), err)
			}
		}
		return nil
	}}
}

func sameRecords(got, want []record) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].String() != want[i].String() {
			return fmt.Errorf("record %d: got %s, want %s", i, got[i], want[i])
		}
	}
	return nil
}

// String shows a record, with null and empty apart.
func (r record) String() string {
	show := func(t *string) string {
		if t == nil {
			return "null"
		}
		return fmt.Sprintf("%q", *t)
	}
	return fmt.Sprintf("%s: %s %q", show(r.Key), show(r.Value), r.Headers)
}

// steps runs command lines of ours and looks for a text in what each prints.
func (s *suite) steps(ctx context.Context, lines ...[2]string) error {
	for _, line := range lines {
		out, err := s.odradek(ctx, nil, strings.Fields(line[0])...)
		if err != nil {
			return fmt.Errorf("%s: %w", line[0], err)
		}
		if !strings.Contains(string(out), line[1]) {
			return fmt.Errorf("%s: want %q in %q", line[0], line[1], excerpt(string(out)))
		}
	}
	return nil
}

var errNotOurs = fmt.Errorf("%w: the broker is not ours to stop", errSkip)
