package group_test

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"odradek/core/group/consumer"
	"odradek/core/group/decision"
)

// playConsumer is a member of the consumer protocol as its client knows it.
type playConsumer struct {
	group, id string
	instance  *string
	epoch     int32
	// owned is what it was last told to have.
	owned []kmsg.ConsumerGroupHeartbeatRequestTopic
	waits decision.Ticket
}

// consumer draws a member of the consumer protocol, or makes one.
func (p *play) consumer(t *rapid.T) *playConsumer {
	i := rapid.IntRange(0, 3).Draw(t, "consumer")
	for len(p.consumers) <= i {
		m := playConsumer{group: drawGroup(t), id: string(rune('p' + len(p.consumers)))}
		if rapid.IntRange(0, 2).Draw(t, "static") == 0 {
			instance := rapid.SampledFrom([]string{"i", "j"}).Draw(t, "instance")
			m.instance = &instance
		}
		p.consumers = append(p.consumers, m)
	}
	return &p.consumers[i]
}

// beat is a heartbeat of a member of the consumer protocol: as it shall be, or anything.
func (p *play) beat(t *rapid.T) {
	m := p.consumer(t)
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.InstanceID = 1, m.group, m.id, m.instance
	q.MemberEpoch, q.Topics = m.epoch, m.owned
	switch rapid.IntRange(0, 9).Draw(t, "how") {
	case 0:
		q.MemberEpoch = rapid.SampledFrom([]int32{-1, -2, 0, 1, 7}).Draw(t, "epoch")
	case 1:
		q.Topics = nil
	}
	if q.MemberEpoch == 0 {
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	}
	if q.MemberEpoch == 0 || rapid.IntRange(0, 3).Draw(t, "all is said") == 0 {
		q.RebalanceTimeoutMillis = 8000
		q.SubscribedTopicNames = rapid.SampledFrom([][]string{{"t"}, {"t", "u"}, {}, {"none"}}).
			Draw(t, "names")
		regex := rapid.SampledFrom([]string{"", "", "u|none", "("}).Draw(t, "regex")
		q.SubscribedTopicRegex = &regex
	}
	p.expire(t)
	ticket, d := p.ask(t, decision.Client{ID: "c", Host: "/h"}, q)
	m.waits = ticket
	p.settle(t, d)
}

func (m *playConsumer) hear(answer kmsg.Response) {
	r := answer.(*kmsg.ConsumerGroupHeartbeatResponse)
	m.waits = 0
	if r.ErrorCode != 0 || r.MemberEpoch < 0 {
		m.epoch, m.owned = 0, nil
		return
	}
	m.epoch = r.MemberEpoch
	if r.Assignment == nil {
		return
	}
	m.owned = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for _, held := range r.Assignment.Topics {
		m.owned = append(m.owned, kmsg.ConsumerGroupHeartbeatRequestTopic(held))
	}
}

// commitAsConsumer commits by a member epoch.
func (p *play) commitAsConsumer(t *rapid.T) {
	m := p.consumer(t)
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Version, q.Group, q.MemberID, q.Generation = 9, m.group, m.id, m.epoch
	topic, partition := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
	topic.Topic, partition.Offset = "t", rapid.Int64Range(0, 99).Draw(t, "offset")
	topic.Partitions = append(topic.Partitions, partition)
	q.Topics = append(q.Topics, topic)
	p.from(&playMember{}, t, q)
}

// changePolicy changes what may become of groups, and how soon targets are replaced.
func (p *play) changePolicy(t *rapid.T) {
	p.settings.Consumer.MigrationPolicy = rapid.SampledFrom([]consumer.MigrationPolicy{
		consumer.MigrationBidirectional, consumer.MigrationBidirectional, consumer.MigrationDisabled,
		consumer.MigrationUpgrade, consumer.MigrationDowngrade}).Draw(t, "policy")
	p.settings.Consumer.AssignmentInterval = rapid.SampledFrom([]time.Duration{0, time.Second}).
		Draw(t, "interval")
	p.settings.Consumer.MaxSize = rapid.IntRange(2, 9).Draw(t, "max size")
}

// A classic member of a consumer group reads what it is told to have, and nobody else
// does, whatever protocol they speak. A group of both settles when all do what they are
// told: classic members join anew when their heartbeats say so.
func TestMixedGroupSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay(t)
		p.badLeaders = 1
		p.settings.Classic.GroupMaxSize = 10
		p.settings.Consumer.AssignmentInterval = 0
		p.topics.make("v", 5)
		for range rapid.IntRange(1, 4).Draw(t, "classic members") {
			p.members = append(p.members, playMember{group: "a", generation: -1})
		}
		p.settleGroup(t, "a")
		for i := range rapid.IntRange(1, 3).Draw(t, "consumers") {
			p.consumers = append(p.consumers, playConsumer{group: "a", id: string(rune('p' + i))})
		}
		for range 12 {
			for i := range p.consumers {
				p.beatHonestly(t, &p.consumers[i])
			}
			for i := range p.members {
				p.followHonestly(t, &p.members[i])
			}
			p.pass(time.Second)
			p.expire(t)
		}
		q := kmsg.NewPtrListGroupsRequest()
		q.Version, q.StatesFilter, q.TypesFilter = 5, []string{"stable"}, []string{"consumer"}
		_, d := p.ask(t, decision.Client{}, q)
		_, answers := p.write(t, d)
		if groups := answers[0].Response.(*kmsg.ListGroupsResponse).Groups; len(groups) != 1 {
			t.Fatalf("the group has not settled: %v", stored(t, p.coordinator))
		}
	})
}

func (p *play) beatHonestly(t *rapid.T, m *playConsumer) {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.MemberEpoch = 1, m.group, m.id, m.epoch
	q.Topics = m.owned
	if m.epoch == 0 {
		q.RebalanceTimeoutMillis, q.SubscribedTopicNames = 8000, []string{"v"}
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	}
	ticket, d := p.ask(t, decision.Client{ID: "c", Host: "/h"}, q)
	m.waits = ticket
	p.settle(t, d)
}

// followHonestly is what a classic member does in a second: its heartbeat, and if that
// says so, joining and coming for its assignment. It has given up all before it joins.
func (p *play) followHonestly(t *rapid.T, m *playMember) {
	q := kmsg.NewPtrHeartbeatRequest()
	q.Version, q.Group, q.MemberID, q.Generation = 4, m.group, m.id, m.generation
	_, d := p.ask(t, decision.Client{ID: "c", Host: "/h"}, q)
	_, answers := p.write(t, d)
	if answers[0].Response.(*kmsg.HeartbeatResponse).ErrorCode == 0 {
		return
	}
	join := kmsg.NewPtrJoinGroupRequest()
	join.Version, join.Group, join.MemberID = 9, m.group, m.id
	join.SessionTimeoutMillis, join.RebalanceTimeoutMillis = 6000, 8000
	join.ProtocolType = "consumer"
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name, protocol.Metadata = "range", subscription("v")
	join.Protocols = append(join.Protocols, protocol)
	p.from(m, t, join)
	p.syncMember(t, m, 4, m.generation)
}
