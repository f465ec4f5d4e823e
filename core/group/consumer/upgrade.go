package consumer

import (
	"odradek/core/group/assign"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// UpgradeFault is why a classic group cannot become a consumer group, as a sentence for
// the client's log.
type UpgradeFault string

// Upgrade makes a consumer group of the members of a classic one at its generation: they
// have what they were assigned, and that is what they shall have. The decision has the
// records of it. The group is made live by it: sessions begin.
//
// It is asked before a member of the consumer protocol joins, and is not refused after
// that: its records and the join's are one step. See Group.Heartbeat.
func Upgrade(c *Call, id string, generation kafka.Generation, members []ClassicMember) (*Group,
	decision.Decision, UpgradeFault) {
	g := New(id)
	epoch := kafka.MemberEpoch(generation)
	var targets []record.Record
	var current []record.Record
	var d decision.Decision
	change := g.subscriptionChange()
	taken := map[kafka.TopicPartition]bool{}
	for _, handed := range members {
		m, set, fault := handed.upgraded(c)
		if fault != "" {
			return nil, decision.Decision{}, fault
		}
		m.epoch, m.previousEpoch = epoch, epoch
		set = remaining(set, taken, c.Topics)
		m.assigned = own(set, epoch)
		d.Write(m.metadataRecord(id))
		targets = append(targets, targetRecord(id, m.id, set))
		current = append(current, m.currentRecord(id))
		change.members(m, 1)
	}
	d.Write(g.epochRecord(epoch, change.hash(c)))
	d.Write(targets...)
	d.Write(assignmentRecord(id, epoch, 0))
	d.Write(current...)
	for _, r := range d.Records {
		g.Apply(r)
	}
	for _, m := range g.members.Entries() {
		g.startClassicSession(c, m)
	}
	return g, d, ""
}

// remaining is a set without what others have and what there is not: the leader of a
// classic group may have assigned anything. It is added to what is taken.
func remaining(set assign.Set, taken map[kafka.TopicPartition]bool, topics Topics) assign.Set {
	var left []assign.TopicPartitions
	for _, t := range set {
		count := kafka.Partition(topics.PartitionCount(t.Topic))
		for _, p := range t.Partitions {
			at := kafka.TopicPartition{Topic: t.Topic, Partition: p}
			if p < 0 || p >= count || taken[at] {
				continue
			}
			taken[at] = true
			left = append(left, assign.TopicPartitions{Topic: t.Topic,
				Partitions: []kafka.Partition{p}})
		}
	}
	return assign.MakeSet(left)
}

// upgraded is a classic member as one of a consumer group, and what it shall have.
func (handed *ClassicMember) upgraded(c *Call) (*member, assign.Set, UpgradeFault) {
	const malformed = "the embedded consumer protocol is malformed."
	set, userData, ok := assignmentOf(handed.Assignment, c.Topics)
	if !ok || len(handed.Protocols) == 0 {
		return nil, nil, malformed
	}
	if userData {
		return nil, nil, "an unsupported custom assignor is in use. Please refer to the " +
			"documentation or switch to a default assignor before re-attempting the upgrade."
	}
	subscription, ok := subscriptionOf(handed.Protocols[0].Metadata)
	if !ok {
		return nil, nil, malformed
	}
	m := newMember(handed.MemberID)
	m.InstanceID = handed.InstanceID
	if rack := subscription.Rack; rack != nil && *rack != "" {
		m.RackID = rack
	}
	m.RebalanceTimeoutMs = handed.RebalanceTimeoutMs
	m.ClientID, m.ClientHost = handed.ClientID, handed.ClientHost
	m.SubscribedTopicNames = sortedNames(subscription.Topics)
	m.ClassicMemberMetadata = &record.ClassicMemberMetadata{
		SessionTimeoutMs: handed.SessionTimeoutMs, SupportedProtocols: handed.Protocols}
	return m, set, ""
}
