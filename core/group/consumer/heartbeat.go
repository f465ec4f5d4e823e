package consumer

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/group/assign"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// step is one decision in the making: what the group shall become, beside what it is.
type step struct {
	*Call
	g       *Group
	records []record.Record
	// downgrade is set when the group becomes a classic one by the step.
	downgrade *Downgrade
	// gone are members whom nobody shall wait for any more.
	gone []string
}

// decided is what the step comes to when it was not refused. If members go it is volatile:
// should the records not be written, they are still there, but nobody waits for them.
func (s *step) decided() decision.Decision {
	for _, id := range s.gone {
		s.g.timers.forget(id)
	}
	return decision.Decision{Records: s.records, Volatile: len(s.gone) > 0}
}

func (s *step) write(records ...record.Record) { s.records = append(s.records, records...) }

// Heartbeat answers a ConsumerGroupHeartbeat: by it a member joins, tells what it wants
// and what it has, is told what it shall have, and leaves. That it was heard of is in no
// record; the rest is.
//
// The group may be one that does not exist yet: a member with epoch 0 creates it. If it
// leaves, and only classic members are left, the Downgrade is not nil.
// Source: KIP-848, "Heartbeat Processing".
func (g *Group) Heartbeat(c *Call, t decision.Ticket,
	q *kmsg.ConsumerGroupHeartbeatRequest) (decision.Decision, *Downgrade) {
	s := &step{Call: c, g: g}
	response, f := s.heartbeat(q)
	if f != nil {
		return RefuseHeartbeat(t, q, f.code, f.message), nil
	}
	d := s.decided()
	d.Answer(t, response)
	return d, s.downgrade
}

// RefuseHeartbeat answers a ConsumerGroupHeartbeat with an error.
func RefuseHeartbeat(t decision.Ticket, q *kmsg.ConsumerGroupHeartbeatRequest,
	code kafka.ErrorCode, message string) decision.Decision {
	response := q.ResponseKind().(*kmsg.ConsumerGroupHeartbeatResponse)
	response.ErrorCode = int16(code)
	if message != "" {
		response.ErrorMessage = &message
	}
	var d decision.Decision
	d.Answer(t, response)
	return d
}

// ValidateHeartbeat checks what can be checked without looking at the group, and answers
// if the request is refused. It goes before the group is looked for.
func ValidateHeartbeat(t decision.Ticket, q *kmsg.ConsumerGroupHeartbeatRequest,
	s *Settings) (refused bool, d decision.Decision) {
	if f := validate(q, s); f != nil {
		return true, RefuseHeartbeat(t, q, f.code, f.message)
	}
	return false, d
}

func (s *step) heartbeat(q *kmsg.ConsumerGroupHeartbeatRequest) (
	*kmsg.ConsumerGroupHeartbeatResponse, *fault) {
	switch kafka.MemberEpoch(q.MemberEpoch) {
	case kafka.LeaveEpoch, kafka.StaticLeaveEpoch:
		return s.leave(q)
	}
	joins := kafka.MemberEpoch(q.MemberEpoch) == kafka.JoinEpoch
	if !s.g.Exists() && !joins {
		return nil, refuse(kafka.ErrGroupIDNotFound, "Consumer group %s not found.", q.Group)
	}
	known, f := s.admit(q, joins)
	if f != nil {
		return nil, f
	}
	updated := known.told(s.Call, q)
	plan, f := s.changeMember(known, updated)
	if f != nil {
		return nil, f
	}
	held := ownedTopics(q.Topics)
	if f := updated.refuseUnknown(held); f != nil {
		return nil, f
	}
	s.retarget(known, updated, &plan)
	updated = s.reconcile(updated, plan, held)
	s.g.startSession(s.Call, updated.id)
	s.watchRevocation(updated)

	response := q.ResponseKind().(*kmsg.ConsumerGroupHeartbeatResponse)
	response.MemberID = &updated.id
	response.MemberEpoch = int32(updated.epoch)
	response.HeartbeatIntervalMillis = int32(s.Settings.HeartbeatInterval.Milliseconds())
	// The assignment is told to who joins, to who sends all it knows (after an answer was
	// lost), and when it is another than before.
	full := q.RebalanceTimeoutMillis != -1 && q.Topics != nil &&
		(q.SubscribedTopicNames != nil || q.SubscribedTopicRegex != nil)
	if joins || full || !known.assigned.equal(updated.assigned) {
		response.Assignment = assignment(updated.assigned)
	}
	return response, nil
}

