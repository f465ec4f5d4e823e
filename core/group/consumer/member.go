package consumer

import (
	"bytes"
	"slices"

	"odradek/core/group/record"
	"odradek/core/kafka"
)

// MemberState is how a member stands to its target assignment. The values are those of
// the records. Source: Kafka, MemberState.
type MemberState int8

// The states of a member.
const (
	// Stable: it has all it shall have at its epoch.
	Stable MemberState = 0
	// UnrevokedPartitions: it has yet to give up some, and stays at its epoch until then.
	UnrevokedPartitions MemberState = 1
	// UnreleasedPartitions: it is at the assignment epoch, but others have yet to give up
	// some of what it shall have.
	UnreleasedPartitions MemberState = 2
	// UnknownState is a state that only a newer broker knows. Such a member has to begin
	// anew.
	UnknownState MemberState = 127
)

// String is Kafka's name of the state.
func (s MemberState) String() string {
	switch s {
	case Stable:
		return "STABLE"
	case UnrevokedPartitions:
		return "UNREVOKED_PARTITIONS"
	case UnreleasedPartitions:
		return "UNRELEASED_PARTITIONS"
	}
	return "UNKNOWN"
}

// metadata is what a member has told of itself. Its SubscribedTopicNames are sorted, each
// once.
type metadata = record.ConsumerGroupMemberMetadataValue

// member is one member of a group. It is a value: a changed one is another.
type member struct {
	id string
	metadata
	// epoch is the member's. previousEpoch is what it was before: the member may still
	// use it if it never saw the answer by which it rose.
	epoch, previousEpoch kafka.MemberEpoch
	state                MemberState
	// assigned is what the member is told to have. revoking is what it had and has not
	// said yet that it gave up. Invariant: they have nothing in common.
	assigned, revoking owned
}

// newMember is a member of which nothing is known.
func newMember(id string) *member {
	none := ""
	return &member{id: id, previousEpoch: -1,
		metadata: metadata{RebalanceTimeoutMs: -1, SubscribedTopicRegex: &none}}
}

// reconciledTo reports whether the member has arrived at an assignment epoch.
func (m *member) reconciledTo(epoch kafka.MemberEpoch) bool {
	return m.state == Stable && m.epoch == epoch
}

// classic reports whether the member speaks the classic protocol.
func (m *member) classic() bool { return m.ClassicMemberMetadata != nil }

// static reports whether the member has an instance id.
func (m *member) static() bool { return m.InstanceID != nil }

// regex is the member's regular expression, empty if it has none.
func (m *member) regex() string { return text(m.SubscribedTopicRegex) }

// at returns the member with another epoch.
func (m *member) at(epoch kafka.MemberEpoch) *member {
	next := *m
	next.previousEpoch, next.epoch = m.epoch, epoch
	return &next
}

// metadataRecord is the record of what the member has told.
func (m *member) metadataRecord(group string) record.Record {
	value := m.metadata
	return &record.ConsumerGroupMemberMetadata{GroupID: group, MemberID: m.id, Value: &value}
}

// currentRecord is the record of what the member has.
func (m *member) currentRecord(group string) record.Record {
	return &record.ConsumerGroupCurrentMemberAssignment{GroupID: group, MemberID: m.id,
		Value: &record.ConsumerGroupCurrentMemberAssignmentValue{
			MemberEpoch: m.epoch, PreviousMemberEpoch: m.previousEpoch, State: int8(m.state),
			AssignedPartitions: m.assigned, PartitionsPendingRevocation: m.revoking,
		}}
}

// sameCurrent reports whether two members are equally far and have the same.
func (m *member) sameCurrent(other *member) bool {
	return m.epoch == other.epoch && m.previousEpoch == other.previousEpoch &&
		m.state == other.state && m.assigned.equal(other.assigned) && m.revoking.equal(other.revoking)
}

// sameMetadata reports whether two members have told the same of themselves.
func (m *member) sameMetadata(other *member) bool {
	a, b := &m.metadata, &other.metadata
	return sameText(a.InstanceID, b.InstanceID) && sameText(a.RackID, b.RackID) &&
		a.ClientID == b.ClientID && a.ClientHost == b.ClientHost &&
		slices.Equal(a.SubscribedTopicNames, b.SubscribedTopicNames) &&
		sameText(a.SubscribedTopicRegex, b.SubscribedTopicRegex) &&
		a.RebalanceTimeoutMs == b.RebalanceTimeoutMs &&
		sameText(a.ServerAssignor, b.ServerAssignor) &&
		sameClassic(a.ClassicMemberMetadata, b.ClassicMemberMetadata)
}

func sameClassic(a, b *record.ClassicMemberMetadata) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.SessionTimeoutMs == b.SessionTimeoutMs &&
		slices.EqualFunc(a.SupportedProtocols, b.SupportedProtocols,
			func(a, b record.ClassicProtocol) bool {
				return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
			})
}

// text is an optional text, empty when there is none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// sortedNames sorts a subscription and drops what it names twice.
func sortedNames(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
