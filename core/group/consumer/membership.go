package consumer

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/env"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// admit returns the member that a heartbeat is by, or why it is refused. A member that
// joins may be a new one, which is nothing yet but its id.
func (s *step) admit(q *kmsg.ConsumerGroupHeartbeatRequest, joins bool) (*member, *fault) {
	if f := s.g.full(s.Settings.MaxSize, q.MemberID, q.InstanceID); f != nil {
		return nil, f
	}
	id := q.MemberID
	if id == "" {
		id = randomID(s.Random)
	}
	reported := ownedTopics(q.Topics)
	epoch := kafka.MemberEpoch(q.MemberEpoch)
	if q.InstanceID == nil {
		m, f := s.g.find(id)
		if f != nil {
			if !joins {
				return nil, f
			}
			return newMember(id), nil
		}
		return m, m.checkEpoch(epoch, reported)
	}
	existing := s.g.staticMember(*q.InstanceID)
	if !joins {
		if f := existing.checkInstance(id, *q.InstanceID); f != nil {
			return nil, f
		}
		return existing, existing.checkEpoch(epoch, reported)
	}
	if existing == nil {
		m, _ := s.g.find(id)
		if m == nil {
			m = newMember(id)
		}
		return m, nil
	}
	// Of two members of the consumer protocol the old one must have left; a classic one
	// is replaced as the classic protocol does it.
	if !existing.classic() && existing.epoch != kafka.StaticLeaveEpoch {
		return nil, refuse(kafka.ErrUnreleasedInstanceID, "Static member %s with instance id %s "+
			"cannot join the group because the instance id is owned by %s member.",
			id, *q.InstanceID, existing.id)
	}
	return s.replace(existing, id), nil
}

// full refuses who would make the group larger than it may be. Who takes the place of a
// static member does not.
func (g *Group) full(sizeMax int, memberID string, instance *string) *fault {
	if instance != nil && g.staticMember(*instance) != nil {
		return nil
	}
	if g.members.Len() < sizeMax || memberID != "" && g.members.Has(memberID) {
		return nil
	}
	return refuse(kafka.ErrGroupMaxSizeReached,
		"The consumer group has reached its maximum capacity of %d members.", sizeMax)
}

// find returns a member of the group.
func (g *Group) find(id string) (*member, *fault) {
	m, found := g.members.Get(id)
	if !found {
		return nil, refuse(kafka.ErrUnknownMemberID, "Member %s is not a member of group %s.", id, g.id)
	}
	return m, nil
}

// checkInstance refuses a member that is not the one with an instance id; m is that one,
// or nil.
func (m *member) checkInstance(id, instance string) *fault {
	if m == nil {
		return refuse(kafka.ErrUnknownMemberID, "Instance id %s is unknown.", instance)
	}
	if m.id != id {
		return refuse(kafka.ErrFencedInstanceID, "Static member %s with instance id %s was fenced "+
			"by member %s.", id, instance, m.id)
	}
	return nil
}

// checkEpoch fences who speaks with an epoch that is not the member's. The one before is
// accepted of who has nothing but what the member is told to have: the answer with the
// new one was lost. Zero begins anew.
func (m *member) checkEpoch(epoch kafka.MemberEpoch, reported *reported) *fault {
	switch {
	case epoch == kafka.JoinEpoch || epoch == m.epoch:
		return nil
	case epoch > m.epoch:
		return refuse(kafka.ErrFencedMemberEpoch, "The consumer group member has a greater member "+
			"epoch (%d) than the one known by the group coordinator (%d). "+
			"The member must abandon all its partitions and rejoin.", epoch, m.epoch)
	case epoch == m.previousEpoch && reported.within(m.assigned):
		return nil
	}
	return refuse(kafka.ErrFencedMemberEpoch, "The consumer group member has a smaller member "+
		"epoch (%d) than the one known by the group coordinator (%d). "+
		"The member must abandon all its partitions and rejoin.", epoch, m.epoch)
}

