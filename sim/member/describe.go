package member

import (
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Describe asks what the coordinator knows of the group, and writes it down; nil if it
// did not say, or there is no such group. As Kafka's admin client does, it asks for a
// consumer group first.
func (m *Member) Describe(t *task.Task, op *chance.Stream) *groups.Description {
	if !m.connect(t, op) {
		return nil
	}
	if d := m.describeConsumer(t, op); d != nil || m.conn == nil {
		return d
	}
	return m.describeClassic(t, op)
}

func (m *Member) describeClassic(t *task.Task, op *chance.Stream) *groups.Description {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.SetVersion(between(op, 0, 6))
	request.Groups = []string{string(m.Group)}
	call, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.DescribeGroupsResponse)
	if !ok {
		return nil
	}
	if len(answer.Groups) != 1 {
		m.Complain("DescribeGroups of one group is answered for %d", len(answer.Groups))
		return nil
	}
	one := &answer.Groups[0]
	if !m.described(t, kafka.ErrorCode(one.ErrorCode)) {
		return nil
	}
	d := groups.Description{Group: m.Group, State: one.State}
	for i := range one.Members {
		member := &one.Members[i]
		seen := groups.Described{Member: groups.MemberID(member.MemberID)}
		if member.InstanceID != nil {
			seen.Instance = groups.InstanceID(*member.InstanceID)
		}
		given, err := parseAssignment(member.MemberAssignment)
		if err != nil {
			m.Complain("DescribeGroups gives an assignment that cannot be read: %v", err)
			return nil
		}
		for _, p := range given {
			topic, _ := m.topicNamed(p.topic)
			seen.Assigned = append(seen.Assigned, kafka.TopicPartition{Topic: topic.ID,
				Partition: p.partition})
		}
		d.Members = append(d.Members, seen)
	}
	return m.enter(d, call.Called, call.Returned)
}

// described reports whether there is a description.
func (m *Member) described(t *task.Task, code kafka.ErrorCode) bool {
	switch code {
	case kafka.None:
		return true
	case kafka.ErrGroupIDNotFound:
	case kafka.ErrUnknownMemberID, kafka.ErrIllegalGeneration, kafka.ErrFencedMemberEpoch,
		kafka.ErrRebalanceInProgress, kafka.ErrFencedInstanceID:
		m.Complain("a description is refused with %v", code)
	default:
		if !m.refused(t, code) {
			m.Complain("a description is refused with %v", code)
		}
	}
	return false
}

// enter writes a description down.
func (m *Member) enter(d groups.Description, called, returned int64) *groups.Description {
	d.Operation = m.Record.Operation(m.Process, called)
	d.Return, d.Outcome = check.Event(returned), check.OK
	m.Record.Descriptions = append(m.Record.Descriptions, d)
	return &m.Record.Descriptions[len(m.Record.Descriptions)-1]
}

func (m *Member) describeConsumer(t *task.Task, op *chance.Stream) *groups.Description {
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.SetVersion(between(op, 0, 1))
	request.Groups = []string{string(m.Group)}
	call, response := m.send(t, request, 0)
	answer, ok := response.(*kmsg.ConsumerGroupDescribeResponse)
	if !ok {
		return nil
	}
	if len(answer.Groups) != 1 {
		m.Complain("ConsumerGroupDescribe of one group is answered for %d", len(answer.Groups))
		return nil
	}
	one := &answer.Groups[0]
	if !m.described(t, kafka.ErrorCode(one.ErrorCode)) {
		return nil
	}
	d := groups.Description{Group: m.Group, Consumer: true, State: one.State,
		Epoch: groups.Epoch(one.Epoch), AssignmentEpoch: groups.Epoch(one.AssignmentEpoch)}
	for i := range one.Members {
		member := &one.Members[i]
		seen := groups.Described{Member: groups.MemberID(member.MemberID),
			Epoch:    groups.Epoch(member.MemberEpoch),
			Assigned: partitionsOf(&member.Assignment), Target: partitionsOf(&member.TargetAssignment)}
		if member.InstanceID != nil {
			seen.Instance = groups.InstanceID(*member.InstanceID)
		}
		for _, name := range member.SubscribedTopics {
			if topic, known := m.topicNamed(name); known {
				seen.Subscribed = append(seen.Subscribed, topic.ID)
			}
		}
		d.Members = append(d.Members, seen)
	}
	return m.enter(d, call.Called, call.Returned)
}

func partitionsOf(a *kmsg.Assignment) []kafka.TopicPartition {
	var all []kafka.TopicPartition
	for i := range a.TopicPartitions {
		for _, partition := range a.TopicPartitions[i].Partitions {
			all = append(all, kafka.TopicPartition{Topic: a.TopicPartitions[i].TopicID,
				Partition: kafka.Partition(partition)})
		}
	}
	return all
}
