package group_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// TestAnyOrder applies records in orders that no coordinator has written them in, as a
// log may have them that was compacted in part (KAFKA-17306, KAFKA-19862).
func TestAnyOrder(t *testing.T) {
	commit := func(value *record.OffsetCommitValue) record.Record {
		return &record.OffsetCommit{Group: "g", Topic: "t", Value: value}
	}
	metadata := func(value *record.GroupMetadataValue) record.Record {
		return &record.GroupMetadata{Group: "g", Value: value}
	}
	seven := &record.OffsetCommitValue{Offset: 7, ExpireTimestamp: kafka.NoTimestamp}
	empty := &record.GroupMetadataValue{ProtocolType: "consumer", Generation: 3}
	protocol, leader := "range", "gone"
	stable := &record.GroupMetadataValue{ProtocolType: "consumer", Generation: 4, Protocol: &protocol,
		Leader: &leader, Members: []record.GroupMember{{MemberID: "m", SessionTimeout: 6000,
			RebalanceTimeout: -1}, {MemberID: "m"}, {MemberID: ""}}}
	noProtocol := &record.GroupMetadataValue{ProtocolType: "consumer", Generation: 4,
		Members: []record.GroupMember{{MemberID: "m"}}}
	for name, c := range map[string]struct {
		records []record.Record
		state   string
		offset  int64
	}{
		"a tombstone of no offset": {[]record.Record{commit(nil)}, "Dead", -1},
		"a tombstone of no group":  {[]record.Record{metadata(nil)}, "Dead", -1},
		"an offset alone":          {[]record.Record{commit(seven)}, "Empty", 7},
		"the offset before its group": {
			[]record.Record{commit(seven), metadata(empty)}, "Empty", 7},
		"a group that went before its offset": {
			[]record.Record{metadata(nil), commit(seven)}, "Empty", 7},
		"a group that went and left its offset": {
			[]record.Record{metadata(empty), commit(seven), metadata(nil)}, "Empty", 7},
		"an offset that went, and its group": {
			[]record.Record{metadata(empty), commit(seven), commit(nil), metadata(nil)}, "Dead", -1},
		"a leader that is no member, a member twice": {
			[]record.Record{metadata(stable)}, "Stable", -1},
		"members without a protocol": {[]record.Record{metadata(noProtocol)}, "Empty", -1},
		"a record of another kind of group": {
			[]record.Record{&record.ConsumerGroupPartitionMetadata{GroupID: "g"}}, "Dead", -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			var log []entry
			for _, r := range c.records {
				log = append(log, entry{record: r})
			}
			w.load(log)
			w.coordinator.Verify()
			describe := kmsg.NewPtrDescribeGroupsRequest()
			describe.Groups = []string{"g"}
			_, d := w.ask(t, decision.Client{}, describe)
			_, answers := w.write(t, d)
			described := answers[0].Response.(*kmsg.DescribeGroupsResponse).Groups[0]
			if described.State != c.state {
				t.Errorf("the group is %s, not %s", described.State, c.state)
			}
			if offset := w.fetch(t, "g", "t", 0); offset != c.offset {
				t.Errorf("the offset is %d, not %d", offset, c.offset)
			}
		})
	}
}

// fetch is how far a group has read a partition.
func (w *world) fetch(t testing.TB, group, topic string, partition int32) int64 {
	t.Helper()
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Version, q.Group = 7, group
	asked := kmsg.NewOffsetFetchRequestTopic()
	asked.Topic, asked.Partitions = topic, []int32{partition}
	q.Topics = append(q.Topics, asked)
	_, d := w.ask(t, decision.Client{}, q)
	_, answers := w.write(t, d)
	return answers[0].Response.(*kmsg.OffsetFetchResponse).Topics[0].Partitions[0].Offset
}

