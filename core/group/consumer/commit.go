package consumer

import "odradek/core/kafka"

// consumerCommitVersion is the version of OffsetCommit from which members of the consumer
// protocol may use it: earlier ones speak of generations.
const consumerCommitVersion = 9

// CommitCheck says of each partition of an OffsetCommit whether the member may commit it.
type CommitCheck struct {
	// m is the member, nil if all partitions may be committed.
	m     *member
	epoch kafka.MemberEpoch
}

// Committer is who commits, as its request says.
type Committer struct {
	MemberID string
	// Epoch is the member epoch or, of a classic member, the generation; -1: none.
	Epoch kafka.MemberEpoch
	// Version is the request's.
	Version int16
}

// CheckCommit says whether a member may commit at all, and if so returns what says it of
// each partition.
//
// Without an epoch anybody may if there are no members (an administrator who resets
// offsets). A member with its epoch may commit anything; with an older one it may commit
// what it was assigned no later than that, since its commit may have been under way
// (KIP-1251). Errors: UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION, STALE_MEMBER_EPOCH, and
// ILLEGAL_GENERATION for a classic member.
func (g *Group) CheckCommit(by Committer) (CommitCheck, kafka.ErrorCode) {
	if by.Epoch < 0 && g.Empty() {
		return CommitCheck{}, kafka.None
	}
	m, f := g.find(by.MemberID)
	switch {
	case f != nil:
		return CommitCheck{}, f.code
	case !m.classic() && by.Version < consumerCommitVersion:
		return CommitCheck{}, kafka.ErrUnsupportedVersion
	case by.Epoch == m.epoch:
		return CommitCheck{}, kafka.None
	case by.Epoch > m.epoch:
		return CommitCheck{}, m.stale()
	}
	return CommitCheck{m, by.Epoch}, kafka.None
}

// Partition says whether a partition may be committed. topic is zero if there is no such
// topic.
func (c CommitCheck) Partition(topic kafka.TopicID, partition kafka.Partition) kafka.ErrorCode {
	if c.m == nil {
		return kafka.None
	}
	epoch, has := c.m.assigned.epoch(topic, partition)
	if !has {
		epoch, has = c.m.revoking.epoch(topic, partition)
	}
	if !has || c.epoch < epoch {
		return c.m.stale()
	}
	return kafka.None
}

// CheckFetch says whether a member may fetch offsets: with its epoch, or as nobody, with
// neither an id nor an epoch. Errors: UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH,
// ILLEGAL_GENERATION.
func (g *Group) CheckFetch(memberID *string, epoch kafka.MemberEpoch) kafka.ErrorCode {
	if memberID == nil && epoch < 0 {
		return kafka.None
	}
	m, f := g.find(text(memberID))
	if f != nil {
		return f.code
	}
	if epoch != m.epoch {
		return m.stale()
	}
	return kafka.None
}

// stale is the error for an epoch that is not the member's.
func (m *member) stale() kafka.ErrorCode {
	if m.classic() {
		return kafka.ErrIllegalGeneration
	}
	return kafka.ErrStaleMemberEpoch
}
