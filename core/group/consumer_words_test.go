package group_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/consumer"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

func (a asked) beat() kmsg.Request {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Version, q.Group, q.MemberID = a.version(1), a.subject, a.s.ids.real(a.text("member", ""))
	q.MemberEpoch, q.InstanceID = a.number("epoch", 0), a.nullable("instance")
	q.ServerAssignor, q.SubscribedTopicRegex = a.nullable("assignor"), a.nullable("regex")
	q.RebalanceTimeoutMillis = -1
	if q.MemberEpoch == 0 {
		q.RebalanceTimeoutMillis = 60000
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	}
	q.RebalanceTimeoutMillis = a.number("rebalance", q.RebalanceTimeoutMillis)
	if names := a.nullable("names"); names != nil {
		q.SubscribedTopicNames = append([]string{},
			strings.FieldsFunc(*names, func(r rune) bool { return r == '+' })...)
	}
	if owned := a.nullable("owned"); owned != nil {
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
		for _, words := range strings.FieldsFunc(*owned, func(r rune) bool { return r == ',' }) {
			name, partition, _ := strings.Cut(words, "/")
			topic := kmsg.NewConsumerGroupHeartbeatRequestTopic()
			topic.TopicID, topic.Partitions = a.id(name), []int32{number(a.t, partition)}
			q.Topics = append(q.Topics, topic)
		}
	}
	return q
}

func (a asked) describeConsumer() kmsg.Request {
	q := kmsg.NewPtrConsumerGroupDescribeRequest()
	q.Version, q.Groups = a.version(1), strings.Split(a.subject, ",")
	q.IncludeAuthorizedOperations = a.nullable("operations") != nil
	return q
}

// sayAssignment says what a member was assigned: as the assignors of consumers write it,
// or the bytes.
func sayAssignment(raw []byte) string {
	assignment := kmsg.NewConsumerMemberAssignment()
	if assignment.ReadFrom(raw) != nil || len(raw) < 6 || raw[0] != 0 {
		return fmt.Sprintf("%q", raw)
	}
	var held []string
	for _, t := range assignment.Topics {
		for _, p := range t.Partitions {
			held = append(held, fmt.Sprintf("%s/%d", t.Topic, p))
		}
	}
	return fmt.Sprint(held)
}

func (s *script) sayBeat(r *kmsg.ConsumerGroupHeartbeatResponse) string {
	line := code(r.ErrorCode).String()
	if r.ErrorMessage != nil {
		line += " (" + *r.ErrorMessage + ")"
	}
	if r.ErrorCode != 0 {
		return line
	}
	line += fmt.Sprintf(" member=%s epoch=%d", s.ids.of(text(r.MemberID)), r.MemberEpoch)
	if r.Assignment == nil {
		return line
	}
	var held []string
	for _, t := range r.Assignment.Topics {
		for _, p := range t.Partitions {
			held = append(held, fmt.Sprintf("%s/%d", s.topic("", t.TopicID), p))
		}
	}
	return line + fmt.Sprintf(" has=%v", held)
}

func (s *script) sayConsumers(r *kmsg.ConsumerGroupDescribeResponse) []string {
	var lines []string
	for _, g := range r.Groups {
		line := fmt.Sprintf("describe-consumer %s %v", g.Group, code(g.ErrorCode))
		if g.ErrorMessage != nil {
			line += fmt.Sprintf(" (%s)", *g.ErrorMessage)
		}
		line += fmt.Sprintf(" %s epoch %d assignment epoch %d by %s", g.State, g.Epoch,
			g.AssignmentEpoch, g.AssignorName)
		if g.AuthorizedOperations != -2147483648 {
			line += fmt.Sprintf(" operations=%#x", g.AuthorizedOperations)
		}
		lines = append(lines, line)
		for _, m := range g.Members {
			line := "describe-consumer " + g.Group + " member " + s.ids.of(m.MemberID)
			if m.InstanceID != nil {
				line += "/" + *m.InstanceID
			}
			lines = append(lines, line+fmt.Sprintf(" epoch %d protocol %d topics=%v has=%v shall=%v",
				m.MemberEpoch, m.MemberType, m.SubscribedTopics, saySet(m.Assignment),
				saySet(m.TargetAssignment)))
		}
	}
	return lines
}

func saySet(a kmsg.Assignment) (held []string) {
	for _, t := range a.TopicPartitions {
		for _, p := range t.Partitions {
			held = append(held, fmt.Sprintf("%s/%d", t.Topic, p))
		}
	}
	return held
}

