package consumer

import (
	"odradek/core/assert"
	"odradek/core/group/assign"
	"odradek/core/kafka"
)

// reconcile brings a member as far towards its target as can be, and writes what it has
// then. The member has told what it still has by reported.
//
// Source: KIP-848, "Reconciliation"; Kafka, CurrentAssignmentBuilder.
func (s *step) reconcile(m *member, p plan, held *reported) *member {
	if !p.resubscribed && m.reconciledTo(p.targetEpoch) {
		return m
	}
	next := s.advance(m, p, held)
	if next.sameCurrent(m) {
		return m
	}
	assert.That(next.epoch <= p.targetEpoch, "no member is ahead of the targets")
	s.write(next.currentRecord(s.g.id))
	return next
}

// advance is the member's next state.
func (s *step) advance(m *member, p plan, held *reported) *member {
	switch m.state {
	case Stable:
		switch {
		case m.epoch != p.targetEpoch:
			return s.next(m, m.epoch, p, held)
		case p.resubscribed:
			return s.shrink(m, held)
		}
		return m
	case UnrevokedPartitions:
		if !held.hasAny(m.revoking) {
			return s.next(m, m.epoch, p, held)
		}
		if p.resubscribed {
			return s.shrink(m, held)
		}
		return m
	case UnreleasedPartitions:
		return s.next(m, m.epoch, p, held)
	}
	return s.next(m, p.targetEpoch, p, held)
}

// refuseUnknown fences a member whose state only a newer broker knows: it begins anew
// once it has given up everything.
func (m *member) refuseUnknown(held *reported) *fault {
	if m.state != UnknownState || held != nil && len(held.set) == 0 {
		return nil
	}
	return refuse(kafka.ErrFencedMemberEpoch, "The consumer group member is in a unknown state. "+
		"The member must abandon all its partitions and rejoin.")
}

// next is the member on its way to the target: without what it shall not have, and, once
// it has given that up, with what is free of what it shall have.
func (s *step) next(m *member, epoch kafka.MemberEpoch, p plan, held *reported) *member {
	parts := s.divide(m, p)
	next := m.at(epoch)
	if revoking := parts.revoke.build(); len(revoking) > 0 && held.hasAny(revoking) {
		// It stays at its epoch until it says that it has given them up.
		next.state = UnrevokedPartitions
		next.assigned, next.revoking = parts.keep.build(), revoking
		return next
	}
	for _, t := range parts.take {
		for _, partition := range t.Partitions {
			parts.keep.add(t.Topic, partition, p.targetEpoch)
		}
	}
	next.epoch = p.targetEpoch
	next.assigned, next.revoking = parts.keep.build(), nil
	next.state = Stable
	if parts.unreleased {
		next.state = UnreleasedPartitions
	}
	return next
}

// parts is what becomes of a member's partitions and of its target.
type parts struct {
	// keep has what the member has and shall have, revoke what it has and shall not.
	keep, revoke ownedBuilder
	// take is what it shall have and can, since nobody has it.
	take assign.Set
	// unreleased is set when there is something that it shall have and others have.
	unreleased bool
}

// divide compares what a member has with what it shall have. A topic that it is not
// subscribed to any more counts as out of its target, whatever that says.
func (s *step) divide(m *member, p plan) *parts {
	var d parts
	wanted := s.subscribedTopics(m)
	for _, t := range m.assigned {
		for i, partition := range t.Partitions {
			into := &d.revoke
			if wanted.has(t.TopicID) && p.target.Has(t.TopicID, partition) {
				into = &d.keep
			}
			into.add(t.TopicID, partition, t.AssignmentEpochs[i])
		}
	}
	for _, t := range p.target {
		if !wanted.has(t.Topic) {
			continue
		}
		take := assign.TopicPartitions{Topic: t.Topic}
		for _, partition := range t.Partitions {
			switch {
			case m.assigned.has(t.Topic, partition):
			// What the member itself has yet to give up it may as well keep.
			case s.g.counts.free(t.Topic, partition) || m.revoking.has(t.Topic, partition):
				take.Partitions = append(take.Partitions, partition)
			default:
				d.unreleased = true
			}
		}
		if len(take.Partitions) > 0 {
			d.take = append(d.take, take)
		}
	}
	return &d
}

// shrink is the member without the topics that it is not subscribed to any more, the rest
// of its reconciliation being left to later.
func (s *step) shrink(m *member, held *reported) *member {
	wanted := s.subscribedTopics(m)
	var keep, revoke ownedBuilder
	revoke.addAll(m.revoking)
	gone := false
	for _, t := range m.assigned {
		into := &keep
		if !wanted.has(t.TopicID) {
			into, gone = &revoke, true
		}
		for i, partition := range t.Partitions {
			into.add(t.TopicID, partition, t.AssignmentEpochs[i])
		}
	}
	if !gone {
		return m
	}
	next := m.at(m.epoch)
	next.assigned = keep.build()
	if revoking := revoke.build(); held.hasAny(revoking) {
		next.state, next.revoking = UnrevokedPartitions, revoking
	}
	return next
}

// topicSet is a set of topics. It is never ranged over.
type topicSet map[kafka.TopicID]bool

func (t topicSet) has(id kafka.TopicID) bool { return t[id] }

// subscribedTopics are the existing topics that a member is subscribed to.
func (s *step) subscribedTopics(m *member) topicSet {
	set := topicSet{}
	for _, name := range s.g.subscription(m) {
		if id, found := s.Topics.TopicID(name); found {
			set[id] = true
		}
	}
	return set
}
