package consumer_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"odradek/core/env"
	"odradek/core/group/consumer"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// topics is a cluster's topics at one moment.
type topics struct {
	sizes            map[string]int32
	ids              map[string]kafka.TopicID
	racks            []string
	version, created int64
	made             byte
}

// with is the topics after some were created, grown, or (0) deleted.
func (t *topics) with(sizes map[string]int32) *topics {
	next := &topics{sizes: map[string]int32{}, ids: map[string]kafka.TopicID{}, racks: t.racks,
		version: t.version + 1, created: t.created, made: t.made}
	maps.Copy(next.sizes, t.sizes)
	maps.Copy(next.ids, t.ids)
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		if sizes[name] == 0 {
			delete(next.sizes, name)
			delete(next.ids, name)
			continue
		}
		if _, known := next.ids[name]; !known {
			next.made++
			next.ids[name] = kafka.TopicID{0: 1, 15: next.made}
			next.created = next.version
		}
		next.sizes[name] = sizes[name]
	}
	return next
}

func (t *topics) TopicID(name string) (kafka.TopicID, bool) {
	id, found := t.ids[name]
	return id, found
}

func (t *topics) TopicName(id kafka.TopicID) (string, bool) {
	for name, known := range t.ids {
		if known == id {
			return name, true
		}
	}
	return "", false
}

func (t *topics) PartitionCount(id kafka.TopicID) int32 {
	name, _ := t.TopicName(id)
	return t.sizes[name]
}

func (t *topics) Names(first string) iter.Seq[string] {
	names := slices.Sorted(maps.Keys(t.sizes))
	at, _ := slices.BinarySearch(names, first)
	return slices.Values(names[at:])
}

func (t *topics) Racks(kafka.TopicID, kafka.Partition) []string { return t.racks }
func (t *topics) Version() int64                                { return t.version }
func (t *topics) Created() int64                                { return t.created }

// counting gives numbers that look random enough for ids and are the same in every run.
type counting struct{ last uint64 }

func (c *counting) Uint64() uint64 {
	c.last++
	return c.last * 0x9E3779B97F4A7C15
}

func (c *counting) Fork(string) env.Random { return c }

// world is one group, its log, and what it knows.
type world struct {
	group    *consumer.Group
	log      []record.Record
	topics   *topics
	hashes   consumer.TopicHashes
	settings consumer.Settings
	now      kafka.Instant
	// setBack is by how many milliseconds the wall clock was set back.
	setBack kafka.Timestamp
	random  *counting
	ticket  decision.Ticket
}

func newWorld() *world {
	w := &world{group: consumer.New("g"), topics: (&topics{}).with(nil),
		settings: consumer.DefaultSettings(), random: &counting{}}
	w.settings.AssignmentInterval = 0
	return w
}

// wallAtStart is what the wall clock shows at instant 0.
const wallAtStart kafka.Timestamp = 1_700_000_000_000

func (w *world) call() *consumer.Call {
	return &consumer.Call{
		Moment: decision.Moment{Now: w.now,
			Wall: wallAtStart - w.setBack + kafka.Timestamp(time.Duration(w.now)/time.Millisecond)},
		Client:   decision.Client{ID: "client", Host: "/127.0.0.1"},
		Settings: w.settings, Topics: w.topics, Hashes: &w.hashes, Random: w.random,
	}
}

// take appends what was decided to the log and applies it.
func (w *world) take(d decision.Decision) {
	for _, r := range d.Records {
		w.log = append(w.log, r)
		w.group.Apply(r)
	}
}

// pass lets time go on to an instant, with everything that is due on the way.
func (w *world) pass(until kafka.Instant, due func(kafka.Instant, decision.Decision)) {
	for w.group.NextDeadline() <= until {
		w.now = max(w.now, w.group.NextDeadline())
		d, _ := w.group.Expire(w.call())
		w.take(d)
		if due != nil {
			due(w.now, d)
		}
	}
	w.now = until
}

