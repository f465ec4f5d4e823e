package group_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// parse reads a request:
//
//	join GROUP [v=] [member=] [instance=] [session=] [rebalance=] [type=]
//	     [protocols=range:t+u,sticky:t] [owns=t/0+t/1]
//	sync GROUP [v=] member= generation= [instance=] [type=] [protocol=] [assign=a1:words,b1:words]
//	     [owns=a1:t/0+t/1,b1:t/2]
//	heartbeat GROUP [v=] member= generation= [instance=]
//	leave GROUP [v=] members=a1,b1/instance,/instance
//	commit GROUP [v=] [member=] [generation=] [instance=] [retention=] offsets=t/0:5,t/1:6:metadata
//	fetch GROUP [v=] [topics=t/0,t/1] [member=] [epoch=]
//	describe GROUP,GROUP [v=] [operations]
//	list [v=] [states=] [types=]
//	delete GROUP,GROUP [v=]
//	offset-delete GROUP topics=t/0
//	beat GROUP [v=] member= [epoch=] [names=t+u] [regex=] [owned=t/0,t/1] [instance=]
//	     [rebalance=] [assignor=]
//	describe-consumer GROUP,GROUP [operations]
//
// The group "unnamed" is that with the empty name. What is left out is what a client of
// the newest version would say.
func (s *script) parse(t *testing.T, text string) kmsg.Request {
	t.Helper()
	words := strings.Fields(text)
	subject := ""
	if words[0] != "list" {
		subject = words[1]
		words = slices.Delete(words, 1, 2)
		if subject == "unnamed" {
			subject = ""
		}
	}
	a := asked{t, s, subject, arguments(t, words[1:])}
	read, ok := map[string]func(asked) kmsg.Request{
		"join": asked.join, "sync": asked.sync, "heartbeat": asked.heartbeat, "leave": asked.leave,
		"commit": asked.commit, "fetch": asked.fetch, "describe": asked.describe, "list": asked.list,
		"delete": asked.delete, "offset-delete": asked.offsetDelete,
		"beat": asked.beat, "describe-consumer": asked.describeConsumer,
	}[words[0]]
	if !ok {
		t.Fatalf("what is %q?", words[0])
	}
	q := read(a)
	for name := range a.named {
		t.Fatalf("%s: what is %s?", text, name)
	}
	return q
}

// asked is the words of one request; what was understood is taken out.
type asked struct {
	t       *testing.T
	s       *script
	subject string
	named   map[string]string
}

func (a asked) text(name, otherwise string) string {
	value, ok := a.named[name]
	delete(a.named, name)
	if !ok {
		return otherwise
	}
	return value
}

func (a asked) nullable(name string) *string {
	value, ok := a.named[name]
	delete(a.named, name)
	if !ok {
		return nil
	}
	return &value
}

func (a asked) number(name string, otherwise int32) int32 {
	if value, ok := a.named[name]; ok {
		delete(a.named, name)
		return number(a.t, value)
	}
	return otherwise
}

func (a asked) version(newest int16) int16 { return int16(a.number("v", int32(newest))) }

