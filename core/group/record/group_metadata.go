package record

import "odradek/core/kafka"

// GroupMetadata says that there is a group of the classic protocol, and who is in it.
// It is written when a generation's assignment is known, when the group becomes empty,
// and when a static member is replaced: nothing of a rebalance that is under way.
type GroupMetadata struct {
	Group string
	Value *GroupMetadataValue
}

// GroupMetadataValue is a generation of a group.
type GroupMetadataValue struct {
	// ProtocolType is "consumer", "connect" or the like; empty when no member has ever
	// joined.
	ProtocolType string
	Generation   kafka.Generation
	// Protocol is the assignor the members agreed on. Nil: there is no member.
	Protocol *string
	// Leader is the member that assigns. Nil: there is no member.
	Leader *string
	// CurrentStateTimestamp is when the group came into its state (version 2): of an
	// empty group when it became empty, which is what its offsets expire by (KIP-211).
	CurrentStateTimestamp kafka.Timestamp
	Members               []GroupMember
}

// GroupMember is a member of a generation.
type GroupMember struct {
	MemberID string
	// GroupInstanceID is that of a static member (version 3, KIP-345), else nil.
	GroupInstanceID *string
	ClientID        string
	ClientHost      string
	// RebalanceTimeout is in milliseconds (version 1). Before, the session's was both.
	RebalanceTimeout int32
	// SessionTimeout is in milliseconds.
	SessionTimeout int32
	// Subscription is the member's metadata for the protocol that was chosen.
	Subscription []byte
	Assignment   []byte
}

// AppendKey implements Record.
func (r *GroupMetadata) AppendKey(dst []byte) []byte { return appendKey(dst, kindGroupMetadata, r) }

// AppendValue implements Record. Kafka writes version 3: 4 exists so that it can be
// gone back to (KIP-915).
func (r *GroupMetadata) AppendValue(dst []byte) []byte {
	if r.Value == nil {
		return nil
	}
	return appendValue(dst, 3, r.Value)
}

func (r *GroupMetadata) keyFields(c *coder) { c.text(&r.Group) }

func (r *GroupMetadata) newValue() valued {
	r.Value = &GroupMetadataValue{CurrentStateTimestamp: kafka.NoTimestamp}
	return r.Value
}

func (v *GroupMetadataValue) fields(c *coder, version int16) {
	c.compact = version >= 4
	c.text(&v.ProtocolType)
	integer32(c, &v.Generation)
	c.nullableText(&v.Protocol)
	c.nullableText(&v.Leader)
	if version >= 2 {
		integer64(c, &v.CurrentStateTimestamp)
	}
	// Five lengths and the sessionTimeout: what a member takes at least.
	array(c, &v.Members, 9, func(c *coder, m *GroupMember) { m.fields(c, version) })
	c.tags()
}

func (m *GroupMember) fields(c *coder, version int16) {
	c.text(&m.MemberID)
	if version >= 3 {
		c.nullableText(&m.GroupInstanceID)
	}
	c.text(&m.ClientID)
	c.text(&m.ClientHost)
	if version >= 1 {
		integer32(c, &m.RebalanceTimeout)
	}
	integer32(c, &m.SessionTimeout)
	if version == 0 && !c.writing {
		m.RebalanceTimeout = m.SessionTimeout
	}
	c.blob(&m.Subscription)
	c.blob(&m.Assignment)
	c.tags()
}
