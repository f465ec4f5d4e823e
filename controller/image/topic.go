package image

import (
	"slices"
	"strings"

	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// Topic is a topic and its partitions.
type Topic struct {
	Name string
	ID   kafka.TopicID
	// partitions holds partition p at index p. Invariant: no holes.
	partitions []*Partition
}

// Partition returns a partition, nil when there is none.
func (t *Topic) Partition(p kafka.Partition) *Partition {
	if p < 0 || int(p) >= len(t.partitions) {
		return nil
	}
	return t.partitions[p]
}

// Partitions returns all partitions, partition p at index p.
func (t *Topic) Partitions() []*Partition { return t.partitions }

// PartitionCount is how many partitions the topic has.
func (t *Topic) PartitionCount() int { return len(t.partitions) }

// Partition is what the controller knows of a partition.
type Partition struct {
	// Replicas are the brokers that should have the partition, the preferred
	// leader first.
	Replicas []kafka.BrokerID
	// ISR is a subset of Replicas. It is never empty.
	ISR              []kafka.BrokerID
	RemovingReplicas []kafka.BrokerID
	AddingReplicas   []kafka.BrokerID
	// ELR and LastKnownELR are nil without eligible leader replicas.
	ELR          []kafka.BrokerID
	LastKnownELR []kafka.BrokerID
	// Directories holds the log directory of each replica, or is empty.
	Directories []metadata.UUID
	// Leader is in ISR, or NoBroker.
	Leader         kafka.BrokerID
	RecoveryState  metadata.LeaderRecoveryState
	LeaderEpoch    kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
}

func newPartition(r *metadata.PartitionRecord) *Partition {
	return &Partition{
		Replicas:         slices.Clone(r.Replicas),
		ISR:              slices.Clone(r.ISR),
		RemovingReplicas: slices.Clone(r.RemovingReplicas),
		AddingReplicas:   slices.Clone(r.AddingReplicas),
		ELR:              nonEmpty(r.ELR),
		LastKnownELR:     nonEmpty(r.LastKnownELR),
		Directories:      slices.Clone(r.Directories),
		Leader:           r.Leader,
		RecoveryState:    r.RecoveryState,
		LeaderEpoch:      r.LeaderEpoch,
		PartitionEpoch:   r.PartitionEpoch,
	}
}

// changed returns the partition as a change record leaves it. Every change
// raises the partition epoch, and one that names a leader the leader epoch.
func (p *Partition) changed(r *metadata.PartitionChangeRecord) *Partition {
	next := *p
	replace(&next.Replicas, r.Replicas)
	replace(&next.ISR, r.ISR)
	replace(&next.RemovingReplicas, r.RemovingReplicas)
	replace(&next.AddingReplicas, r.AddingReplicas)
	replace(&next.Directories, r.Directories)
	replace(&next.ELR, r.ELR)
	replace(&next.LastKnownELR, r.LastKnownELR)
	next.ELR, next.LastKnownELR = nonEmpty(next.ELR), nonEmpty(next.LastKnownELR)
	if r.Leader != metadata.LeaderUnchanged {
		next.Leader = r.Leader
		next.LeaderEpoch++
	}
	if r.RecoveryState != metadata.RecoveryUnchanged {
		next.RecoveryState = r.RecoveryState
	}
	next.PartitionEpoch++
	return &next
}

func replace[T any](current *[]T, next []T) {
	if next != nil {
		*current = slices.Clone(next)
	}
}

func nonEmpty[T any](values []T) []T {
	if len(values) == 0 {
		return nil
	}
	return slices.Clone(values)
}

// record is the partition as one record.
func (p *Partition) record(topic kafka.TopicID, index int) *metadata.PartitionRecord {
	return &metadata.PartitionRecord{
		PartitionID:      kafka.Partition(index),
		TopicID:          topic,
		Replicas:         p.Replicas,
		ISR:              p.ISR,
		RemovingReplicas: p.RemovingReplicas,
		AddingReplicas:   p.AddingReplicas,
		Leader:           p.Leader,
		RecoveryState:    p.RecoveryState,
		LeaderEpoch:      p.LeaderEpoch,
		PartitionEpoch:   p.PartitionEpoch,
		Directories:      p.Directories,
		ELR:              p.ELR,
		LastKnownELR:     p.LastKnownELR,
	}
}

// hasCollisionChars: a metric's name writes a dot as an underscore, so that two
// topics which differ in nothing else would share their metrics.
func hasCollisionChars(name string) bool { return strings.ContainsAny(name, "._") }

func unifyCollisionChars(name string) string { return strings.ReplaceAll(name, ".", "_") }
