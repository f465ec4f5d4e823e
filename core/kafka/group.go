package kafka

// Generation counts the rebalances of a group of the classic protocol. It rises by
// one with each; a member that names another one is behind, and is told so.
type Generation int32

// NoGeneration is Kafka's -1: whoever commits is not a member of the group.
const NoGeneration Generation = -1

// MemberEpoch counts the changes of a group of KIP-848. The group has one (its group
// epoch), its target assignment has the one it was computed for, and each member has
// the one it has reached; they are compared with each other.
type MemberEpoch int32

// Member epochs with a meaning of their own, as members send them. Source: KIP-848.
const (
	// JoinEpoch is sent to join, or to join anew after having been fenced.
	JoinEpoch MemberEpoch = 0
	// LeaveEpoch is sent to leave.
	LeaveEpoch MemberEpoch = -1
	// StaticLeaveEpoch is sent by a static member that means to come back.
	StaticLeaveEpoch MemberEpoch = -2
)
