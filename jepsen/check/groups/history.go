package groups

import (
	"time"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// Group is a group.id.
type Group string

// MemberID names one life of a member in its group: the classic protocol's coordinator
// gives it, a member of the consumer protocol makes it.
type MemberID string

// InstanceID is a group.instance.id; "" for a dynamic member. Source: KIP-345.
type InstanceID string

// Epoch is a generation of the classic protocol or a member epoch of the consumer
// protocol (KIP-848).
type Epoch int32

// NoEpoch goes with a commit of nobody's: a group that only keeps offsets.
const NoEpoch Epoch = -1

// Kind is what a member asks of its coordinator.
type Kind uint8

const (
	// Joins is a JoinGroup, or a ConsumerGroupHeartbeat at epoch 0.
	Joins Kind = iota
	// Syncs is a SyncGroup.
	Syncs
	// Beats is a Heartbeat, or a ConsumerGroupHeartbeat at an epoch above 0.
	Beats
	// Leaves is a LeaveGroup, or a ConsumerGroupHeartbeat at epoch -1 or -2.
	Leaves
)

// Ask is one question of a member to its coordinator, and the answer.
type Ask struct {
	check.Operation
	Kind     Kind
	Group    Group
	Member   MemberID
	Instance InstanceID
	// Consumer: the question belongs to the consumer protocol.
	Consumer bool
	// Asked is the epoch that the question named, Told that of an answer without error.
	Asked, Told Epoch
	// Subscribed are the topics that the member asks for, nil if the question does not say.
	Subscribed []kafka.TopicID
	// Code is the answer's error, None where there was no answer.
	Code kafka.ErrorCode
	// Sent and Answered are the times of the call and the return since the run began.
	Sent, Answered time.Duration
	// Owes: after the answer, the member may have partitions to give up, of which it was
	// told, or of which an answer that got lost would have told it. Consumer protocol only.
	Owes bool
	// Session and Rebalance are the member's time-outs.
	Session, Rebalance time.Duration
}

// fine reports whether the answer vouches for the member: it is one of the group.
func (a *Ask) fine() bool {
	return a.Outcome != check.Unknown && (a.Code == kafka.None ||
		a.Kind == Beats && !a.Consumer && a.Code == kafka.ErrRebalanceInProgress)
}

// Tenure is a time in which a member takes itself for the owner of a partition. In the
// classic protocol each generation begins a new one.
type Tenure struct {
	Group     Group
	Member    MemberID
	Consumer  bool
	Partition kafka.TopicPartition
	// Epoch is the generation, or member epoch, at which it was given.
	Epoch Epoch
	// Begin is when the answer that gave it had come, End when the member had stopped
	// to work on it, before it told anybody; check.Never if it never has.
	Begin, End check.Event
}

// Value is what is committed: an offset, and the metadata that tells commits apart.
type Value struct {
	Offset   kafka.Offset
	Metadata string
}

// None is the value of a partition without a committed offset.
func None() Value { return Value{Offset: kafka.NoOffset} }

// Commit is one partition's part of one OffsetCommit that was sent. What is sent again
// is another commit, of another value: each may take effect.
type Commit struct {
	check.Operation
	Group     Group
	Member    MemberID
	Instance  InstanceID
	Consumer  bool
	Epoch     Epoch
	Partition kafka.TopicPartition
	Value     Value
	// Code is the answer's error, None where there was no answer.
	Code kafka.ErrorCode
}

// Read is one partition's part of an OffsetFetch. One that is not OK says nothing.
type Read struct {
	check.Operation
	Group     Group
	Partition kafka.TopicPartition
	Value     Value
}

// Delete takes a committed offset away: OffsetDelete, or DeleteGroups.
type Delete struct {
	check.Operation
	Group     Group
	Partition kafka.TopicPartition
}

// Start is where a member began to read a partition that it was given.
type Start struct {
	ID        int
	Group     Group
	Member    MemberID
	Partition kafka.TopicPartition
	At        check.Event
	Offset    kafka.Offset
}

// Take is a run of records, [From, To), that a member took from a partition and worked
// on. If Skipped, it passed over them, as the broker said that they were deleted.
type Take struct {
	ID        int
	Group     Group
	Member    MemberID
	Partition kafka.TopicPartition
	At        check.Event
	From, To  kafka.Offset
	Skipped   bool
}

// Description is what DescribeGroups or ConsumerGroupDescribe told of a group.
type Description struct {
	check.Operation
	Group    Group
	Consumer bool
	// State is Kafka's name of it: Stable, Reconciling, PreparingRebalance ...
	State string
	// Epoch and AssignmentEpoch are those of a consumer group.
	Epoch, AssignmentEpoch Epoch
	Members                []Described
}

// Described is one member in a description.
type Described struct {
	Member   MemberID
	Instance InstanceID
	// Epoch is the member epoch; Subscribed are the topics it asks for. Both are only
	// known of a consumer group.
	Epoch      Epoch
	Subscribed []kafka.TopicID
	// Assigned is what the member has, Target what it shall have. A description of a
	// classic group has no target.
	Assigned, Target []kafka.TopicPartition
}

// Topic is what is known of a topic that groups subscribe to.
type Topic struct {
	ID kafka.TopicID
	// Partitions is how many it has had since before the first member joined.
	Partitions int32
}

// End is what there was to read of a partition at the end of a run.
type End struct {
	Partition     kafka.TopicPartition
	LogStart, End kafka.Offset
}

// Settlement is what became of a group after the world had healed: it has to settle, and
// to have read everything, within a bound.
type Settlement struct {
	Group Group
	// Healed is when the world had healed; Settled when a description showed every
	// living member, and no other, with all partitions divided among them; Finished
	// when everything was read and committed. Both are negative if that never came.
	Healed, Settled, Finished time.Duration
	// Bound is how long after Healed either may be.
	Bound time.Duration
	// Ends are the partitions that the group had to read.
	Ends []End
	// Story says what a group that did not settle looked like.
	Story string
}

// Load is a coordinator that came up again, and when it had first answered for a group.
type Load struct {
	Group Group
	// Began is when the broker was there again, Answered when it first served an
	// OffsetFetch of the group; negative if it never did.
	Began, Answered time.Duration
	Bound           time.Duration
	// Code is the last error before that.
	Code kafka.ErrorCode
}

// Rules say what the cluster under test promises.
type Rules struct {
	// Expires: an offset may expire as soon as no member subscribes to its topic. The
	// retention is short, or clocks jump far enough to make it so.
	Expires bool
	// Vanishes: a group without members and offsets is forgotten, and with it its
	// epoch.
	Vanishes bool
}

// History is what members did and saw. The order within the slices does not matter.
type History struct {
	Rules        Rules
	Asks         []Ask
	Tenures      []Tenure
	Commits      []Commit
	Reads        []Read
	Deletes      []Delete
	Starts       []Start
	Takes        []Take
	Descriptions []Description
	Topics       []Topic
	Settlements  []Settlement
	Loads        []Load
	// Names of topics make violations readable.
	Names map[kafka.TopicID]string
}