// replace writes that a static member goes on under another id, with all it had.
func (s *step) replace(old *member, id string) *member {
	if id != old.id {
		s.gone = append(s.gone, old.id)
	}
	next := *old
	next.id, next.epoch, next.previousEpoch = id, 0, 0
	s.removeMember(old.id)
	s.write(next.metadataRecord(s.g.id))
	s.write(targetRecord(s.g.id, id, s.g.target(old.id)))
	s.write(next.currentRecord(s.g.id))
	return &next
}

// removeMember writes that a member is no more.
func (s *step) removeMember(id string) {
	s.write(&record.ConsumerGroupCurrentMemberAssignment{GroupID: s.g.id, MemberID: id},
		&record.ConsumerGroupTargetAssignmentMember{GroupID: s.g.id, MemberID: id},
		&record.ConsumerGroupMemberMetadata{GroupID: s.g.id, MemberID: id})
}

// leave answers a member that leaves for good, or a static one that means to come back:
// its partitions are kept for it until its session ends.
func (s *step) leave(q *kmsg.ConsumerGroupHeartbeatRequest) (
	*kmsg.ConsumerGroupHeartbeatResponse, *fault) {
	if !s.g.Exists() {
		return nil, refuse(kafka.ErrGroupIDNotFound, "Group %s not found.", q.Group)
	}
	m, f := s.leaving(q)
	if f != nil {
		return nil, f
	}
	response := q.ResponseKind().(*kmsg.ConsumerGroupHeartbeatResponse)
	response.MemberID = &m.id
	response.MemberEpoch = q.MemberEpoch
	if kafka.MemberEpoch(q.MemberEpoch) == kafka.StaticLeaveEpoch && q.InstanceID != nil {
		away := *m
		away.epoch = kafka.StaticLeaveEpoch
		away.revoking = nil
		// Who comes back under another id has them from epoch 0: commits of the old id are
		// not mistaken for it.
		away.assigned = own(m.assigned.set(), 0)
		s.write(away.currentRecord(s.g.id))
		return response, nil
	}
	s.fence([]*member{m})
	return response, nil
}

func (s *step) leaving(q *kmsg.ConsumerGroupHeartbeatRequest) (*member, *fault) {
	if q.InstanceID == nil {
		return s.g.find(q.MemberID)
	}
	m := s.g.staticMember(*q.InstanceID)
	return m, m.checkInstance(q.MemberID, *q.InstanceID)
}

// fence makes members leave: they were not heard of, or said so.
func (g *Group) fence(c *Call, members []*member) (decision.Decision, *Downgrade) {
	s := &step{Call: c, g: g}
	s.fence(members)
	return s.decided(), s.downgrade
}

// fence writes that members are no more, and raises the group epoch; or that the group is
// no more, if those who are left are classic members.
func (s *step) fence(members []*member) {
	for _, m := range members {
		s.gone = append(s.gone, m.id)
	}
	if s.g.downgradesWithout(&s.Settings, members) {
		s.becomeClassic(members, nil, true)
		return
	}
	for _, m := range members {
		s.removeMember(m.id)
	}
	change := s.g.subscriptionChange()
	s.dropRegexes(members, change)
	for _, m := range members {
		change.members(m, -1)
	}
	s.write(s.g.epochRecord(s.g.epoch+1, change.hash(s.Call)))
}

// randomID is an id for a member that brought none: a random UUID as Kafka writes them.
func randomID(random env.Random) string {
	var id [16]byte
	for {
		binary.BigEndian.PutUint64(id[:8], random.Uint64())
		binary.BigEndian.PutUint64(id[8:], random.Uint64())
		id[6] = id[6]&0x0f | 0x40
		id[8] = id[8]&0x3f | 0x80
		// An id that begins with a dash reads as an option on a command line.
		if text := base64.RawURLEncoding.EncodeToString(id[:]); text[0] != '-' {
			return text
		}
	}
}