// sayConsumerRecord says a record of KIP-848 in words.
func (s *script) sayConsumerRecord(t *testing.T, r record.Record) string {
	t.Helper()
	if r.AppendValue(nil) == nil {
		switch r := r.(type) {
		case *record.ConsumerGroupMemberMetadata:
			return fmt.Sprintf("%s member %s is gone", r.GroupID, s.ids.of(r.MemberID))
		case *record.ConsumerGroupTargetAssignmentMember:
			return fmt.Sprintf("%s target of %s is gone", r.GroupID, s.ids.of(r.MemberID))
		case *record.ConsumerGroupCurrentMemberAssignment:
			return fmt.Sprintf("%s assignment of %s is gone", r.GroupID, s.ids.of(r.MemberID))
		}
		return strings.TrimPrefix(fmt.Sprintf("%T is gone", r), "*record.")
	}
	switch r := r.(type) {
	case *record.ConsumerGroupMetadata:
		return fmt.Sprintf("%s epoch %d", r.GroupID, r.Value.Epoch)
	case *record.ConsumerGroupMemberMetadata:
		v := r.Value
		line := fmt.Sprintf("%s member %s %s%s topics %v", r.GroupID, s.ids.of(r.MemberID), v.ClientID,
			v.ClientHost, v.SubscribedTopicNames)
		if v.InstanceID != nil {
			line += " instance " + *v.InstanceID
		}
		if v.ClassicMemberMetadata != nil {
			line += " classic"
			for _, p := range v.ClassicMemberMetadata.SupportedProtocols {
				line += " " + p.Name
			}
		}
		return line
	case *record.ConsumerGroupTargetAssignmentMetadata:
		return fmt.Sprintf("%s targets of epoch %d", r.GroupID, r.Value.AssignmentEpoch)
	case *record.ConsumerGroupTargetAssignmentMember:
		var held []string
		for _, t := range r.Value.TopicPartitions {
			held = append(held, s.partitions(t.TopicID, t.Partitions)...)
		}
		return fmt.Sprintf("%s target of %s %v", r.GroupID, s.ids.of(r.MemberID), held)
	case *record.ConsumerGroupCurrentMemberAssignment:
		v := r.Value
		line := fmt.Sprintf("%s assignment of %s epoch %d %v", r.GroupID, s.ids.of(r.MemberID),
			v.MemberEpoch, consumer.MemberState(v.State))
		for _, part := range []struct {
			word string
			held []record.AssignedPartitions
		}{{"has", v.AssignedPartitions}, {"gives up", v.PartitionsPendingRevocation}} {
			var held []string
			for _, t := range part.held {
				held = append(held, s.partitions(t.TopicID, t.Partitions)...)
			}
			if len(held) > 0 {
				line += fmt.Sprintf(" %s %v", part.word, held)
			}
		}
		return line
	case *record.ConsumerGroupRegularExpression:
		return fmt.Sprintf("%s regex %s is %v", r.GroupID, r.RegularExpression, r.Value.Topics)
	}
	t.Fatalf("no words for %T", r)
	return ""
}

func (s *script) partitions(id kafka.TopicID, partitions []kafka.Partition) (held []string) {
	for _, p := range partitions {
		held = append(held, fmt.Sprintf("%s/%d", s.topic("", id), p))
	}
	return held
}

// heldByTopic reads t/0+t/1.
func heldByTopic(t *testing.T, words string) []kmsg.ConsumerMemberAssignmentTopic {
	var held []kmsg.ConsumerMemberAssignmentTopic
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return r == '+' }) {
		name, text, _ := strings.Cut(word, "/")
		i := slices.IndexFunc(held, func(h kmsg.ConsumerMemberAssignmentTopic) bool {
			return h.Topic == name
		})
		if i < 0 {
			topic := kmsg.NewConsumerMemberAssignmentTopic()
			topic.Topic = name
			i, held = len(held), append(held, topic)
		}
		held[i].Partitions = append(held[i].Partitions, number(t, text))
	}
	return held
}

// assignment is what a leader's assignor writes.
func assignment(t *testing.T, words string) []byte {
	a := kmsg.NewConsumerMemberAssignment()
	a.Topics = heldByTopic(t, words)
	return a.AppendTo(nil)
}

// assigned is what an assignor writes for one partition.
func assigned(topic string, partition int32) []byte {
	a := kmsg.NewConsumerMemberAssignment()
	held := kmsg.NewConsumerMemberAssignmentTopic()
	held.Topic, held.Partitions = topic, []int32{partition}
	a.Topics = append(a.Topics, held)
	return a.AppendTo(nil)
}

// withOwned adds to a subscription what the member owns.
func withOwned(t *testing.T, raw []byte, words string) []byte {
	if words == "" {
		return raw
	}
	m := kmsg.NewConsumerMemberMetadata()
	if err := m.ReadFrom(raw); err != nil {
		t.Fatal(err)
	}
	for _, held := range heldByTopic(t, words) {
		m.OwnedPartitions = append(m.OwnedPartitions, kmsg.ConsumerMemberMetadataOwnedPartition(held))
	}
	return m.AppendTo(nil)
}
