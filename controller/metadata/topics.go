package metadata

import "odradek/core/kafka"

// TopicRecord makes a topic, without partitions.
type TopicRecord struct {
	Name    string
	TopicID kafka.TopicID
}

// Key is KeyTopic.
func (r *TopicRecord) Key() Key { return KeyTopic }

// Version is 0.
func (r *TopicRecord) Version() int16 { return 0 }

func (r *TopicRecord) fields(c *coder, _ int16) {
	c.text(&r.Name)
	uuid(c, &r.TopicID)
	c.tags()
}

// RemoveTopicRecord deletes a topic with its partitions and configuration.
type RemoveTopicRecord struct {
	TopicID kafka.TopicID
}

// Key is KeyRemoveTopic.
func (r *RemoveTopicRecord) Key() Key { return KeyRemoveTopic }

// Version is 0.
func (r *RemoveTopicRecord) Version() int16 { return 0 }

func (r *RemoveTopicRecord) fields(c *coder, _ int16) {
	uuid(c, &r.TopicID)
	c.tags()
}

// LeaderRecoveryState says whether a partition's leader was elected cleanly.
// Source: KIP-704.
type LeaderRecoveryState int8

// The states of recovery.
const (
	// Recovered: the leader has everything that was ever committed.
	Recovered LeaderRecoveryState = 0
	// Recovering: an unclean leader that still repairs its state.
	Recovering LeaderRecoveryState = 1
	// RecoveryUnchanged is the default of a PartitionChangeRecord.
	RecoveryUnchanged LeaderRecoveryState = -1
)

// PartitionRecord makes a partition, or replaces all that is known of it.
type PartitionRecord struct {
	PartitionID      kafka.Partition
	TopicID          kafka.TopicID
	Replicas         []kafka.BrokerID
	ISR              []kafka.BrokerID
	RemovingReplicas []kafka.BrokerID
	AddingReplicas   []kafka.BrokerID
	// Leader is NoBroker while there is none.
	Leader         kafka.BrokerID
	RecoveryState  LeaderRecoveryState
	LeaderEpoch    kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	// Directories holds for each replica the log directory it lives in
	// (version 1, KIP-858).
	Directories []UUID
	// ELR are the eligible leader replicas and LastKnownELR who was last in
	// sync (version 2, KIP-966). Nil: none.
	ELR          []kafka.BrokerID
	LastKnownELR []kafka.BrokerID
}

// Key is KeyPartition.
func (r *PartitionRecord) Key() Key { return KeyPartition }

// Version is 2 with eligible leader replicas and 1 without: they are a feature
// of their own, which a cluster may not have finalized.
func (r *PartitionRecord) Version() int16 {
	if r.ELR != nil || r.LastKnownELR != nil {
		return 2
	}
	return 1
}

func (r *PartitionRecord) fields(c *coder, version int16) {
	integer32(c, &r.PartitionID)
	uuid(c, &r.TopicID)
	integers(c, &r.Replicas, false)
	integers(c, &r.ISR, false)
	integers(c, &r.RemovingReplicas, false)
	integers(c, &r.AddingReplicas, false)
	integer32(c, &r.Leader)
	integer32(c, &r.LeaderEpoch)
	integer32(c, &r.PartitionEpoch)
	if version >= 1 {
		uuids(c, &r.Directories, false)
	}
	optional := []tagged{
		{0, r.RecoveryState != Recovered, func(c *coder) { integer8(c, &r.RecoveryState) }},
	}
	if version >= 2 {
		optional = append(optional,
			tagged{1, r.ELR != nil, func(c *coder) { integers(c, &r.ELR, true) }},
			tagged{2, r.LastKnownELR != nil, func(c *coder) { integers(c, &r.LastKnownELR, true) }})
	}
	c.tags(optional...)
}

// LeaderUnchanged is the default leader of a PartitionChangeRecord.
const LeaderUnchanged kafka.BrokerID = -2

// PartitionChangeRecord changes a partition. What is nil stays as it was. The
// partition epoch rises by one; the leader epoch does when a leader is given.
// Make one with NewPartitionChange: the zero value would elect broker 0.
type PartitionChangeRecord struct {
	PartitionID kafka.Partition
	TopicID     kafka.TopicID
	ISR         []kafka.BrokerID
	// Leader is the new leader, NoBroker for none, or LeaderUnchanged.
	Leader           kafka.BrokerID
	Replicas         []kafka.BrokerID
	RemovingReplicas []kafka.BrokerID
	AddingReplicas   []kafka.BrokerID
	RecoveryState    LeaderRecoveryState
	Directories      []UUID
	ELR              []kafka.BrokerID
	LastKnownELR     []kafka.BrokerID
}

// NewPartitionChange returns a record that changes nothing yet.
func NewPartitionChange(topic kafka.TopicID, partition kafka.Partition) *PartitionChangeRecord {
	return &PartitionChangeRecord{PartitionID: partition, TopicID: topic,
		Leader: LeaderUnchanged, RecoveryState: RecoveryUnchanged}
}

// Key is KeyPartitionChange.
func (r *PartitionChangeRecord) Key() Key { return KeyPartitionChange }

// Version is 2 when eligible leader replicas change, 1 when directories do.
func (r *PartitionChangeRecord) Version() int16 {
	switch {
	case r.ELR != nil || r.LastKnownELR != nil:
		return 2
	case r.Directories != nil:
		return 1
	}
	return 0
}

func (r *PartitionChangeRecord) fields(c *coder, version int16) {
	if !c.writing {
		r.Leader, r.RecoveryState = LeaderUnchanged, RecoveryUnchanged
	}
	integer32(c, &r.PartitionID)
	uuid(c, &r.TopicID)
	replicas := func(tag int, ids *[]kafka.BrokerID) tagged {
		return tagged{tag, *ids != nil, func(c *coder) { integers(c, ids, true) }}
	}
	optional := []tagged{
		replicas(0, &r.ISR),
		{1, r.Leader != LeaderUnchanged, func(c *coder) { integer32(c, &r.Leader) }},
		replicas(2, &r.Replicas),
		replicas(3, &r.RemovingReplicas),
		replicas(4, &r.AddingReplicas),
		{5, r.RecoveryState != RecoveryUnchanged,
			func(c *coder) { integer8(c, &r.RecoveryState) }},
	}
	if version >= 2 {
		optional = append(optional, replicas(6, &r.ELR), replicas(7, &r.LastKnownELR))
	}
	if version >= 1 {
		optional = append(optional, tagged{8, r.Directories != nil,
			func(c *coder) { uuids(c, &r.Directories, true) }})
	}
	c.tags(optional...)
}

// ClearELRRecord forgets the eligible leader replicas of one topic, or of all
// when the name is empty. Source: KIP-966.
type ClearELRRecord struct {
	TopicName string
}

// Key is KeyClearELR.
func (r *ClearELRRecord) Key() Key { return KeyClearELR }

// Version is 0.
func (r *ClearELRRecord) Version() int16 { return 0 }

func (r *ClearELRRecord) fields(c *coder, _ int16) {
	c.text(&r.TopicName)
	c.tags()
}
