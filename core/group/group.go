package group

import (
	"iter"

	"odradek/core/group/classic"
	"odradek/core/group/decision"
	"odradek/core/group/offset"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"
)

// Type is the protocol of a group, as ListGroups names it.
type Type string

// The types.
const (
	Classic  Type = "classic"
	Consumer Type = "consumer"
)

// Group is a group of either protocol, as far as those parts of the coordinator see it
// that are the same for both.
type Group interface {
	Type() Type
	// State is its name as ListGroups gives it.
	State() string
	ProtocolType() string
	// Begin lets a group that was loaded become live: sessions begin.
	Begin(s *Step)
	// Expired is told of a timer that carries the group's id and came due.
	Expired(s *Step, t *timer.Timer)
	// Unload answers whoever waits.
	Unload(code kafka.ErrorCode) []decision.Answer
	// Retire stops the group's timers, when Apply takes it out.
	Retire()

	// MayCommit tells whether a commit is from somebody who may commit these topics.
	MayCommit(s *Step, c offset.Committer, topics []offset.CommitTopic) kafka.ErrorCode
	// MayFetch tells whether offsets may be fetched by who says that it is a member.
	MayFetch(memberID *string, memberEpoch kafka.MemberEpoch) kafka.ErrorCode
	// MayDeleteOffsets tells whether single offsets may be deleted.
	MayDeleteOffsets() kafka.ErrorCode
	// MayDelete tells whether the group may be deleted.
	MayDelete() kafka.ErrorCode
	// SubscribedTo reports whether the group reads a topic, as far as is known.
	SubscribedTo(topic string) bool
	// Expiry says from when on the retention of the group's offsets counts; ok is false
	// while none expires.
	Expiry() (from offset.Expiry, ok bool)
	// Idle reports whether the group may be deleted when it has no offsets.
	Idle() bool
	// Tombstones are the records by which the group is gone, its offsets aside.
	Tombstones() []record.Record
	// Stored yields the records that the log comes to, of the group alone.
	Stored() iter.Seq[record.Record]
}

// classicGroup is a group of the classic protocol among the others.
type classicGroup struct{ *classic.Group }

var _ Group = classicGroup{}

// Type is Classic.
func (g classicGroup) Type() Type { return Classic }

// State is its name.
func (g classicGroup) State() string { return g.Group.State().String() }

// Begin implements Group.
func (g classicGroup) Begin(s *Step) { g.Group.Begin(s.classic()) }

// Expired implements Group.
func (g classicGroup) Expired(s *Step, t *timer.Timer) { g.Group.Expired(s.classic(), t) }

// MayCommit implements Group.
func (g classicGroup) MayCommit(s *Step, c offset.Committer,
	_ []offset.CommitTopic) kafka.ErrorCode {
	return g.Group.MayCommit(s.classic(), c)
}

// MayFetch implements Group: anybody may.
func (g classicGroup) MayFetch(*string, kafka.MemberEpoch) kafka.ErrorCode { return kafka.None }

// Tombstones implements Group.
func (g classicGroup) Tombstones() []record.Record { return []record.Record{g.Tombstone()} }

// group returns a group, nil when there is none.
func (c *Coordinator) group(id string) Group {
	g, _ := c.groups.Get(id)
	return g
}

// classic returns a group of the classic protocol, nil when there is none of that id.
func (c *Coordinator) classic(id string) *classic.Group {
	if g, ok := c.group(id).(classicGroup); ok {
		return g.Group
	}
	return nil
}

// newClassic makes a group of the classic protocol.
func (c *Coordinator) newClassic(id string, now kafka.Timestamp) *classic.Group {
	g := classic.New(id, c.timers, now)
	c.groups.Put(id, classicGroup{g})
	return g
}