// TestTooLong: what could not be written is refused, and nothing else suffers.
func TestTooLong(t *testing.T) {
	w := newWorld()
	w.topics.make("t", 1)
	long := strings.Repeat("x", record.StringBytesMax+1)
	join := func(change func(*kmsg.JoinGroupRequest)) *kmsg.JoinGroupRequest {
		q := kmsg.NewPtrJoinGroupRequest()
		q.Version, q.Group, q.SessionTimeoutMillis, q.ProtocolType = 9, "g", 6000, "consumer"
		protocol := kmsg.NewJoinGroupRequestProtocol()
		protocol.Name = "range"
		q.Protocols = append(q.Protocols, protocol)
		change(q)
		return q
	}
	instance := long[:record.StringBytesMax-36]
	for name, q := range map[string]*kmsg.JoinGroupRequest{
		"group":    join(func(q *kmsg.JoinGroupRequest) { q.Group = long }),
		"member":   join(func(q *kmsg.JoinGroupRequest) { q.MemberID = long }),
		"type":     join(func(q *kmsg.JoinGroupRequest) { q.ProtocolType = long }),
		"protocol": join(func(q *kmsg.JoinGroupRequest) { q.Protocols[0].Name = long }),
		"instance": join(func(q *kmsg.JoinGroupRequest) { q.InstanceID = &instance }),
	} {
		_, d := w.ask(t, decision.Client{ID: "c"}, q)
		_, answers := w.write(t, d)
		code := kafka.ErrorCode(answers[0].Response.(*kmsg.JoinGroupResponse).ErrorCode)
		if code != kafka.ErrInvalidRequest {
			t.Errorf("a long %s: %v", name, code)
		}
	}
	if len(w.log) != 0 {
		t.Errorf("%d records were written", len(w.log))
	}
}

// TestWriteError is the table of what a client is told of a log that cannot be written.
func TestWriteError(t *testing.T) {
	commit, fetch := kmsg.NewPtrOffsetCommitRequest(), kmsg.NewPtrOffsetFetchRequest()
	for _, c := range []struct {
		code, commit, fetch kafka.ErrorCode
	}{
		{kafka.ErrNotEnoughReplicas, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator},
		{kafka.ErrUnknownTopicOrPartition, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator},
		{kafka.ErrRequestTimedOut, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator},
		{kafka.ErrNotLeaderOrFollower, kafka.ErrNotCoordinator, kafka.ErrNotCoordinator},
		{kafka.ErrKafkaStorageError, kafka.ErrNotCoordinator, kafka.ErrNotCoordinator},
		{kafka.ErrMessageTooLarge, kafka.ErrUnknownServerError, kafka.ErrUnknownServerError},
		{kafka.ErrRecordListTooLarge, kafka.ErrUnknownServerError, kafka.ErrUnknownServerError},
		{kafka.ErrCorruptMessage, kafka.ErrCorruptMessage, kafka.ErrCorruptMessage},
	} {
		if got := group.WriteError(commit, c.code); got != c.commit {
			t.Errorf("a commit that fails with %v is answered %v, not %v", c.code, got, c.commit)
		}
		if got := group.WriteError(fetch, c.code); got != c.fetch {
			t.Errorf("a fetch that fails with %v is answered %v, not %v", c.code, got, c.fetch)
		}
	}
}

// TestThousandMembers settles a group of a thousand, loses half of it, and settles what
// is left.
func TestThousandMembers(t *testing.T) {
	const size = 1000
	c := &crowd{world: newWorld(), ids: make([]string, size), waits: map[decision.Ticket]int{}}
	c.join(t, size)
	c.join(t, size)
	c.expire(t, 6*time.Second)
	c.sync(t, size, 1)
	for range 16 {
		c.expire(t, 3*time.Second)
		for i := range size / 2 {
			q := kmsg.NewPtrHeartbeatRequest()
			q.Group, q.MemberID, q.Generation = "g", c.ids[i], 1
			c.ask(t, i, q)
		}
	}
	c.join(t, size/2)
	c.sync(t, size/2, 2)
	c.coordinator.Verify()
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{"g"}
	_, d := c.world.ask(t, decision.Client{}, describe)
	g := d.Answers[0].Response.(*kmsg.DescribeGroupsResponse).Groups[0]
	if g.State != "Stable" || len(g.Members) != size/2 {
		t.Errorf("%s with %d members", g.State, len(g.Members))
	}
}

// crowd is many members of one group.
type crowd struct {
	*world
	ids   []string
	waits map[decision.Ticket]int
}