// told is the member with what its request tells of it.
func (m *member) told(c *Call, q *kmsg.ConsumerGroupHeartbeatRequest) *member {
	next := *m
	update := func(field **string, value *string) {
		if value != nil {
			*field = value
		}
	}
	update(&next.InstanceID, q.InstanceID)
	update(&next.RackID, q.RackID)
	update(&next.ServerAssignor, q.ServerAssignor)
	update(&next.SubscribedTopicRegex, q.SubscribedTopicRegex)
	if q.RebalanceTimeoutMillis != -1 {
		next.RebalanceTimeoutMs = q.RebalanceTimeoutMillis
	}
	if q.SubscribedTopicNames != nil {
		next.SubscribedTopicNames = sortedNames(q.SubscribedTopicNames)
	}
	next.ClientID, next.ClientHost = c.Client.ID, c.Client.Host
	next.ClassicMemberMetadata = nil
	return &next
}

// plan is what a step comes to before the member is reconciled.
type plan struct {
	// epoch is the group epoch after the step.
	epoch kafka.MemberEpoch
	// resubscribed is set when the member wants other topics than before: it has to give
	// up at once what it no longer wants.
	resubscribed bool
	// targetEpoch and target are the assignment epoch after the step and what the member
	// shall have by it.
	targetEpoch kafka.MemberEpoch
	target      assign.Set
}

// changeMember writes what the member has told if it is new, and raises the group epoch
// if that changes what there is to divide.
func (s *step) changeMember(known, updated *member) (p plan, f *fault) {
	renamed := false
	if !known.sameMetadata(updated) {
		s.write(updated.metadataRecord(s.g.id))
		renamed = !slices.Equal(known.SubscribedTopicNames, updated.SubscribedTopicNames)
	}
	regex, f := s.changeRegex(known, updated)
	if f != nil {
		return p, f
	}
	// A regular expression that is yet to be resolved raises the epoch only then.
	bump := renamed || regex == regexResolved
	p.epoch = s.g.epoch
	if bump || s.g.refresh.due(s.g, s.Topics) {
		p.epoch = s.changeSubscription(bump, known, updated)
	}
	p.resubscribed = renamed || regex != regexSame
	return p, nil
}

// watchRevocation begins the time for giving up partitions when the member is told to,
// and ends it when it is done.
func (s *step) watchRevocation(updated *member) {
	before, known := s.g.members.Get(updated.id)
	if known && before.sameCurrent(updated) {
		return
	}
	if updated.state == UnrevokedPartitions {
		s.g.startRebalance(s.Call, updated)
	} else {
		s.g.timers.stop(timerRebalance, updated.id)
	}
}

// assignment is what a member has, as it is told.
func assignment(o owned) *kmsg.ConsumerGroupHeartbeatResponseAssignment {
	a := kmsg.NewConsumerGroupHeartbeatResponseAssignment()
	for _, t := range o {
		topic := kmsg.NewConsumerGroupHeartbeatResponseAssignmentTopic()
		topic.TopicID = t.TopicID
		topic.Partitions = plainPartitions(t.Partitions)
		a.Topics = append(a.Topics, topic)
	}
	return &a
}

func plainPartitions(partitions []kafka.Partition) []int32 {
	plain := make([]int32, len(partitions))
	for i, p := range partitions {
		plain[i] = int32(p)
	}
	return plain
}
