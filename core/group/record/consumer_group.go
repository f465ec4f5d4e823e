package record

import "odradek/core/kafka"

// ConsumerGroupMetadata says that there is a group of KIP-848, and how often it has
// changed.
type ConsumerGroupMetadata struct {
	GroupID string
	Value   *ConsumerGroupMetadataValue
}

// ConsumerGroupMetadataValue is the state of the group as a whole.
type ConsumerGroupMetadataValue struct {
	Epoch kafka.MemberEpoch
	// MetadataHash is over all topics the group is subscribed to: when it differs from
	// what the image gives, the group is to be assigned anew (KIP-1101). 0: none yet.
	MetadataHash int64
}

// AppendKey implements Record.
func (r *ConsumerGroupMetadata) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindConsumerGroupMetadata, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupMetadata) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupMetadata) keyFields(c *coder) { c.text(&r.GroupID) }

func (r *ConsumerGroupMetadata) newValue() valued {
	r.Value = &ConsumerGroupMetadataValue{}
	return r.Value
}

func (v *ConsumerGroupMetadataValue) fields(c *coder, _ int16) {
	c.compact = true
	integer32(c, &v.Epoch)
	c.tags(tagged{0, v.MetadataHash != 0, func(c *coder) { integer64(c, &v.MetadataHash) }})
}

// ConsumerGroupPartitionMetadata is what a group knew of its topics. Kafka wrote it
// until 4.0; since KIP-1101 there is the metadataHash instead, and whoever finds one of
// these writes its tombstone.
type ConsumerGroupPartitionMetadata struct {
	GroupID string
	Value   *ConsumerGroupPartitionMetadataValue
}

// ConsumerGroupPartitionMetadataValue lists the topics.
type ConsumerGroupPartitionMetadataValue struct {
	Topics []TopicMetadata
}

// TopicMetadata is what a group knew of a topic.
type TopicMetadata struct {
	TopicID           kafka.TopicID
	TopicName         string
	NumPartitions     int32
	PartitionMetadata []PartitionMetadata
}

// PartitionMetadata is where the replicas of a partition were.
type PartitionMetadata struct {
	Partition kafka.Partition
	Racks     []string
}

// AppendKey implements Record.
func (r *ConsumerGroupPartitionMetadata) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindConsumerGroupPartitionMetadata, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupPartitionMetadata) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupPartitionMetadata) keyFields(c *coder) { c.text(&r.GroupID) }

func (r *ConsumerGroupPartitionMetadata) newValue() valued {
	r.Value = &ConsumerGroupPartitionMetadataValue{}
	return r.Value
}

func (v *ConsumerGroupPartitionMetadataValue) fields(c *coder, _ int16) {
	c.compact = true
	array(c, &v.Topics, 16, func(c *coder, t *TopicMetadata) {
		uuid(c, &t.TopicID)
		c.text(&t.TopicName)
		integer32(c, &t.NumPartitions)
		array(c, &t.PartitionMetadata, 4, func(c *coder, p *PartitionMetadata) {
			integer32(c, &p.Partition)
			texts(c, &p.Racks)
			c.tags()
		})
		c.tags()
	})
	c.tags()
}

// ConsumerGroupTargetAssignmentMetadata says for which epoch of the group its target
// assignment was computed.
type ConsumerGroupTargetAssignmentMetadata struct {
	GroupID string
	Value   *ConsumerGroupTargetAssignmentMetadataValue
}

// ConsumerGroupTargetAssignmentMetadataValue is the state of the target assignment.
type ConsumerGroupTargetAssignmentMetadataValue struct {
	AssignmentEpoch kafka.MemberEpoch
	// AssignmentTimestamp is when the computation ended (KIP-1263). 0: not known.
	AssignmentTimestamp kafka.Timestamp
}

// AppendKey implements Record.
func (r *ConsumerGroupTargetAssignmentMetadata) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindTargetAssignmentMetadata, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupTargetAssignmentMetadata) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupTargetAssignmentMetadata) keyFields(c *coder) { c.text(&r.GroupID) }

func (r *ConsumerGroupTargetAssignmentMetadata) newValue() valued {
	r.Value = &ConsumerGroupTargetAssignmentMetadataValue{}
	return r.Value
}

func (v *ConsumerGroupTargetAssignmentMetadataValue) fields(c *coder, _ int16) {
	c.compact = true
	integer32(c, &v.AssignmentEpoch)
	c.tags(tagged{0, v.AssignmentTimestamp != 0,
		func(c *coder) { integer64(c, &v.AssignmentTimestamp) }})
}

// ConsumerGroupRegularExpression is what a subscription by regular expression comes to:
// the topics that matched when it was resolved.
type ConsumerGroupRegularExpression struct {
	GroupID           string
	RegularExpression string
	Value             *ConsumerGroupRegularExpressionValue
}

// ConsumerGroupRegularExpressionValue is one resolution.
type ConsumerGroupRegularExpressionValue struct {
	Topics []string
	// Version is the offset of the metadata log up to which topics were looked at.
	Version   int64
	Timestamp kafka.Timestamp
}

// AppendKey implements Record.
func (r *ConsumerGroupRegularExpression) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindRegularExpression, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupRegularExpression) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupRegularExpression) keyFields(c *coder) {
	c.text(&r.GroupID)
	c.text(&r.RegularExpression)
}

func (r *ConsumerGroupRegularExpression) newValue() valued {
	r.Value = &ConsumerGroupRegularExpressionValue{}
	return r.Value
}

func (v *ConsumerGroupRegularExpressionValue) fields(c *coder, _ int16) {
	c.compact = true
	texts(c, &v.Topics)
	integer64(c, &v.Version)
	integer64(c, &v.Timestamp)
	c.tags()
}
