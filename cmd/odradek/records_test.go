package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestCut(t *testing.T) {
	type want struct{ key, value string }
	null := "<null>"
	show := func(b []byte) string {
		if b == nil {
			return null
		}
		return string(b)
	}
	for _, c := range []struct {
		separator, null, line string
		want                  want
		wrong                 bool
	}{
		{line: "a:b", want: want{null, "a:b"}},
		{line: "", want: want{null, ""}},
		{separator: ":", line: "a:b:c", want: want{"a", "b:c"}},
		{separator: ":", line: ":", want: want{"", ""}},
		{separator: ":", line: "a", wrong: true},
		{separator: `\t`, line: "a\tb", want: want{"a", "b"}},
		{separator: ":", null: "NULL", line: "NULL:NULL", want: want{null, null}},
		{separator: ":", null: "NULL", line: "NULLS:", want: want{"NULLS", ""}},
		{null: "NULL", line: "NULL", want: want{null, null}},
	} {
		cutter, err := (&produce{separator: c.separator, null: c.null, delimiter: `\n`}).cutter()
		if err != nil {
			t.Fatal(err)
		}
		var record kgo.Record
		err = cutter.cut([]byte(c.line), &record)
		got := want{show(record.Key), show(record.Value)}
		if (err != nil) != c.wrong || !c.wrong && got != c.want {
			t.Errorf("%q: got %v, %v, want %v", c.line, got, err, c.want)
		}
	}
}

func sample() []*kgo.Record {
	return []*kgo.Record{
		{Topic: "orders", Partition: 2, Offset: 7, Timestamp: time.UnixMilli(1_700_000_000_000),
			Key: []byte("k"), Value: []byte("v<&>"), LeaderEpoch: 3,
			Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}, {Key: "n"}}},
		{Topic: "orders", Partition: 2, Offset: 8, Timestamp: time.UnixMilli(0), Value: []byte{0xff}},
		{Topic: "orders", Partition: 2, Offset: 9, Timestamp: time.UnixMilli(0), Key: []byte{}},
	}
}

func TestSink(t *testing.T) {
	yes := true
	for _, c := range []struct {
		options consume
		want    string
	}{
		{consume{delimiter: `\n`}, "v<&>\n\xff\n\n"},
		{consume{delimiter: `\n`, chomp: true}, "v<&>\n\xff\n"},
		{consume{delimiter: `\0`}, "v<&>\x00\xff\x00\x00"},
		{consume{delimiter: ""}, "v<&>\xff"},
		{consume{format: `%t/%p/%o %T %K %S %k=%v [%h] %%\n`},
			"orders/2/7 1700000000000 1 4 k=v<&> [h=1,n=] %\n" +
				"orders/2/8 0 -1 1 =\xff [] %\norders/2/9 0 0 -1 = [] %\n"},
		{consume{format: `%D|`},
			"2023-11-14T22:13:20.000Z|1970-01-01T00:00:00.000Z|1970-01-01T00:00:00.000Z|"},
		{consume{asJSON: &yes},
			`{"topic":"orders","partition":2,"offset":7,"leaderEpoch":3,"timestamp":1700000000000,` +
				`"timestampType":"CreateTime","key":"k","value":"v<&>",` +
				`"headers":[{"name":"h","value":"1"},{"name":"n","value":null}]}` + "\n" +
				`{"topic":"orders","partition":2,"offset":8,"leaderEpoch":0,"timestamp":0,` +
				`"timestampType":"CreateTime","key":null,"value":null,"valueBase64":"/w=="}` + "\n" +
				`{"topic":"orders","partition":2,"offset":9,"leaderEpoch":0,"timestamp":0,` +
				`"timestampType":"CreateTime","key":"","value":null}` + "\n"},
	} {
		var out bytes.Buffer
		o := c.options
		o.connection = &connection{console: &console{out: &out}}
		if o.asJSON == nil {
			o.asJSON = new(bool)
		}
		s, err := o.sink()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range sample() {
			s.record(record)
		}
		if err := s.out.Flush(); err != nil || out.String() != c.want {
			t.Errorf("got %q, %v\nwant %q", out.String(), err, c.want)
		}
	}
}