func (a asked) texts(name string) []string {
	text := a.text(name, "")
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (a asked) join() kmsg.Request {
	q := kmsg.NewPtrJoinGroupRequest()
	q.Version, q.Group = a.version(9), a.subject
	q.MemberID, q.InstanceID = a.s.ids.real(a.text("member", "")), a.nullable("instance")
	q.SessionTimeoutMillis = a.number("session", 10000)
	q.RebalanceTimeoutMillis = a.number("rebalance", 60000)
	q.ProtocolType = a.text("type", "consumer")
	owns := a.text("owns", "")
	for _, protocol := range strings.Split(a.text("protocols", "range:t"), ",") {
		name, topics, _ := strings.Cut(protocol, ":")
		if name == "" {
			continue
		}
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name, p.Metadata = name, withOwned(a.t, subscription(topics), owns)
		q.Protocols = append(q.Protocols, p)
	}
	return q
}

// subscription is what a consumer says of the topics t+u; "!x" is the bytes x.
func subscription(topics string) []byte {
	if raw, ok := strings.CutPrefix(topics, "!"); ok {
		return []byte(raw)
	}
	names := strings.FieldsFunc(topics, func(r rune) bool { return r == '+' })
	raw := binary.BigEndian.AppendUint32([]byte{0, 1}, uint32(len(names)))
	for _, name := range names {
		raw = binary.BigEndian.AppendUint16(raw, uint16(len(name)))
		raw = append(raw, name...)
	}
	return append(raw, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
}

// topicsOf is subscription read back.
func topicsOf(raw []byte) string {
	if len(raw) < 6 || raw[0] != 0 || raw[1] != 1 {
		return "!" + string(raw)
	}
	var names []string
	count := binary.BigEndian.Uint32(raw[2:])
	raw = raw[6:]
	for range count {
		length := binary.BigEndian.Uint16(raw)
		names = append(names, string(raw[2:2+length]))
		raw = raw[2+length:]
	}
	return strings.Join(names, "+")
}

func (a asked) sync() kmsg.Request {
	q := kmsg.NewPtrSyncGroupRequest()
	q.Version, q.Group = a.version(5), a.subject
	q.MemberID, q.InstanceID = a.s.ids.real(a.text("member", "")), a.nullable("instance")
	q.Generation = a.number("generation", -1)
	q.ProtocolType, q.Protocol = a.nullable("type"), a.nullable("protocol")
	if q.Version >= 5 && q.ProtocolType == nil && q.Protocol == nil {
		consumer, ranges := "consumer", "range"
		q.ProtocolType, q.Protocol = &consumer, &ranges
	}
	for _, words := range a.texts("owns") {
		member, held, _ := strings.Cut(words, ":")
		g := kmsg.NewSyncGroupRequestGroupAssignment()
		g.MemberID, g.MemberAssignment = a.s.ids.real(member), assignment(a.t, held)
		q.GroupAssignment = append(q.GroupAssignment, g)
	}
	for _, words := range a.texts("assign") {
		member, assignment, _ := strings.Cut(words, ":")
		g := kmsg.NewSyncGroupRequestGroupAssignment()
		g.MemberID, g.MemberAssignment = a.s.ids.real(member), []byte(assignment)
		q.GroupAssignment = append(q.GroupAssignment, g)
	}
	return q
}

func (a asked) heartbeat() kmsg.Request {
	q := kmsg.NewPtrHeartbeatRequest()
	q.Version, q.Group = a.version(4), a.subject
	q.MemberID, q.InstanceID = a.s.ids.real(a.text("member", "")), a.nullable("instance")
	q.Generation = a.number("generation", -1)
	return q
}

func (a asked) leave() kmsg.Request {
	q := kmsg.NewPtrLeaveGroupRequest()
	q.Version, q.Group = a.version(5), a.subject
	for _, words := range a.texts("members") {
		member, instance, static := strings.Cut(words, "/")
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID = a.s.ids.real(member)
		if static {
			m.InstanceID = &instance
		}
		q.MemberID = m.MemberID
		q.Members = append(q.Members, m)
	}
	return q
}

func (a asked) commit() kmsg.Request {
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Version, q.Group = a.version(10), a.subject
	q.MemberID, q.InstanceID = a.s.ids.real(a.text("member", "")), a.nullable("instance")
	q.Generation = a.number("generation", -1)
	q.RetentionTimeMillis = int64(a.number("retention", -1))
	for _, words := range a.texts("offsets") {
		parts := strings.SplitN(words, ":", 3)
		name, partition, _ := strings.Cut(parts[0], "/")
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset = number(a.t, partition), int64(number(a.t, parts[1]))
		p.LeaderEpoch = 3
		if len(parts) > 2 {
			p.Metadata = &parts[2]
		}
		i := slices.IndexFunc(q.Topics, func(t kmsg.OffsetCommitRequestTopic) bool {
			return t.Topic == name
		})
		if i < 0 {
			topic := kmsg.NewOffsetCommitRequestTopic()
			topic.Topic, topic.TopicID = name, a.id(name)
			i, q.Topics = len(q.Topics), append(q.Topics, topic)
		}
		q.Topics[i].Partitions = append(q.Topics[i].Partitions, p)
	}
	return q
}

// id is a topic's; one that is not there has an id that nobody has.
func (a asked) id(name string) [16]byte {
	if id, ok := a.s.topics.TopicID(name); ok {
		return id
	}
	return [16]byte{0: 0xff}
}

func (a asked) fetch() kmsg.Request {
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Version, q.Group = a.version(10), a.subject
	member := a.nullable("member")
	for _, id := range strings.Split(a.subject, ",") {
		group := kmsg.NewOffsetFetchRequestGroup()
		group.Group, group.MemberID = id, member
		q.Groups = append(q.Groups, group)
	}
	for _, words := range a.texts("topics") {
		name, text, _ := strings.Cut(words, "/")
		partition := number(a.t, text)
		i := slices.IndexFunc(q.Topics, func(t kmsg.OffsetFetchRequestTopic) bool {
			return t.Topic == name
		})
		if i < 0 {
			topic := kmsg.NewOffsetFetchRequestTopic()
			topic.Topic = name
			i, q.Topics = len(q.Topics), append(q.Topics, topic)
		}
		q.Topics[i].Partitions = append(q.Topics[i].Partitions, partition)
	}
	for i := range q.Groups {
		for _, t := range q.Topics {
			topic := kmsg.NewOffsetFetchRequestGroupTopic()
			topic.Topic, topic.TopicID, topic.Partitions = t.Topic, a.id(t.Topic), t.Partitions
			q.Groups[i].Topics = append(q.Groups[i].Topics, topic)
		}
	}
	return q
}

func (a asked) describe() kmsg.Request {
	q := kmsg.NewPtrDescribeGroupsRequest()
	q.Version, q.Groups = a.version(6), strings.Split(a.subject, ",")
	q.IncludeAuthorizedOperations = a.nullable("operations") != nil
	return q
}

func (a asked) list() kmsg.Request {
	q := kmsg.NewPtrListGroupsRequest()
	q.Version, q.StatesFilter, q.TypesFilter = a.version(5), a.texts("states"), a.texts("types")
	return q
}

func (a asked) delete() kmsg.Request {
	q := kmsg.NewPtrDeleteGroupsRequest()
	q.Version, q.Groups = a.version(3), strings.Split(a.subject, ",")
	return q
}

func (a asked) offsetDelete() kmsg.Request {
	q := kmsg.NewPtrOffsetDeleteRequest()
	q.Group = a.subject
	for _, words := range a.texts("topics") {
		name, partition, _ := strings.Cut(words, "/")
		topic, p := kmsg.NewOffsetDeleteRequestTopic(), kmsg.NewOffsetDeleteRequestTopicPartition()
		topic.Topic, p.Partition = name, number(a.t, partition)
		topic.Partitions = append(topic.Partitions, p)
		q.Topics = append(q.Topics, topic)
	}
	return q
}
