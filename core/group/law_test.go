package group_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/group/decision"
	"odradek/core/kafka"
)

// TestLoadedIsLive does anything to a coordinator, in any order, and after each step
// loads others from its log: as it is, compacted, and compacted without tombstones. They
// are all to have stored what the live one has.
func TestLoadedIsLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay(t)
		t.Repeat(map[string]func(*rapid.T){
			"join":      p.join,
			"sync":      p.sync,
			"settle":    p.settleDown,
			"heartbeat": p.heartbeat,
			"leave":     p.leave,
			"commit":    p.commit,
			"delete":    p.delete,
			"look":      p.look,
			"pass":      p.passTime,
			"clean up":  p.cleanUp,
			"topics":    p.changeTopics,
			"restart":   p.restart,
			"beat":      p.beat,
			"beat more": p.beat,
			"commit 2":  p.commitAsConsumer,
			"policy":    p.changePolicy,
			"settings":  p.changeSettings,
			"":          p.check,
		})
	})
}

// play is a world in which anything happens. Members do what clients do, and sometimes
// what none does: they name generations and ids that are not theirs.
type play struct {
	*world
	members   []playMember
	consumers []playConsumer
	// badLeaders is how badly leaders may divide: 0 not at all, 1 by giving a partition to
	// two, 2 by writing what no consumer can read.
	badLeaders int
}

// playMember is a member as its client knows it.
type playMember struct {
	group, id  string
	instance   *string
	generation int32
	leader     bool
	all        []string
	// waits is the ticket of its request.
	waits decision.Ticket
}

func newPlay(t *rapid.T) *play {
	p := &play{world: newWorld(), badLeaders: 2}
	p.settings.Classic.GroupMaxSize = 4
	p.topics.make("t", 2)
	p.topics.make("u", 2)
	return p
}

// settle writes what was decided and lets the members hear of it.
func (p *play) settle(t *rapid.T, d decision.Decision) {
	_, answers := p.write(t, d)
	for _, a := range answers {
		for i := range p.members {
			if m := &p.members[i]; m.waits == a.Ticket {
				m.hear(a.Response)
			}
		}
		for i := range p.consumers {
			if m := &p.consumers[i]; m.waits == a.Ticket {
				m.hear(a.Response)
			}
		}
	}
}

func (m *playMember) hear(answer kmsg.Response) {
	m.waits = 0
	switch r := answer.(type) {
	case *kmsg.JoinGroupResponse:
		if m.id = r.MemberID; r.ErrorCode != 0 {
			return
		}
		m.generation, m.leader, m.all = r.Generation, r.LeaderID == r.MemberID, nil
		for _, member := range r.Members {
			m.all = append(m.all, member.MemberID)
		}
	case *kmsg.SyncGroupResponse:
		if kafka.ErrorCode(r.ErrorCode) == kafka.ErrUnknownMemberID {
			m.id = ""
		}
	}
}