// compacted is the log as compaction may leave it: the last record of each key, in their
// order, with or without tombstones.
func compacted(log []record.Record, tombstones bool) []record.Record {
	seen := map[string]bool{}
	var kept []record.Record
	for _, r := range slices.Backward(log) {
		key := string(r.AppendKey(nil))
		if !seen[key] && (tombstones || r.AppendValue(nil) != nil) {
			kept = append(kept, r)
		}
		seen[key] = true
	}
	slices.Reverse(kept)
	return kept
}

// loaded is a group that was read from a log.
func loaded(log []record.Record) *consumer.Group {
	g := consumer.New("g")
	for _, r := range log {
		g.Apply(r)
	}
	return g
}

// told is a record in words.
func (w *world) told(r record.Record) string {
	switch r := r.(type) {
	case *record.ConsumerGroupMetadata:
		if r.Value == nil {
			return "group epoch -"
		}
		return fmt.Sprintf("group epoch %d", r.Value.Epoch)
	case *record.ConsumerGroupPartitionMetadata:
		return "partition metadata -"
	case *record.ConsumerGroupMemberMetadata:
		return "member " + r.MemberID + toldMember(r.Value)
	case *record.ConsumerGroupTargetAssignmentMetadata:
		if r.Value == nil {
			return "assignment epoch -"
		}
		return fmt.Sprintf("assignment epoch %d", r.Value.AssignmentEpoch)
	case *record.ConsumerGroupTargetAssignmentMember:
		if r.Value == nil {
			return "target " + r.MemberID + " -"
		}
		var held []string
		for _, t := range r.Value.TopicPartitions {
			held = append(held, w.partitions(t.TopicID, t.Partitions, nil))
		}
		return "target " + r.MemberID + " [" + strings.Join(held, " ") + "]"
	case *record.ConsumerGroupCurrentMemberAssignment:
		if r.Value == nil {
			return "current " + r.MemberID + " -"
		}
		v := r.Value
		text := fmt.Sprintf("current %s epoch %d before %d %v has [%s]", r.MemberID, v.MemberEpoch,
			v.PreviousMemberEpoch, consumer.MemberState(v.State), w.assigned(v.AssignedPartitions))
		if len(v.PartitionsPendingRevocation) > 0 {
			text += " revokes [" + w.assigned(v.PartitionsPendingRevocation) + "]"
		}
		return text
	case *record.ConsumerGroupRegularExpression:
		if r.Value == nil {
			return "regex " + r.RegularExpression + " -"
		}
		return fmt.Sprintf("regex %s is [%s]", r.RegularExpression, strings.Join(r.Value.Topics, " "))
	}
	return fmt.Sprintf("%T", r)
}

func toldMember(v *record.ConsumerGroupMemberMetadataValue) string {
	if v == nil {
		return " -"
	}
	text := fmt.Sprintf(" names [%s] timeout %d", strings.Join(v.SubscribedTopicNames, " "),
		v.RebalanceTimeoutMs)
	for _, part := range []struct {
		name  string
		value *string
	}{{"instance", v.InstanceID}, {"rack", v.RackID}, {"regex", v.SubscribedTopicRegex},
		{"assignor", v.ServerAssignor}} {
		if part.value != nil && *part.value != "" {
			text += " " + part.name + " " + *part.value
		}
	}
	if v.ClassicMemberMetadata != nil {
		text += " classic"
	}
	return text
}

func (w *world) assigned(topics []record.AssignedPartitions) string {
	var held []string
	for _, t := range topics {
		held = append(held, w.partitions(t.TopicID, t.Partitions, t.AssignmentEpochs))
	}
	return strings.Join(held, " ")
}

// partitions writes topic:0,1,2, and with epochs topic:0@3,1@4.
func (w *world) partitions(id kafka.TopicID, partitions []kafka.Partition,
	epochs []kafka.MemberEpoch) string {
	name, found := w.topics.TopicName(id)
	if !found {
		name = "gone"
	}
	var numbers []string
	for i, p := range partitions {
		number := fmt.Sprint(p)
		if epochs != nil {
			number += fmt.Sprintf("@%d", epochs[i])
		}
		numbers = append(numbers, number)
	}
	return name + ":" + strings.Join(numbers, ",")
}
