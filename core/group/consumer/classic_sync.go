package consumer

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/decision"
	"odradek/core/kafka"
)

// Sync answers a SyncGroup of a classic member: what it has at its epoch. Whatever the
// request says of assignments is not looked at, the broker divides.
//
// Errors: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION,
// INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS.
func (g *Group) Sync(c *Call, t decision.Ticket, q *kmsg.SyncGroupRequest) decision.Decision {
	response := q.ResponseKind().(*kmsg.SyncGroupResponse)
	response.MemberAssignment = []byte{}
	m, code := g.classicMember(q.MemberID, q.InstanceID, q.Generation)
	if code == kafka.None {
		code = m.checkProtocol(q)
	}
	// A member that has yet to give up something has joined: it finishes that first.
	if code == kafka.None && g.assignmentEpoch > m.epoch && m.state != UnrevokedPartitions {
		g.waitForJoin(c, m)
		code = kafka.ErrRebalanceInProgress
	}
	if code == kafka.None {
		g.timers.stop(timerSync, m.id)
		g.startClassicSession(c, m)
		response.ProtocolType, response.Protocol = q.ProtocolType, q.Protocol
		response.MemberAssignment = assignmentBytes(m.assigned.set(), m.protocol().Metadata, c.Topics)
	}
	response.ErrorCode = int16(code)
	var d decision.Decision
	d.Answer(t, response)
	return d
}

// checkProtocol refuses a SyncGroup that is of another protocol than the member was told.
func (m *member) checkProtocol(q *kmsg.SyncGroupRequest) kafka.ErrorCode {
	if q.ProtocolType != nil && *q.ProtocolType != ClassicProtocolType ||
		q.Protocol != nil && *q.Protocol != m.protocol().Name {
		return kafka.ErrInconsistentGroupProtocol
	}
	return kafka.None
}

// ClassicHeartbeat answers a Heartbeat of a classic member. It is to join anew when there
// are new targets, when it has to give up something, and when it can be given something
// that it waits for: all three it is told in a join.
//
// Errors: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION,
// REBALANCE_IN_PROGRESS.
func (g *Group) ClassicHeartbeat(c *Call, t decision.Ticket,
	q *kmsg.HeartbeatRequest) decision.Decision {
	m, code := g.classicMember(q.MemberID, q.InstanceID, q.Generation)
	if code == kafka.None {
		g.startClassicSession(c, m)
		if m.epoch < g.assignmentEpoch || m.state == UnrevokedPartitions ||
			m.state == UnreleasedPartitions && !g.waits(m) {
			g.waitForJoin(c, m)
			code = kafka.ErrRebalanceInProgress
		}
	}
	response := q.ResponseKind().(*kmsg.HeartbeatResponse)
	response.ErrorCode = int16(code)
	var d decision.Decision
	d.Answer(t, response)
	return d
}

// classicMember returns the classic member that a request is by.
func (g *Group) classicMember(id string, instance *string, generation int32) (*member,
	kafka.ErrorCode) {
	m, f := g.find(id)
	if instance != nil {
		m = g.staticMember(*instance)
		f = m.checkInstance(id, *instance)
	}
	switch {
	case f != nil:
		return nil, f.code
	case !m.classic():
		return nil, kafka.ErrUnknownMemberID
	case m.epoch != kafka.MemberEpoch(generation):
		return nil, kafka.ErrIllegalGeneration
	}
	return m, kafka.None
}

// waits reports whether all that a member has yet to get is still somebody else's.
func (g *Group) waits(m *member) bool {
	for _, t := range g.target(m.id) {
		for _, p := range t.Partitions {
			if !m.assigned.has(t.Topic, p) && !g.counts.free(t.Topic, p) {
				return true
			}
		}
	}
	return false
}

// waitForJoin begins the time a classic member has to join anew.
func (g *Group) waitForJoin(c *Call, m *member) {
	g.timers.startIfAbsent(timerJoin, m.id, c.Moment.Now.Plus(m.rebalanceTimeout()))
}
