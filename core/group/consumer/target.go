package consumer

import (
	"slices"
	"strings"
	"time"

	"odradek/core/assert"
	"odradek/core/group/assign"
	"odradek/core/group/record"
	"odradek/core/kafka"
)

// retarget computes the target assignment anew if the group epoch is beyond the one it
// was computed for, and not so soon after the last time that others may still come
// (KIP-1263). It fills in what the member shall have by it.
func (s *step) retarget(known, updated *member, p *plan) {
	if s.g.assignmentEpoch >= p.epoch || !s.intervalPassed() {
		p.targetEpoch, p.target = s.g.assignmentEpoch, s.g.targetOf(updated)
		return
	}
	assignor, found := assign.Named(s.g.assignorAfter(&s.Settings, known, updated))
	assert.That(found, "members ask for assignors that there are")
	spec := s.spec(updated)
	p.targetEpoch = p.epoch
	for i, set := range assignor(spec) {
		id := spec.Members[i].ID
		if id == updated.id {
			p.target = set
		}
		if old, has := s.g.targets.Get(id); !has || !old.Equal(set) {
			s.write(targetRecord(s.g.id, id, set))
		}
	}
	s.write(assignmentRecord(s.g.id, p.epoch, s.Moment.Wall))
}

// intervalPassed reports whether the target assignment is old enough to be replaced.
// A time that is not known is; so is any if the interval is 0. One that is yet to come was
// told by a wall clock that has been set back since: it is not waited for, as the group
// could not be assigned until then. Kafka waits.
func (s *step) intervalPassed() bool {
	interval := s.Settings.AssignmentInterval
	return s.g.assignmentTimestamp == 0 || interval == 0 ||
		s.Moment.Wall < s.g.assignmentTimestamp ||
		s.Moment.Wall >= s.g.assignmentTimestamp+kafka.Timestamp(interval/time.Millisecond)
}

// targetOf is what a member shall have by the targets as they are. A static member that
// takes another one's place has that one's.
func (g *Group) targetOf(m *member) assign.Set {
	if m.static() {
		if previous := g.staticMember(*m.InstanceID); previous != nil {
			return g.target(previous.id)
		}
	}
	return g.target(m.id)
}

// assignorAfter is the assignor that most members ask for after the step, of those that
// the node has; of those that equally many ask for, the first by name.
func (g *Group) assignorAfter(settings *Settings, known, updated *member) string {
	best, most := settings.Assignors[0], 0
	consider := func(name string, count int) {
		if known.ServerAssignor != nil && *known.ServerAssignor == name {
			count--
		}
		if updated.ServerAssignor != nil && *updated.ServerAssignor == name {
			count++
		}
		if settings.supports(name) && (count > most || count == most && most > 0 && name < best) {
			best, most = name, count
		}
	}
	for name, count := range g.counts.assignors.Entries() {
		consider(name, count)
	}
	if updated.ServerAssignor != nil && !g.counts.assignors.Has(*updated.ServerAssignor) {
		consider(*updated.ServerAssignor, 0)
	}
	return best
}

// spec is what the assignor is asked: all members as they are after the step.
func (s *step) spec(updated *member) assign.Spec {
	replaced := ""
	if updated.static() {
		if previous := s.g.staticMember(*updated.InstanceID); previous != nil {
			replaced = previous.id
		}
	}
	r := resolver{s: s, byText: map[string][]kafka.TopicID{}, sizes: map[kafka.TopicID]int{}}
	var spec assign.Spec
	add := func(m *member, target assign.Set) {
		spec.Members = append(spec.Members, assign.Member{
			ID: m.id, InstanceID: text(m.InstanceID), Topics: r.topics(m), Target: target})
	}
	placed := false
	for id, m := range s.g.members.Entries() {
		if !placed && updated.id <= id {
			add(updated, s.g.targetOf(updated))
			placed = true
		}
		if id != updated.id && id != replaced {
			add(m, s.g.target(id))
		}
	}
	if !placed {
		add(updated, s.g.targetOf(updated))
	}
	for _, id := range r.seen {
		spec.Topics = append(spec.Topics, assign.Topic{ID: id, Partitions: r.sizes[id]})
	}
	slices.SortFunc(spec.Topics, func(a, b assign.Topic) int { return a.ID.Compare(b.ID) })
	return spec
}

// resolver finds the topics of members, once for all that are subscribed alike.
type resolver struct {
	s *step
	// byText has the topics of each subscription, by its names and regular expression.
	byText map[string][]kafka.TopicID
	// sizes has how many partitions each topic has, seen the topics in the order found.
	sizes map[kafka.TopicID]int
	seen  []kafka.TopicID
}

// topics are the existing topics a member is subscribed to, in the order of their ids.
func (r *resolver) topics(m *member) []kafka.TopicID {
	// Neither a topic's name nor a regular expression of one has a line break.
	key := strings.Join(m.SubscribedTopicNames, "\n") + "\n\n" + m.regex()
	if topics, found := r.byText[key]; found {
		return topics
	}
	var topics []kafka.TopicID
	for _, name := range r.s.g.subscription(m) {
		if id, found := r.s.Topics.TopicID(name); found {
			topics = append(topics, id)
			if _, known := r.sizes[id]; !known {
				r.seen = append(r.seen, id)
			}
			r.sizes[id] = int(r.s.Topics.PartitionCount(id))
		}
	}
	slices.SortFunc(topics, kafka.TopicID.Compare)
	r.byText[key] = topics
	return topics
}

// subscription is the names of all topics a member is subscribed to, in order: those it
// names and those its regular expression came to. One that is not resolved yet comes to
// none.
func (g *Group) subscription(m *member) []string {
	resolved := g.resolved(m.regex())
	if resolved == nil {
		return m.SubscribedTopicNames
	}
	return sortedNames(slices.Concat(m.SubscribedTopicNames, resolved.Topics))
}

// targetRecord is the record of what a member shall have.
func targetRecord(group, memberID string, set assign.Set) record.Record {
	value := &record.ConsumerGroupTargetAssignmentMemberValue{}
	for _, t := range set {
		value.TopicPartitions = append(value.TopicPartitions,
			record.TopicPartitions{TopicID: t.Topic, Partitions: t.Partitions})
	}
	return &record.ConsumerGroupTargetAssignmentMember{GroupID: group, MemberID: memberID,
		Value: value}
}

// assignmentRecord is the record of the epoch that targets were computed for.
func assignmentRecord(group string, epoch kafka.MemberEpoch, at kafka.Timestamp) record.Record {
	return &record.ConsumerGroupTargetAssignmentMetadata{GroupID: group,
		Value: &record.ConsumerGroupTargetAssignmentMetadataValue{
			AssignmentEpoch: epoch, AssignmentTimestamp: at}}
}
