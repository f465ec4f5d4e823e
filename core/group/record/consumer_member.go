package record

import "odradek/core/kafka"

// ConsumerGroupMemberMetadata says that a group of KIP-848 has a member, and what that
// member wants.
type ConsumerGroupMemberMetadata struct {
	GroupID  string
	MemberID string
	Value    *ConsumerGroupMemberMetadataValue
}

// ConsumerGroupMemberMetadataValue is what a member has told of itself.
type ConsumerGroupMemberMetadataValue struct {
	// InstanceID is that of a static member, else nil.
	InstanceID           *string
	RackID               *string
	ClientID             string
	ClientHost           string
	SubscribedTopicNames []string
	// SubscribedTopicRegex is in RE2's syntax; nil or empty: none.
	SubscribedTopicRegex *string
	RebalanceTimeoutMs   int32
	// ServerAssignor is the assignor the member asks for; nil: any.
	ServerAssignor *string
	// ClassicMemberMetadata is set for a member that speaks the classic protocol in a
	// group that was upgraded; nil: it speaks the consumer protocol.
	ClassicMemberMetadata *ClassicMemberMetadata
}

// ClassicMemberMetadata is what the classic protocol of a member says.
type ClassicMemberMetadata struct {
	SessionTimeoutMs   int32
	SupportedProtocols []ClassicProtocol
}

// ClassicProtocol is an assignor that a classic member supports, with its subscription.
type ClassicProtocol struct {
	Name     string
	Metadata []byte
}

// AppendKey implements Record.
func (r *ConsumerGroupMemberMetadata) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindConsumerGroupMemberMetadata, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupMemberMetadata) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupMemberMetadata) keyFields(c *coder) {
	c.text(&r.GroupID)
	c.text(&r.MemberID)
}

func (r *ConsumerGroupMemberMetadata) newValue() valued {
	r.Value = &ConsumerGroupMemberMetadataValue{}
	return r.Value
}

func (v *ConsumerGroupMemberMetadataValue) fields(c *coder, _ int16) {
	c.compact = true
	c.nullableText(&v.InstanceID)
	c.nullableText(&v.RackID)
	c.text(&v.ClientID)
	c.text(&v.ClientHost)
	texts(c, &v.SubscribedTopicNames)
	c.nullableText(&v.SubscribedTopicRegex)
	integer32(c, &v.RebalanceTimeoutMs)
	c.nullableText(&v.ServerAssignor)
	if !c.writing {
		v.ClassicMemberMetadata = &ClassicMemberMetadata{}
	}
	c.tags(tagged{0, !v.ClassicMemberMetadata.isDefault(), v.classic})
}

// isDefault reports whether Kafka leaves the field out. The default is an empty
// structure and not null: null is written, so that a member of the consumer protocol is
// not taken for one of the classic protocol.
func (m *ClassicMemberMetadata) isDefault() bool {
	return m != nil && m.SessionTimeoutMs == 0 && len(m.SupportedProtocols) == 0
}

// classic is a tagged structure that may be null: it begins with a byte that says
// whether it is there, 1 or 0.
func (v *ConsumerGroupMemberMetadataValue) classic(c *coder) {
	present := int8(0)
	if v.ClassicMemberMetadata != nil {
		present = 1
	}
	integer8(c, &present)
	if c.err != nil || present == 0 {
		v.ClassicMemberMetadata = nil
		return
	}
	m := v.ClassicMemberMetadata
	integer32(c, &m.SessionTimeoutMs)
	array(c, &m.SupportedProtocols, 3, func(c *coder, p *ClassicProtocol) {
		c.text(&p.Name)
		c.blob(&p.Metadata)
		c.tags()
	})
	c.tags()
}

// ConsumerGroupTargetAssignmentMember is what a member shall have in the end.
type ConsumerGroupTargetAssignmentMember struct {
	GroupID  string
	MemberID string
	Value    *ConsumerGroupTargetAssignmentMemberValue
}

// ConsumerGroupTargetAssignmentMemberValue lists the partitions.
type ConsumerGroupTargetAssignmentMemberValue struct {
	TopicPartitions []TopicPartitions
}

