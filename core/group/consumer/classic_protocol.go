package consumer

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/assign"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// ClassicProtocolType is the protocol type of consumers in the classic protocol: only its
// members can be in a consumer group, since only theirs says what they are subscribed to.
const ClassicProtocolType = "consumer"

// classicVersionMax is the newest version of what consumers tell each other in the
// classic protocol. Later ones begin like it. Source: Kafka, ConsumerProtocol.
const classicVersionMax = 3

// subscriptionOf reads what a classic member is subscribed to.
func subscriptionOf(raw []byte) (subscription kmsg.ConsumerMemberMetadata, ok bool) {
	if len(raw) < 2 || int16(binary.BigEndian.Uint16(raw)) < 0 {
		return subscription, false
	}
	subscription = kmsg.NewConsumerMemberMetadata()
	return subscription, subscription.ReadFrom(raw) == nil
}

// heldBy is what a classic member says that it has: since version 1 of its subscription
// (KIP-429); before, it has given up everything when it joins. Topics that there are not
// are left out.
func heldBy(subscription *kmsg.ConsumerMemberMetadata, topics Topics) *reported {
	var held []assign.TopicPartitions
	for _, t := range subscription.OwnedPartitions {
		if id, found := topics.TopicID(t.Topic); found {
			held = append(held, assign.TopicPartitions{Topic: id, Partitions: typed(t.Partitions)})
		}
	}
	return &reported{assign.MakeSet(held)}
}

// assignmentOf reads what a classic member was assigned by its leader; nothing at all if
// there is nothing. Topics that there are not are left out. userData is set when an
// assignor has added something of its own, which would be lost.
func assignmentOf(raw []byte, topics Topics) (set assign.Set, userData, ok bool) {
	if len(raw) == 0 {
		return nil, false, true
	}
	if len(raw) < 2 || int16(binary.BigEndian.Uint16(raw)) < 0 {
		return nil, false, false
	}
	assignment := kmsg.NewConsumerMemberAssignment()
	if assignment.ReadFrom(raw) != nil {
		return nil, false, false
	}
	var held []assign.TopicPartitions
	for _, t := range assignment.Topics {
		if id, found := topics.TopicID(t.Topic); found {
			held = append(held, assign.TopicPartitions{Topic: id, Partitions: typed(t.Partitions)})
		}
	}
	return assign.MakeSet(held), len(assignment.UserData) > 0, true
}

// assignmentBytes writes what a classic member is assigned, in the version that its
// subscription is of.
func assignmentBytes(set assign.Set, subscription []byte, topics Topics) []byte {
	assignment := kmsg.NewConsumerMemberAssignment()
	if len(subscription) >= 2 {
		version := int16(binary.BigEndian.Uint16(subscription))
		assignment.Version = min(max(version, 0), classicVersionMax)
	}
	for _, t := range set {
		name, found := topics.TopicName(t.Topic)
		if !found {
			continue
		}
		topic := kmsg.NewConsumerMemberAssignmentTopic()
		topic.Topic, topic.Partitions = name, plainPartitions(t.Partitions)
		assignment.Topics = append(assignment.Topics, topic)
	}
	return assignment.AppendTo(nil)
}

func typed(plain []int32) []kafka.Partition {
	partitions := make([]kafka.Partition, len(plain))
	for i, p := range plain {
		partitions[i] = kafka.Partition(p)
	}
	return partitions
}

// protocol is what a classic member likes best, and what it said for it.
func (m *member) protocol() record.ClassicProtocol {
	if !m.classic() || len(m.ClassicMemberMetadata.SupportedProtocols) == 0 {
		return record.ClassicProtocol{}
	}
	return m.ClassicMemberMetadata.SupportedProtocols[0]
}
