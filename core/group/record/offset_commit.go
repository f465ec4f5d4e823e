package record

import "odradek/core/kafka"

// OffsetCommit says how far a group has read a partition.
type OffsetCommit struct {
	Group     string
	Topic     string
	Partition kafka.Partition
	// Legacy is set when the key is of kind 0, which brokers before 0.9 wrote. It means
	// the same; it is kept so that what is read is what is written.
	Legacy bool
	Value  *OffsetCommitValue
}

// OffsetCommitValue is what was committed.
type OffsetCommitValue struct {
	// Offset is the next one the group will read.
	Offset kafka.Offset
	// LeaderEpoch is that of the last record consumed (version 3, KIP-320), or
	// kafka.NoLeaderEpoch.
	LeaderEpoch kafka.LeaderEpoch
	// Metadata is whatever the client wants to keep.
	Metadata string
	// CommitTimestamp is when the commit was taken, by the coordinator's clock or, of
	// version 1, by the client's wish.
	CommitTimestamp kafka.Timestamp
	// ExpireTimestamp is when the offset expires whatever its group does (version 1,
	// which a commit with a retention time of its own makes), or kafka.NoTimestamp.
	ExpireTimestamp kafka.Timestamp
	// TopicID is the topic's, if the client or the image knew it (version 4, KIP-848).
	TopicID kafka.TopicID
}

// AppendKey implements Record.
func (r *OffsetCommit) AppendKey(dst []byte) []byte {
	if r.Legacy {
		return appendKey(dst, kindLegacyOffsetCommit, r)
	}
	return appendKey(dst, kindOffsetCommit, r)
}

// AppendValue implements Record. Only version 1 has an expireTimestamp, and Kafka has
// written version 4 otherwise since 4.1.
func (r *OffsetCommit) AppendValue(dst []byte) []byte {
	switch {
	case r.Value == nil:
		return nil
	case r.Legacy:
		return appendValue(dst, 0, r.Value)
	case r.Value.ExpireTimestamp != kafka.NoTimestamp:
		return appendValue(dst, 1, r.Value)
	}
	return appendValue(dst, 4, r.Value)
}

func (r *OffsetCommit) keyFields(c *coder) {
	c.text(&r.Group)
	c.text(&r.Topic)
	integer32(c, &r.Partition)
}

func (r *OffsetCommit) newValue() valued {
	r.Value = &OffsetCommitValue{LeaderEpoch: kafka.NoLeaderEpoch, ExpireTimestamp: kafka.NoTimestamp}
	return r.Value
}

func (v *OffsetCommitValue) fields(c *coder, version int16) {
	c.compact = version >= 4
	integer64(c, &v.Offset)
	if version >= 3 {
		integer32(c, &v.LeaderEpoch)
	}
	c.text(&v.Metadata)
	integer64(c, &v.CommitTimestamp)
	if version == 1 {
		integer64(c, &v.ExpireTimestamp)
	}
	c.tags(tagged{0, !v.TopicID.IsZero(), func(c *coder) { uuid(c, &v.TopicID) }})
}
