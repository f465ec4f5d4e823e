package group_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/env"
	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// world is a coordinator with a log, a clock and an image: the shell, as a test has it.
// Whatever is written is written as bytes and read again before it is applied.
type world struct {
	settings    group.Settings
	topics      topics
	random      counter
	coordinator *group.Coordinator
	now         kafka.Instant
	wall        kafka.Timestamp
	log         []entry
	tickets     decision.Ticket
	// asked are the requests without an answer so far.
	asked map[decision.Ticket]kmsg.Request
}

// entry is a record in the log.
type entry struct {
	key, value []byte
	record     record.Record
}

func newWorld() *world {
	w := &world{settings: group.DefaultSettings(), wall: 1_700_000_000_000,
		asked: map[decision.Ticket]kmsg.Request{}}
	w.load(w.log)
	return w
}

// load makes a coordinator of a log.
func (w *world) load(log []entry) decision.Decision {
	w.coordinator = group.New(group.Options{
		Settings: func() group.Settings { return w.settings },
		Random:   &w.random,
		Topics:   func() group.Topics { return w.topics },
		Trace:    silence{},
	})
	for _, e := range log {
		w.coordinator.Apply(e.record)
	}
	return w.coordinator.Loaded(w.moment())
}

func (w *world) moment() decision.Moment { return decision.Moment{Now: w.now, Wall: w.wall} }

func (w *world) pass(d time.Duration) {
	w.now = w.now.Plus(d)
	w.wall += kafka.Timestamp(d.Milliseconds())
}

// ask hands a request to the coordinator, as it comes over the wire.
func (w *world) ask(t rapid.TB, from decision.Client, q kmsg.Request) (decision.Ticket,
	decision.Decision) {
	t.Helper()
	read := kmsg.RequestForKey(q.Key())
	read.SetVersion(q.GetVersion())
	if err := read.ReadFrom(q.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	w.tickets++
	w.asked[w.tickets] = read
	return w.tickets, w.coordinator.Handle(w.moment(), from, w.tickets, read)
}

// write appends the records of a decision to the log and applies them, and takes its
// answers over the wire.
func (w *world) write(t rapid.TB, d decision.Decision) (records []record.Record,
	answers []decision.Answer) {
	t.Helper()
	for _, r := range d.Records {
		e := entry{key: r.AppendKey(nil), value: r.AppendValue(nil)}
		var err error
		if e.record, err = record.Parse(e.key, e.value); err != nil {
			t.Fatal(err)
		}
		w.log = append(w.log, e)
		records = append(records, e.record)
		w.coordinator.Apply(e.record)
	}
	for _, a := range d.Answers {
		q := w.asked[a.Ticket]
		if q == nil {
			t.Fatalf("ticket %d is answered twice, or was not given: %+v", a.Ticket, a.Response)
		}
		delete(w.asked, a.Ticket)
		if q.GetVersion() != a.Response.GetVersion() || q.Key() != a.Response.Key() {
			t.Fatalf("%T of version %d is answered by %T of version %d", q, q.GetVersion(), a.Response,
				a.Response.GetVersion())
		}
		read := q.ResponseKind()
		if err := read.ReadFrom(a.Response.AppendTo(nil)); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, decision.Answer{Ticket: a.Ticket, Response: read})
	}
	return records, answers
}

// compact is what a cleaner leaves of a log: the last record of each key, and with
// dropTombstones not that one either if it is a tombstone.
func compact(log []entry, dropTombstones bool) []entry {
	last := map[string]int{}
	for i, e := range log {
		last[string(e.key)] = i
	}
	var left []entry
	for i, e := range log {
		if last[string(e.key)] == i && (e.value != nil || !dropTombstones) {
			left = append(left, e)
		}
	}
	return left
}

// counter is a random that counts.
type counter uint64

func (c *counter) Uint64() uint64 { *c++; return uint64(*c) }

func (c *counter) Fork(string) env.Random { return c }

// silence is a trace that nobody reads.
type silence struct{}

func (silence) Event(string, string, int64, int64) {}
func (silence) Sometimes(string, bool)             {}

// topics is an image: topics in the order in which they were made. One without a name is
// gone.
type topics []topic

type topic struct {
	name       string
	id         kafka.TopicID
	partitions int32
}

func (t topics) TopicID(name string) (kafka.TopicID, bool) {
	for _, topic := range t {
		if topic.name == name {
			return topic.id, true
		}
	}
	return kafka.TopicID{}, false
}

func (t topics) TopicName(id kafka.TopicID) (string, bool) {
	for _, topic := range t {
		if topic.id == id && topic.name != "" {
			return topic.name, true
		}
	}
	return "", false
}

func (t topics) PartitionCount(id kafka.TopicID) int32 {
	for _, topic := range t {
		if topic.id == id {
			return topic.partitions
		}
	}
	return 0
}

func (t topics) Names(first string) iter.Seq[string] {
	var names []string
	for _, topic := range t {
		if topic.name >= first && topic.name != "" {
			names = append(names, topic.name)
		}
	}
	return slices.Values(slices.Sorted(slices.Values(names)))
}

func (t topics) Racks(kafka.TopicID, kafka.Partition) []string { return nil }

// Version is another one with every topic made or dropped.
func (t topics) Version() (version int64) {
	for _, topic := range t {
		version = version*31 + int64(topic.id[15])*7 + int64(topic.partitions)
	}
	return version
}

// Created is that of the last topic made.
func (t topics) Created() (created int64) {
	for _, topic := range t {
		created = max(created, int64(topic.id[15]))
	}
	return created
}

// make adds a topic, with an id that says how many there were before.
func (t *topics) make(name string, partitions int32) {
	made := byte(1)
	for _, topic := range *t {
		made = max(made, topic.id[15]+1)
	}
	*t = append(*t, topic{name, kafka.TopicID{15: made}, partitions})
}

// drop leaves the topic's id behind, which no other gets.
func (t topics) drop(name string) {
	for i := range t {
		if t[i].name == name {
			t[i].name, t[i].partitions = "", 0
		}
	}
}

// stored is what a coordinator would be loaded as, in words: what the last record of
// each key says, as DescribeGroups and OffsetFetch would, were nobody there.
func stored(t rapid.TB, c *group.Coordinator) string {
	t.Helper()
	var out strings.Builder
	for r := range c.Stored() {
		fmt.Fprintf(&out, "%x %x\n", r.AppendKey(nil), r.AppendValue(nil))
	}
	return out.String()
}
