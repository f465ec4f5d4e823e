package consumer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/group/consumer"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// What is set for one group counts within the node's bounds, which may have changed since.
func TestSettingsOfAGroup(t *testing.T) {
	set := func(d time.Duration) *time.Duration { return &d }
	node := consumer.DefaultSettings()
	for _, test := range []struct {
		name                           string
		config                         consumer.GroupConfig
		session, heartbeat, assignment time.Duration
	}{
		{"nothing", consumer.GroupConfig{}, 45 * time.Second, 5 * time.Second, time.Second},
		{"within", consumer.GroupConfig{SessionTimeout: set(50 * time.Second),
			HeartbeatInterval: set(6 * time.Second), AssignmentInterval: set(0)},
			50 * time.Second, 6 * time.Second, 0},
		{"below", consumer.GroupConfig{SessionTimeout: set(time.Second),
			HeartbeatInterval: set(time.Millisecond)}, 45 * time.Second, 5 * time.Second, time.Second},
		{"above", consumer.GroupConfig{SessionTimeout: set(time.Hour), HeartbeatInterval: set(time.Hour),
			AssignmentInterval: set(time.Hour)}, time.Minute, 15 * time.Second, 15 * time.Second},
	} {
		got := node.For(test.config)
		if got.SessionTimeout != test.session || got.HeartbeatInterval != test.heartbeat ||
			got.AssignmentInterval != test.assignment {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
	for policy, want := range map[consumer.MigrationPolicy][2]bool{
		consumer.MigrationDisabled: {false, false}, consumer.MigrationUpgrade: {true, false},
		consumer.MigrationDowngrade: {false, true}, consumer.MigrationBidirectional: {true, true},
	} {
		if got := [2]bool{policy.Upgrade(), policy.Downgrade()}; got != want {
			t.Errorf("%s: %v", policy, got)
		}
	}
}

// join lets a member join under an id and returns its answer.
func (w *world) join(id string, names ...string) *kmsg.ConsumerGroupHeartbeatResponse {
	c := &client{id: id, names: names}
	c.join()
	d := w.send(c.request())
	return d.Answers[0].Response.(*kmsg.ConsumerGroupHeartbeatResponse)
}

// If the records of a step were not written, the next one does the same again.
func TestNotWritten(t *testing.T) {
	w := newWorld()
	w.topics = w.topics.with(map[string]int32{"a": 1})
	w.join("m", "a")
	w.topics = w.topics.with(map[string]int32{"a": 2})
	q := (&client{id: "m", epoch: 2}).request()
	first, _ := w.group.Heartbeat(w.call(), 1, q)
	again, _ := w.group.Heartbeat(w.call(), 1, q)
	if len(first.Records) == 0 {
		t.Fatal("a topic that grew changes nothing")
	}
	if diff := cmp.Diff(first.Records, again.Records); diff != "" {
		t.Fatal(diff)
	}
}

// Only a newer broker knows the state of a member: it has to give up everything and begin
// anew.
func TestUnknownStateIsFenced(t *testing.T) {
	w := newWorld()
	w.topics = w.topics.with(map[string]int32{"a": 2})
	w.join("m", "a")
	for i, r := range w.log {
		if r, ok := r.(*record.ConsumerGroupCurrentMemberAssignment); ok {
			value := *r.Value
			value.State = 77
			changed := &record.ConsumerGroupCurrentMemberAssignment{GroupID: "g", MemberID: "m",
				Value: &value}
			w.log[i] = changed
			w.group.Apply(changed)
		}
	}
	q := (&client{id: "m", epoch: 2, owned: map[place]bool{{w.topics.ids["a"], 0}: true}}).request()
	beat := func() *kmsg.ConsumerGroupHeartbeatResponse {
		return w.send(q).Answers[0].Response.(*kmsg.ConsumerGroupHeartbeatResponse)
	}
	if got := kafka.ErrorCode(beat().ErrorCode); got != kafka.ErrFencedMemberEpoch {
		t.Fatal(got)
	}
	q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	if got := beat(); got.ErrorCode != 0 || w.group.State() != consumer.GroupStable {
		t.Fatalf("%+v, and the group is %s", got, w.group.State())
	}
}

// Kafka before 4.1 kept topics in a record of its own; whoever finds one removes it.
func TestPartitionMetadataIsRemoved(t *testing.T) {
	w := newWorld()
	w.topics = w.topics.with(map[string]int32{"a": 1})
	w.join("m", "a")
	old := &record.ConsumerGroupPartitionMetadata{GroupID: "g",
		Value: &record.ConsumerGroupPartitionMetadataValue{}}
	w.log = append(w.log, old)
	w.group.Apply(old)
	w.join("n", "a")
	last := compacted(w.log, true)
	if !slices.ContainsFunc(last, func(r record.Record) bool {
		m, ok := r.(*record.ConsumerGroupPartitionMetadata)
		return ok && m.Value == nil
	}) {
		t.Fatal("no tombstone was written")
	}
}

// More names than one step looks at: the resolution takes several, and what came of it is
// written at the end.
func TestResolutionTakesManySteps(t *testing.T) {
	w := newWorld()
	sizes := map[string]int32{}
	for i := range 25_000 {
		sizes[fmt.Sprintf("topic-%05d", i)] = 1
	}
	w.topics = w.topics.with(sizes)
	for _, regex := range []string{".*7", "topic-.*", "nothing"} {
		q := (&client{id: "m" + regex, full: true, regex: regex}).request()
		w.take(w.send(q))
	}
	steps := 0
	for w.group.NextDeadline() <= w.now {
		d, _ := w.group.Expire(w.call())
		w.take(d)
		steps++
	}
	if steps != 4 {
		t.Errorf("75,000 matches took %d steps", steps)
	}
	found := map[string]int{}
	for r := range w.group.Stored() {
		if r, ok := r.(*record.ConsumerGroupRegularExpression); ok {
			found[r.RegularExpression] = len(r.Value.Topics)
		}
	}
	want := map[string]int{".*7": 2500, "topic-.*": 25_000, "nothing": 0}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

// A regular expression that no member has when it is resolved is forgotten; one that is
// not valid here, but was for another broker, matches nothing.
func TestResolutionOfWhatIsGone(t *testing.T) {
	w := newWorld()
	w.topics = w.topics.with(map[string]int32{"a": 1})
	for _, r := range []record.Record{
		&record.ConsumerGroupMemberMetadata{GroupID: "g", MemberID: "old",
			Value: &record.ConsumerGroupMemberMetadataValue{SubscribedTopicRegex: ptr("(?=a)")}}} {
		w.log = append(w.log, r)
		w.group.Apply(r)
	}
	w.group.Loaded(w.call())
	w.take(w.send((&client{id: "new", full: true, regex: "a"}).request()))
	w.take(w.send((&client{id: "new", epoch: 1, full: true, regex: ""}).request()))
	w.pass(w.now, nil)
	var resolved []string
	for r := range w.group.Stored() {
		if r, ok := r.(*record.ConsumerGroupRegularExpression); ok {
			resolved = append(resolved, fmt.Sprint(r.RegularExpression, r.Value.Topics))
		}
	}
	if diff := cmp.Diff([]string{"(?=a)[]"}, resolved); diff != "" {
		t.Fatal(diff)
	}
}

func ptr(text string) *string { return &text }

// A wall clock that is set back does not keep new topics away until it has come back.
func TestResolutionAfterTheClockWasSetBack(t *testing.T) {
	w := newWorld()
	w.topics = w.topics.with(map[string]int32{"a": 1})
	q := (&client{id: "m", full: true, regex: "a.*"}).request()
	w.take(w.send(q))
	w.pass(w.now, nil)
	w.topics = w.topics.with(map[string]int32{"ab": 1})
	w.setBack = 3_600_000
	w.pass(w.now.Plus(time.Second), nil)
	w.take(w.send(q))
	w.pass(w.now, nil)
	if !w.group.Subscribed("ab") {
		t.Fatal("the topic is not found")
	}
}

// A regular expression that is too long is refused by a short answer.
func TestRegexLength(t *testing.T) {
	w := newWorld()
	for size, want := range map[int]kafka.ErrorCode{4096: kafka.None,
		4097: kafka.ErrInvalidRegularExpression, 100_000: kafka.ErrInvalidRegularExpression} {
		q := (&client{id: "m", full: true, regex: strings.Repeat("a", size)}).request()
		r := w.send(q).Answers[0].Response.(*kmsg.ConsumerGroupHeartbeatResponse)
		if kafka.ErrorCode(r.ErrorCode) != want || r.ErrorMessage != nil && len(*r.ErrorMessage) > 400 {
			t.Errorf("%d bytes: %+v", size, r)
		}
	}
}

// The records of a compacted log may stand in any order to each other, since any of them
// may be a later one of its key: whatever it is, the group is the same.
func TestRecordsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		w.topics = w.topics.with(map[string]int32{"a": 3, "ab": 2, "b": 4})
		s := &cast{w: w}
		for range rapid.IntRange(1, 4).Draw(t, "members") {
			s.join(t)
		}
		for range rapid.IntRange(0, 12).Draw(t, "beats") {
			w.beat(s.pick(t), false)
			w.pass(w.now.Plus(time.Second), nil)
		}
		log := compacted(w.log, rapid.Bool().Draw(t, "tombstones"))
		shuffled := rapid.Permutation(log).Draw(t, "order")
		if diff := cmp.Diff(state(w, w.group), state(w, loaded(shuffled))); diff != "" {
			t.Fatal(diff)
		}
	})
}