// reader makes a reading of partition 0, offsets [next, end), without a broker.
func reader(next, end, most int64, follow bool) (*reading, *bytes.Buffer, *[]int32) {
	var out bytes.Buffer
	var paused []int32
	o := &consume{topic: "orders", most: most, delimiter: `\n`, asJSON: new(bool),
		connection: &connection{console: &console{out: &out}}}
	s, _ := o.sink()
	p := &partRange{next: next, end: end}
	r := &reading{consume: o, ranges: []*partRange{p}, sink: s, follow: follow, open: 1,
		byID: map[int32]*partRange{0: p}, pause: func(p int32) { paused = append(paused, p) }}
	return r, &out, &paused
}

func numbered(offsets ...int64) []*kgo.Record {
	var records []*kgo.Record
	for _, offset := range offsets {
		records = append(records, &kgo.Record{Offset: offset, Value: []byte{byte('a' + offset)}})
	}
	return records
}

func TestTakeStopsWhereTheTopicEnded(t *testing.T) {
	for _, c := range []struct {
		name      string
		end, most int64
		follow    bool
		offsets   []int64
		want      string
		done      bool
	}{
		{"to the end", 3, -1, false, []int64{0, 1, 2}, "a b c", true},
		{"not past it", 3, -1, false, []int64{0, 1, 2, 3, 4}, "a b c", true},
		{"with a gap at the end", 5, -1, false, []int64{0, 1, 7}, "a b", true},
		{"not there yet", 5, -1, false, []int64{0, 1}, "a b", false},
		{"at most two", 5, 2, false, []int64{0, 1, 2}, "a b", false},
		{"following", 2, -1, true, []int64{0, 1, 2, 3}, "a b c d", false},
	} {
		r, out, paused := reader(0, c.end, c.most, c.follow)
		r.take(0, numbered(c.offsets...))
		r.sink.out.Flush()
		if got := strings.Join(strings.Fields(out.String()), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if done := r.open == 0; done != c.done || done != (len(*paused) == 1) {
			t.Errorf("%s: done %v, want %v; paused %v", c.name, done, c.done, *paused)
		}
	}
}

func TestSummaries(t *testing.T) {
	now := time.UnixMilli(0)
	w := &writer{topic: "orders", now: func() time.Time { return now.Add(2 * time.Second) },
		started: now, written: map[int32]*span{}}
	s := newSlab(w, 1)
	s.records = s.records[:3]
	for i, offset := range []int64{10, 11} {
		s.records[i] = kgo.Record{Value: []byte("12345"), Offset: offset}
		s.promise(&s.records[i], nil)
	}
	want := "2 records (10 B) written to orders, partition 0 offsets 10 to 11, in 2s (5 B/s)"
	if got := w.summary(nil); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s.promise(&s.records[2], kerr.MessageTooLarge)
	if w.failed == nil || !strings.HasPrefix(w.failed.Error(), "line 3 (0 B): ") || !w.stopped() {
		t.Errorf("got %v", w.failed)
	}
	if got := explain(w.failed); !strings.Contains(got, "\nhint: raise max.message.bytes") {
		t.Errorf("got %q", got)
	}
	if got := w.summary(errInterrupted); got != "interrupted: "+want {
		t.Errorf("got %q", got)
	}
}

func TestExplainJoined(t *testing.T) {
	err := errors.Join(fail("delete topic a", kerr.TopicAuthorizationFailed), errors.New("second"))
	want := "delete topic a: Not authorized to access topics: [Topic authorization failed.] " +
		"(TOPIC_AUTHORIZATION_FAILED)\n" +
		"hint: this client may not do that\nodradek: second"
	if got := explain(err); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
