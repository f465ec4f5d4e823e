package consumer

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/assign"
	"odradek/core/kafka"
)

// reported is what a member says that it has. A nil one is a member that says nothing:
// nothing has changed since it last did.
type reported struct{ set assign.Set }

// ownedTopics reads what a heartbeat reports.
func ownedTopics(topics []kmsg.ConsumerGroupHeartbeatRequestTopic) *reported {
	if topics == nil {
		return nil
	}
	var held []assign.TopicPartitions
	for _, t := range topics {
		partitions := make([]kafka.Partition, len(t.Partitions))
		for i, p := range t.Partitions {
			partitions[i] = kafka.Partition(p)
		}
		held = append(held, assign.TopicPartitions{Topic: t.TopicID, Partitions: partitions})
	}
	return &reported{assign.MakeSet(held)}
}

// within reports whether the member says that it has nothing but some of these.
func (r *reported) within(o owned) bool {
	if r == nil {
		return false
	}
	for _, t := range r.set {
		for _, p := range t.Partitions {
			if !o.has(t.Topic, p) {
				return false
			}
		}
	}
	return true
}

// hasAny reports whether the member may still have one of these: it says so, or says
// nothing.
func (r *reported) hasAny(o owned) bool {
	if r == nil {
		return true
	}
	for _, t := range o {
		for _, p := range t.Partitions {
			if r.set.Has(t.TopicID, p) {
				return true
			}
		}
	}
	return false
}
