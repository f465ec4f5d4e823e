package consumer

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/assign"
)

// Describe fills in a group of a ConsumerGroupDescribe. Topics that are gone are left
// out. Source: Kafka, ConsumerGroup.asDescribedGroup.
func (g *Group) Describe(c *Call) kmsg.ConsumerGroupDescribeResponseGroup {
	d := kmsg.NewConsumerGroupDescribeResponseGroup()
	d.Group = g.id
	d.State = string(g.State())
	d.Epoch = int32(g.epoch)
	d.AssignmentEpoch = int32(g.assignmentEpoch)
	nobody := newMember("")
	d.AssignorName = g.assignorAfter(&c.Settings, nobody, nobody)
	for id, m := range g.members.Entries() {
		d.Members = append(d.Members, m.describe(g.target(id), c.Topics))
	}
	return d
}

// memberTypeClassic and memberTypeConsumer say which protocol a member speaks (version 1).
const (
	memberTypeClassic  = 0
	memberTypeConsumer = 1
)

func (m *member) describe(target assign.Set,
	topics Topics) kmsg.ConsumerGroupDescribeResponseGroupMember {
	d := kmsg.NewConsumerGroupDescribeResponseGroupMember()
	d.MemberID = m.id
	d.InstanceID = m.InstanceID
	d.RackID = m.RackID
	d.MemberEpoch = int32(m.epoch)
	d.ClientID, d.ClientHost = m.ClientID, m.ClientHost
	d.SubscribedTopics = slices.Clone(m.SubscribedTopicNames)
	d.SubscribedTopicRegex = m.SubscribedTopicRegex
	// The member is responsible for what it has yet to give up.
	held := slices.Concat(m.assigned.set(), m.revoking.set())
	d.Assignment.TopicPartitions = describeSet(assign.MakeSet(held), topics)
	d.TargetAssignment.TopicPartitions = describeSet(target, topics)
	d.MemberType = memberTypeConsumer
	if m.classic() {
		d.MemberType = memberTypeClassic
	}
	return d
}

func describeSet(set assign.Set, topics Topics) []kmsg.AssignmentTopicPartition {
	var described []kmsg.AssignmentTopicPartition
	for _, t := range set {
		name, found := topics.TopicName(t.Topic)
		if !found {
			continue
		}
		d := kmsg.NewAssignmentTopicPartition()
		d.TopicID, d.Topic, d.Partitions = t.Topic, name, plainPartitions(t.Partitions)
		described = append(described, d)
	}
	return described
}