func (c *crowd) ask(t *testing.T, i int, q kmsg.Request) {
	ticket, d := c.world.ask(t, decision.Client{ID: fmt.Sprint("c", i), Host: "/h"}, q)
	c.waits[ticket] = i
	c.hear(t, d)
}

func (c *crowd) hear(t *testing.T, d decision.Decision) {
	_, answers := c.write(t, d)
	for _, a := range answers {
		if r, ok := a.Response.(*kmsg.JoinGroupResponse); ok {
			c.ids[c.waits[a.Ticket]] = r.MemberID
		}
	}
}

func (c *crowd) join(t *testing.T, count int) {
	for i := range count {
		q := kmsg.NewPtrJoinGroupRequest()
		q.Version, q.Group, q.MemberID, q.ProtocolType = 9, "g", c.ids[i], "consumer"
		q.SessionTimeoutMillis, q.RebalanceTimeoutMillis = 45000, 60000
		protocol := kmsg.NewJoinGroupRequestProtocol()
		protocol.Name, protocol.Metadata = "range", subscription("t")
		q.Protocols = append(q.Protocols, protocol)
		c.ask(t, i, q)
	}
}

// sync sends the SyncGroups of a generation, the leader's last.
func (c *crowd) sync(t *testing.T, count int, generation int32) {
	for i := count - 1; i >= 0; i-- {
		q := kmsg.NewPtrSyncGroupRequest()
		q.Group, q.MemberID, q.Generation = "g", c.ids[i], generation
		c.ask(t, i, q)
	}
	if len(c.asked) != 0 {
		t.Fatalf("%d members wait", len(c.asked))
	}
}

func (c *crowd) expire(t *testing.T, d time.Duration) {
	for end := c.now.Plus(d); c.now < end; {
		c.pass(min(3*time.Second, end.Since(c.now)))
		for c.coordinator.NextDeadline() <= c.now {
			c.hear(t, c.coordinator.Expire(c.moment()))
		}
	}
}

// TestManyGroups loads ten thousand groups with ten offsets each, and lets them expire
// in steps of bounded work.
func TestManyGroups(t *testing.T) {
	const groups, offsets = 10_000, 10
	w := newWorld()
	w.topics.make("t", offsets)
	var log []entry
	for g := range groups {
		for p := range offsets {
			r := &record.OffsetCommit{Group: fmt.Sprint("g", g), Topic: "t",
				Partition: kafka.Partition(p), Value: &record.OffsetCommitValue{
					Offset: kafka.Offset(g), CommitTimestamp: w.wall,
					ExpireTimestamp: kafka.NoTimestamp}}
			log = append(log, entry{key: r.AppendKey(nil), value: r.AppendValue(nil), record: r})
		}
	}
	w.load(log)
	w.log = log
	if offset := w.fetch(t, "g4711", "t", 9); offset != 4711 {
		t.Fatal(offset)
	}
	steps := func(step func() decision.Decision) (count int) {
		for more := true; more; count++ {
			d := step()
			if more = d.More; len(d.Records) > 1200 {
				t.Fatalf("%d records in one step", len(d.Records))
			}
			w.write(t, d)
		}
		return count
	}
	cleanUp := func() decision.Decision { return w.coordinator.CleanUp(w.moment()) }
	if n := steps(cleanUp); n > 3 || len(w.log) != len(log) {
		t.Errorf("nothing is too old: %d steps, %d records", n, len(w.log)-len(log))
	}
	w.wall += 7 * 24 * 3600 * 1000
	if n := steps(cleanUp); n > groups*(offsets+1)/1000+1 {
		t.Errorf("all is too old: %d steps", n)
	}
	if left := stored(t, w.coordinator); left != "" {
		t.Errorf("%d bytes are left", len(left))
	}
	w.load(log)
	w.topics.drop("t")
	names := []string{"t"}
	deleted := func() decision.Decision { return w.coordinator.TopicsDeleted(w.moment(), names) }
	if n := steps(deleted); n > groups*offsets/1000+1 {
		t.Errorf("the topic's offsets went in %d steps", n)
	}
	if left := stored(t, w.coordinator); left != "" {
		t.Errorf("%d bytes are left", len(left))
	}
}
