package consumer

import (
	"bytes"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// twoStepJoin is the version of JoinGroup from which a member without an id is told one
// first (KIP-394).
const twoStepJoin = 4

// Join answers a JoinGroup to a group that has members: a classic member joins, or joins
// anew because its heartbeat was answered REBALANCE_IN_PROGRESS. It waits for nobody: it
// is told its epoch as a generation, and comes for its assignment with SyncGroup.
//
// If it takes the place of the last member of the consumer protocol, as a static member
// may, the group is downgraded; the Downgrade then is not nil.
//
// Source: KIP-848, "Supporting Upgrade"; Kafka, classicGroupJoinToConsumerGroup.
func (g *Group) Join(c *Call, t decision.Ticket, q *kmsg.JoinGroupRequest) (decision.Decision,
	*Downgrade) {
	s := &step{Call: c, g: g}
	id := q.MemberID
	if id == "" {
		id = randomID(c.Random)
	}
	response := q.ResponseKind().(*kmsg.JoinGroupResponse)
	response.Generation = -1
	code := g.checkJoin(c, q, id)
	if code == kafka.None && q.MemberID == "" && q.InstanceID == nil && q.Version >= twoStepJoin {
		response.MemberID, code = id, kafka.ErrMemberIDRequired
	}
	if code == kafka.None {
		code = s.joinClassic(q, id, response)
	}
	response.ErrorCode = int16(code)
	var d decision.Decision
	if code == kafka.None {
		d = s.decided()
		d.Volatile = true
	}
	d.Answer(t, response)
	return d, s.downgrade
}

// checkJoin refuses classic members whom the group cannot take.
func (g *Group) checkJoin(c *Call, q *kmsg.JoinGroupRequest, id string) kafka.ErrorCode {
	if c.Settings.MigrationPolicy == MigrationDisabled {
		return kafka.ErrInconsistentGroupProtocol
	}
	if f := g.full(c.Settings.MaxSize, id, q.InstanceID); f != nil {
		return f.code
	}
	if !g.supportsClassic(q) {
		return kafka.ErrInconsistentGroupProtocol
	}
	return kafka.None
}

// supportsClassic reports whether a member supports a protocol that all classic members
// support: a downgrade must find one.
func (g *Group) supportsClassic(q *kmsg.JoinGroupRequest) bool {
	if q.ProtocolType != ClassicProtocolType {
		return false
	}
	for _, protocol := range q.Protocols {
		if g.counts.protocols[protocol.Name] == g.counts.classic {
			return true
		}
	}
	return false
}

// joinClassic lets a classic member join under an id, and fills in its answer.
func (s *step) joinClassic(q *kmsg.JoinGroupRequest, id string,
	response *kmsg.JoinGroupResponse) kafka.ErrorCode {
	subscription, ok := subscriptionOf(q.Protocols[0].Metadata)
	if !ok {
		return kafka.ErrInconsistentGroupProtocol
	}
	known, code := s.admitClassic(q, id)
	if code != kafka.None {
		return code
	}
	downgrades := s.g.downgradesFor(&s.Settings, q.InstanceID)
	updated := known.toldByJoin(s.Call, q, &subscription)
	p, f := s.changeMember(known, updated)
	if f != nil {
		return f.code
	}
	held := heldBy(&subscription, s.Topics)
	if downgrades {
		// Who has another subscription brings about a rebalance anyhow.
		stale := s.g.assignmentEpoch < p.epoch
		if !stale {
			p.targetEpoch, p.target = s.g.assignmentEpoch, s.g.targetOf(updated)
			updated = s.reconcile(updated, p, held)
		}
		s.becomeClassic(nil, updated, stale)
	} else {
		s.retarget(known, updated, &p)
		updated = s.reconcile(updated, p, held)
		s.g.timers.stop(timerJoin, id)
		s.g.startClassicSession(s.Call, updated)
		s.g.timers.start(timerSync, id, s.Moment.Now.Plus(updated.rebalanceTimeout()), 0)
	}
	protocolType, protocol := ClassicProtocolType, updated.protocol().Name
	response.MemberID, response.Generation = id, int32(updated.epoch)
	response.ProtocolType, response.Protocol = &protocolType, &protocol
	return kafka.None
}

// admitClassic returns the member that a JoinGroup is by. One without an id takes the
// place of the member that has its instance id, whatever that is doing.
func (s *step) admitClassic(q *kmsg.JoinGroupRequest, id string) (*member, kafka.ErrorCode) {
	if q.InstanceID == nil {
		m, _ := s.g.find(id)
		if m == nil {
			m = newMember(id)
		}
		return m, kafka.None
	}
	existing := s.g.staticMember(*q.InstanceID)
	switch {
	case q.MemberID != "":
		if f := existing.checkInstance(id, *q.InstanceID); f != nil {
			return nil, f.code
		}
		return existing, kafka.None
	case existing == nil:
		return newMember(id), kafka.None
	}
	return s.replace(existing, id), kafka.None
}

// toldByJoin is the member with what its JoinGroup tells of it.
func (m *member) toldByJoin(c *Call, q *kmsg.JoinGroupRequest,
	subscription *kmsg.ConsumerMemberMetadata) *member {
	next := *m
	if q.InstanceID != nil {
		next.InstanceID = q.InstanceID
	}
	if rack := subscription.Rack; rack != nil && *rack != "" {
		next.RackID = rack
	}
	// Version 0 has one time-out for both.
	rebalance := q.RebalanceTimeoutMillis
	if q.Version == 0 {
		rebalance = q.SessionTimeoutMillis
	}
	if rebalance != -1 {
		next.RebalanceTimeoutMs = rebalance
	}
	next.SubscribedTopicNames = sortedNames(subscription.Topics)
	none := ""
	next.SubscribedTopicRegex = &none
	next.ClientID, next.ClientHost = c.Client.ID, c.Client.Host
	next.ClassicMemberMetadata = &record.ClassicMemberMetadata{
		SessionTimeoutMs: q.SessionTimeoutMillis, SupportedProtocols: protocolsOf(q)}
	return &next
}

// protocolsOf copies what a JoinGroup supports: its bytes are the connection's. Of a name
// that comes twice the first counts.
func protocolsOf(q *kmsg.JoinGroupRequest) []record.ClassicProtocol {
	var protocols []record.ClassicProtocol
	for _, p := range q.Protocols {
		if !slices.ContainsFunc(protocols, func(have record.ClassicProtocol) bool {
			return have.Name == p.Name
		}) {
			protocols = append(protocols,
				record.ClassicProtocol{Name: p.Name, Metadata: bytes.Clone(p.Metadata)})
		}
	}
	return protocols
}

// startClassicSession begins a classic member's session anew: it has chosen for itself
// how long that is.
func (g *Group) startClassicSession(c *Call, m *member) {
	timeout := time.Duration(m.ClassicMemberMetadata.SessionTimeoutMs) * time.Millisecond
	g.timers.start(timerSession, m.id, c.Moment.Now.Plus(timeout), 0)
}
