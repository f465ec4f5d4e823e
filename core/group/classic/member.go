package classic

import (
	"bytes"
	"slices"

	"odradek/core/assert"
	"odradek/core/group/record"
	"odradek/core/group/timer"
)

// member is one member of a group.
type member struct {
	memberID string
	// groupInstanceID is set for a static member (KIP-345).
	groupInstanceID      *string
	clientID, clientHost string
	rebalanceTimeoutMs   int32
	sessionTimeoutMs     int32
	// protocols are those it supports, the one it likes best first, no name twice.
	protocols  []record.ClassicProtocol
	assignment []byte
	// join and sync are its requests that wait; at most one of them is set.
	join, sync *waiter
	// isNew is true until the first generation the member is in: it has no id yet to
	// send heartbeats with, so waiting does not excuse it.
	isNew bool
	// owesSync is true from the beginning of a generation until the member has sent its
	// SyncGroup.
	owesSync bool
	// session ends the member when it comes due.
	session timer.Timer
}

func (m *member) isStatic() bool { return m.groupInstanceID != nil }

// metadata is what the member has to say for a protocol that it supports.
func (m *member) metadata(protocol string) []byte {
	i := slices.IndexFunc(m.protocols, func(p record.ClassicProtocol) bool {
		return p.Name == protocol
	})
	assert.That(i >= 0, "the protocol of a group is supported by every member")
	return m.protocols[i].Metadata
}

// matches reports whether the member supports just these protocols, in this order, with
// this metadata.
func (m *member) matches(protocols []record.ClassicProtocol) bool {
	return slices.EqualFunc(m.protocols, protocols, func(a, b record.ClassicProtocol) bool {
		return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
	})
}

// record is the member as it is written.
func (m *member) record(protocol string, assignment []byte) record.GroupMember {
	return record.GroupMember{
		MemberID: m.memberID, GroupInstanceID: m.groupInstanceID,
		ClientID: m.clientID, ClientHost: m.clientHost,
		RebalanceTimeout: m.rebalanceTimeoutMs, SessionTimeout: m.sessionTimeoutMs,
		Subscription: m.metadata(protocol), Assignment: assignment,
	}
}

// pendingMember is a member id that was given out, to be joined with.
type pendingMember struct {
	session timer.Timer
}