// drawGroup draws one of few groups.
func drawGroup(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group") }

// member draws a member, or makes one.
func (p *play) member(t *rapid.T) *playMember {
	i := rapid.IntRange(0, 6).Draw(t, "member")
	for len(p.members) <= i {
		m := playMember{group: drawGroup(t), generation: -1}
		if rapid.Bool().Draw(t, "static") {
			instance := rapid.SampledFrom([]string{"i", "j"}).Draw(t, "instance")
			m.instance = &instance
		}
		p.members = append(p.members, m)
	}
	return &p.members[i]
}

func (p *play) from(m *playMember, t *rapid.T, q kmsg.Request) {
	ticket, d := p.ask(t, decision.Client{ID: "c", Host: "/h"}, q)
	m.waits = ticket
	p.settle(t, d)
}

func (p *play) join(t *rapid.T) {
	m := p.member(t)
	q := kmsg.NewPtrJoinGroupRequest()
	q.Version = rapid.SampledFrom([]int16{0, 3, 5, 8, 9}).Draw(t, "version")
	q.Group, q.MemberID = m.group, m.id
	if q.Version >= 5 {
		q.InstanceID = m.instance
	}
	if rapid.IntRange(0, 4).Draw(t, "forgets its id") == 0 {
		q.MemberID = ""
	}
	q.SessionTimeoutMillis, q.RebalanceTimeoutMillis = 6000, 8000
	q.ProtocolType = rapid.SampledFrom([]string{"consumer", "consumer", "connect"}).Draw(t, "type")
	for _, name := range rapid.SampledFrom([][]string{{"range"}, {"range", "sticky"},
		{"sticky", "range"}, {"range", "range"}, {"other"}, {}}).Draw(t, "protocols") {
		protocol := kmsg.NewJoinGroupRequestProtocol()
		protocol.Name = name
		protocol.Metadata = subscription(rapid.SampledFrom([]string{"t", "t+u", "!"}).Draw(t, "topics"))
		q.Protocols = append(q.Protocols, protocol)
	}
	p.from(m, t, q)
}

func (p *play) sync(t *rapid.T) {
	m := p.member(t)
	behind := int32(rapid.IntRange(0, 9).Draw(t, "generations behind") / 9)
	p.syncMember(t, m, rapid.SampledFrom([]int16{0, 4}).Draw(t, "version"), m.generation-behind)
}

func (p *play) syncMember(t *rapid.T, m *playMember, version int16, generation int32) {
	q := kmsg.NewPtrSyncGroupRequest()
	q.Version, q.Group, q.MemberID, q.Generation = version, m.group, m.id, generation
	if m.leader {
		divide := func(i int) []byte { return assigned("t", int32(i)) }
		switch rapid.IntRange(0, p.badLeaders).Draw(t, "assignment") {
		case 1:
			divide = func(i int) []byte { return assigned("t", int32(i/2)) }
		case 2:
			divide = func(int) []byte { return []byte(m.group + fmt.Sprint(m.generation)) }
		}
		for i, id := range m.all {
			assignment := kmsg.NewSyncGroupRequestGroupAssignment()
			assignment.MemberID, assignment.MemberAssignment = id, divide(i)
			q.GroupAssignment = append(q.GroupAssignment, assignment)
		}
	}
	p.from(m, t, q)
}

// settleDown is what members do that have nothing else in mind: all of a group join, with
// the ids they are told, and sync. Without it a group is rarely Stable.
func (p *play) settleDown(t *rapid.T) {
	p.member(t)
	p.settleGroup(t, drawGroup(t))
}

func (p *play) settleGroup(t *rapid.T, group string) {
	for range 3 {
		for i := range p.members {
			m := &p.members[i]
			if m.group != group || m.waits != 0 {
				continue
			}
			q := kmsg.NewPtrJoinGroupRequest()
			q.Version, q.Group, q.MemberID, q.InstanceID = 9, m.group, m.id, m.instance
			q.SessionTimeoutMillis, q.RebalanceTimeoutMillis, q.ProtocolType = 6000, 8000, "consumer"
			protocol := kmsg.NewJoinGroupRequestProtocol()
			protocol.Name, protocol.Metadata = "range", subscription("t")
			q.Protocols = append(q.Protocols, protocol)
			p.from(m, t, q)
		}
	}
	p.pass(3 * time.Second)
	p.expire(t)
	for i := range p.members {
		if m := &p.members[i]; m.group == group && m.waits == 0 {
			p.syncMember(t, m, 4, m.generation)
		}
	}
}

func (p *play) heartbeat(t *rapid.T) {
	m := p.member(t)
	q := kmsg.NewPtrHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.Generation = 4, m.group, m.id, m.generation
	p.from(m, t, q)
}

func (p *play) leave(t *rapid.T) {
	m := p.member(t)
	q := kmsg.NewPtrLeaveGroupRequest()
	q.Version, q.Group, q.MemberID = rapid.SampledFrom([]int16{0, 5}).Draw(t, "version"), m.group, m.id
	member := kmsg.NewLeaveGroupRequestMember()
	if member.MemberID = m.id; m.instance != nil {
		member.MemberID, member.InstanceID = "", m.instance
	}
	q.Members = append(q.Members, member)
	p.from(m, t, q)
}

func (p *play) commit(t *rapid.T) {
	m := p.member(t)
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Version = rapid.SampledFrom([]int16{2, 8, 9}).Draw(t, "version")
	q.Group, q.Generation = m.group, -1
	if rapid.Bool().Draw(t, "as a member") {
		q.MemberID, q.Generation = m.id, m.generation
	}
	if rapid.IntRange(0, 4).Draw(t, "has a retention") == 0 {
		q.RetentionTimeMillis = 5000
	}
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = rapid.SampledFrom([]string{"t", "u", "none"}).Draw(t, "topic")
	for range rapid.IntRange(0, 2).Draw(t, "partitions") {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition = rapid.Int32Range(-1, 2).Draw(t, "partition")
		partition.Offset = rapid.Int64Range(0, 99).Draw(t, "offset")
		topic.Partitions = append(topic.Partitions, partition)
	}
	q.Topics = append(q.Topics, topic)
	p.from(m, t, q)
}

func (p *play) delete(t *rapid.T) {
	if rapid.Bool().Draw(t, "a group") {
		q := kmsg.NewPtrDeleteGroupsRequest()
		q.Groups = []string{drawGroup(t), drawGroup(t)}
		p.from(&playMember{}, t, q)
		return
	}
	q := kmsg.NewPtrOffsetDeleteRequest()
	q.Group = drawGroup(t)
	topic, partition := kmsg.NewOffsetDeleteRequestTopic(), kmsg.NewOffsetDeleteRequestTopicPartition()
	topic.Topic, partition.Partition = "t", rapid.Int32Range(0, 2).Draw(t, "partition")
	topic.Partitions = append(topic.Partitions, partition)
	q.Topics = append(q.Topics, topic)
	p.from(&playMember{}, t, q)
}

// look asks what changes nothing.
func (p *play) look(t *rapid.T) {
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Version, describe.Groups = 6, []string{drawGroup(t)}
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.Version, fetch.Group, fetch.Topics = 7, drawGroup(t), nil
	list := kmsg.NewPtrListGroupsRequest()
	list.Version = 5
	consumers := kmsg.NewPtrConsumerGroupDescribeRequest()
	consumers.Version, consumers.Groups = 1, []string{drawGroup(t)}
	for _, q := range []kmsg.Request{describe, fetch, list, consumers} {
		before := len(p.log)
		p.from(&playMember{}, t, q)
		if len(p.log) != before {
			t.Fatalf("%T has written", q)
		}
	}
}

func (p *play) passTime(t *rapid.T) {
	p.pass(time.Duration(rapid.SampledFrom([]int{0, 1, 2999, 3000, 6000, 300000}).Draw(t, "ms")) *
		time.Millisecond)
	p.expire(t)
}

func (p *play) expire(t *rapid.T) {
	for p.coordinator.NextDeadline() <= p.now {
		p.settle(t, p.coordinator.Expire(p.moment()))
		p.check(t)
	}
}

func (p *play) cleanUp(t *rapid.T) {
	if rapid.Bool().Draw(t, "after a week") {
		p.wall += 7 * 24 * 3600 * 1000
	}
	for more := true; more; {
		d := p.coordinator.CleanUp(p.moment())
		more = d.More
		p.settle(t, d)
	}
}

func (p *play) changeTopics(t *rapid.T) {
	p.topics.drop("u")
	if rapid.Bool().Draw(t, "again") {
		p.topics.make("u", 1)
	}
	for more := true; more; {
		d := p.coordinator.TopicsDeleted(p.moment(), []string{"u"})
		more = d.More
		p.settle(t, d)
	}
}

// restart goes on with another coordinator: what it was not told in records is lost, and
// nobody is answered any more.
func (p *play) restart(t *rapid.T) {
	if rapid.Bool().Draw(t, "unloaded first") {
		p.settle(t, decision.Decision{Answers: p.coordinator.Unload(kafka.ErrNotCoordinator)})
		if len(p.asked) != 0 {
			t.Fatalf("nobody answers %v", p.asked)
		}
	}
	if rapid.Bool().Draw(t, "compacted") {
		p.log = compact(p.log, rapid.Bool().Draw(t, "tombstones too"))
	}
	clear(p.asked)
	p.settle(t, p.load(p.log))
}

func (p *play) changeSettings(t *rapid.T) {
	p.settings.Classic.GroupMaxSize = rapid.Int32Range(1, 4).Draw(t, "max size")
	delay := rapid.SampledFrom([]int32{0, 3000}).Draw(t, "delay")
	p.settings.Classic.GroupInitialRebalanceDelayMs = delay
}

// check is the law.
func (p *play) check(t *rapid.T) {
	p.coordinator.Verify()
	live := stored(t, p.coordinator)
	for name, log := range map[string][]entry{
		"the log": p.log, "the compacted log": compact(p.log, false),
		"the log without tombstones": compact(p.log, true),
	} {
		other := &world{settings: p.settings, topics: p.topics}
		other.load(log)
		other.coordinator.Verify()
		if diff := cmp.Diff(live, stored(t, other.coordinator)); diff != "" {
			t.Fatalf("loaded from %s: %s", name, diff)
		}
	}
}
