package assign

import (
	"slices"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// nobody owns a partition that is to be given away.
const nobody = -1

// owners is an assignment in the making: who shall have each partition.
type owners struct {
	spec *Spec
	// of has, topic by topic and partition by partition, the index of the member or
	// nobody.
	of [][]int32
	// counts is how many partitions each member has in of.
	counts []int
}

// present makes owners of what the members have for a target, without what they are not
// subscribed to, what does not exist, and what another member before them has too.
func present(spec *Spec) *owners {
	o := &owners{spec: spec, counts: make([]int, len(spec.Members))}
	for _, t := range spec.Topics {
		o.of = append(o.of, slices.Repeat([]int32{nobody}, t.Partitions))
	}
	for m := range spec.Members {
		member := &spec.Members[m]
		for _, held := range member.Target {
			if _, subscribed := slices.BinarySearchFunc(member.Topics, held.Topic,
				kafka.TopicID.Compare); !subscribed {
				continue
			}
			t, known := spec.topicIndex(held.Topic)
			assert.That(known, "a member is subscribed to topics of the spec")
			for _, p := range held.Partitions {
				if p >= 0 && int(p) < len(o.of[t]) && o.of[t][p] == nobody {
					o.give(t, int(p), m)
				}
			}
		}
	}
	return o
}

// give gives a partition that is nobody's.
func (o *owners) give(topic, partition, member int) {
	assert.That(o.of[topic][partition] == nobody, "a partition is given to one member")
	o.of[topic][partition] = int32(member)
	o.counts[member]++
}

// take takes a partition from its owner.
func (o *owners) take(topic, partition int) {
	owner := o.of[topic][partition]
	assert.That(owner != nobody, "a partition is taken from its owner")
	o.of[topic][partition] = nobody
	o.counts[owner]--
}

// sets makes a target of each member's partitions. Members whose target stays as it is
// keep the set they have.
func (o *owners) sets() []Set {
	sets := make([]Set, len(o.spec.Members))
	for t, partitions := range o.of {
		for p, owner := range partitions {
			if owner != nobody {
				sets[owner] = sets[owner].add(o.spec.Topics[t].ID, kafka.Partition(p))
			}
		}
	}
	for m, set := range sets {
		if set.Equal(o.spec.Members[m].Target) {
			sets[m] = o.spec.Members[m].Target
		}
	}
	return sets
}