// TopicPartitions are partitions of one topic.
type TopicPartitions struct {
	TopicID    kafka.TopicID
	Partitions []kafka.Partition
}

// AppendKey implements Record.
func (r *ConsumerGroupTargetAssignmentMember) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindTargetAssignmentMember, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupTargetAssignmentMember) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupTargetAssignmentMember) keyFields(c *coder) {
	c.text(&r.GroupID)
	c.text(&r.MemberID)
}

func (r *ConsumerGroupTargetAssignmentMember) newValue() valued {
	r.Value = &ConsumerGroupTargetAssignmentMemberValue{}
	return r.Value
}

func (v *ConsumerGroupTargetAssignmentMemberValue) fields(c *coder, _ int16) {
	c.compact = true
	array(c, &v.TopicPartitions, 18, func(c *coder, t *TopicPartitions) {
		uuid(c, &t.TopicID)
		array(c, &t.Partitions, 4, integer32[kafka.Partition])
		c.tags()
	})
	c.tags()
}

// ConsumerGroupCurrentMemberAssignment is what a member has now, on its way to what it
// shall have.
type ConsumerGroupCurrentMemberAssignment struct {
	GroupID  string
	MemberID string
	Value    *ConsumerGroupCurrentMemberAssignmentValue
}

// ConsumerGroupCurrentMemberAssignmentValue is how far a member is.
type ConsumerGroupCurrentMemberAssignmentValue struct {
	MemberEpoch kafka.MemberEpoch
	// PreviousMemberEpoch is accepted from a member that never saw the answer which
	// raised its epoch.
	PreviousMemberEpoch kafka.MemberEpoch
	// State is the member's, as Kafka's MemberState numbers them; see package consumer.
	State                       int8
	AssignedPartitions          []AssignedPartitions
	PartitionsPendingRevocation []AssignedPartitions
}

// AssignedPartitions are partitions of one topic, with the epochs at which a member got
// them.
type AssignedPartitions struct {
	TopicID    kafka.TopicID
	Partitions []kafka.Partition
	// AssignmentEpochs are as many as Partitions, or nil: it was not noted. A commit by
	// who had the partition before is known by them.
	AssignmentEpochs []kafka.MemberEpoch
}

// AppendKey implements Record.
func (r *ConsumerGroupCurrentMemberAssignment) AppendKey(dst []byte) []byte {
	return appendKey(dst, kindCurrentMemberAssignment, r)
}

// AppendValue implements Record.
func (r *ConsumerGroupCurrentMemberAssignment) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 0, r.Value)
}

func (r *ConsumerGroupCurrentMemberAssignment) keyFields(c *coder) {
	c.text(&r.GroupID)
	c.text(&r.MemberID)
}

func (r *ConsumerGroupCurrentMemberAssignment) newValue() valued {
	r.Value = &ConsumerGroupCurrentMemberAssignmentValue{}
	return r.Value
}

func (v *ConsumerGroupCurrentMemberAssignmentValue) fields(c *coder, _ int16) {
	c.compact = true
	integer32(c, &v.MemberEpoch)
	integer32(c, &v.PreviousMemberEpoch)
	integer8(c, &v.State)
	assigned(c, &v.AssignedPartitions)
	assigned(c, &v.PartitionsPendingRevocation)
	c.tags()
}

func assigned(c *coder, partitions *[]AssignedPartitions) {
	array(c, partitions, 18, func(c *coder, t *AssignedPartitions) {
		uuid(c, &t.TopicID)
		array(c, &t.Partitions, 4, integer32[kafka.Partition])
		c.tags(tagged{0, t.AssignmentEpochs != nil, func(c *coder) { epochs(c, &t.AssignmentEpochs) }})
	})
}

// epochs is an array that may be null, written only when it is not.
func epochs(c *coder, values *[]kafka.MemberEpoch) {
	if !c.writing && len(c.bytes) > 0 && c.bytes[0] == 0 {
		c.take(1)
		return
	}
	array(c, values, 4, integer32[kafka.MemberEpoch])
}
