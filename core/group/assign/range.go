package assign

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
)

// Range cuts every topic into ranges, one for each subscriber, whose sizes differ by no
// more than one: the first ones get the larger. Members of one subscription thereby get
// the same partition numbers of all topics that are equally large (co-partitioning).
//
// It goes by the order of members: static ones first, by instance id, then the others by
// member id. It does not look at what they have; a static member that comes back under a
// new member id has its old place.
//
// Source: KIP-848; Kafka, RangeAssignor.
func Range(spec Spec) []Set {
	spec.check()
	subscribers := make([]int, len(spec.Topics))
	for m := range spec.Members {
		for _, id := range spec.Members[m].Topics {
			if t, known := spec.topicIndex(id); known {
				subscribers[t]++
			}
		}
	}
	sets := make([]Set, len(spec.Members))
	served := make([]int, len(spec.Topics))
	for _, m := range spec.rangeOrder() {
		for _, id := range spec.Members[m].Topics {
			t, known := spec.topicIndex(id)
			if !known {
				continue
			}
			start, end := cut(spec.Topics[t].Partitions, subscribers[t], served[t])
			served[t]++
			if start < end {
				sets[m] = append(sets[m], TopicPartitions{id, interval(start, end)})
			}
		}
		if sets[m].Equal(spec.Members[m].Target) {
			sets[m] = spec.Members[m].Target
		}
	}
	return sets
}

// rangeOrder is the indices of the members in the order in which they get their ranges.
func (s *Spec) rangeOrder() []int {
	order := make([]int, len(s.Members))
	for m := range order {
		order[m] = m
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := s.Members[a].InstanceID, s.Members[b].InstanceID
		if (x == "") != (y == "") {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	})
	return order
}

// cut returns the nth of the ranges [start, end) that total is cut into.
func cut(total, ranges, nth int) (start, end int) {
	size, larger := total/ranges, total%ranges
	start = nth*size + min(nth, larger)
	end = start + size
	if nth < larger {
		end++
	}
	return start, end
}

// interval lists the partitions of [start, end).
func interval(start, end int) []kafka.Partition {
	partitions := make([]kafka.Partition, 0, end-start)
	for p := start; p < end; p++ {
		partitions = append(partitions, kafka.Partition(p))
	}
	return partitions
}
