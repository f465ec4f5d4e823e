package assign

import (
	"slices"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// Spec is what an assignor is asked.
type Spec struct {
	// Topics are all topics that a member is subscribed to, in the order of their ids.
	Topics []Topic
	// Members are the group's members, in the order of their ids.
	Members []Member
}

// Topic is a topic that exists.
type Topic struct {
	ID kafka.TopicID
	// Partitions is how many it has.
	Partitions int
}

// Member is a member, what it wants and what it is to have at present.
type Member struct {
	ID string
	// InstanceID is a static member's, else empty.
	InstanceID string
	// Topics are the existing topics it is subscribed to, in the order of their ids, each
	// once. All are in the Spec's.
	Topics []kafka.TopicID
	// Target is its present target, which may name what it is no longer subscribed to and
	// topics that are gone.
	Target Set
}

// Assignor gives every member its new target: as many sets as there are members, in
// their order.
type Assignor func(Spec) []Set

// Names of the assignors, as group.consumer.assignors and serverAssignor have them.
const (
	UniformName = "uniform"
	RangeName   = "range"
)

// Named returns the assignor of a name; ok is false when there is none.
func Named(name string) (assignor Assignor, ok bool) {
	switch name {
	case UniformName:
		return Uniform, true
	case RangeName:
		return Range, true
	}
	return nil, false
}

// check asserts what the assignors rely on.
func (s *Spec) check() {
	assert.That(slices.IsSortedFunc(s.Topics, func(a, b Topic) int { return a.ID.Compare(b.ID) }),
		"the topics of a group are sorted")
	for i := range s.Members {
		assert.That(i == 0 || s.Members[i-1].ID < s.Members[i].ID, "the members are sorted")
	}
}

// homogeneous reports whether all members have one subscription.
func (s *Spec) homogeneous() bool {
	for i := 1; i < len(s.Members); i++ {
		a, b := s.Members[0].Topics, s.Members[i].Topics
		if len(a) != len(b) {
			return false
		}
		// Members who named the same topics often share the slice.
		if len(a) > 0 && &a[0] != &b[0] && !slices.Equal(a, b) {
			return false
		}
	}
	return true
}

// topicIndex returns the place of a topic in Topics.
func (s *Spec) topicIndex(id kafka.TopicID) (index int, found bool) {
	return slices.BinarySearchFunc(s.Topics, id, func(t Topic, id kafka.TopicID) int {
		return t.ID.Compare(id)
	})
}
