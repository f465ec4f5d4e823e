package assign

import (
	"cmp"
	"slices"
)

// roundsMax bounds the rounds of balancing members whose subscriptions differ. Where all
// subscribers of a topic are subscribed alike, one round balances and a second finds
// nothing to do; where subscriptions overlap in a chain, each round about halves what is
// left. Source: Kafka, UniformHeterogeneousAssignmentBuilder.
const roundsMax = 16

// balanceUnlike balances members whose subscriptions differ: gives what is nobody's to
// the subscriber that has least, then moves single partitions, topic by topic, from who
// has most to who has least, until a round over all topics moves nothing.
func (o *owners) balanceUnlike() {
	subscribers := o.subscribers()
	byLoad := o.byLoad(subscribers)
	for _, t := range byLoad {
		o.giveToLeast(t, subscribers[t])
	}
	for range roundsMax {
		moved := false
		for _, t := range byLoad {
			if o.level(t, subscribers[t]) {
				moved = true
			}
		}
		if !moved {
			return
		}
	}
}

// subscribers lists the members of each topic.
func (o *owners) subscribers() [][]int32 {
	subscribers := make([][]int32, len(o.spec.Topics))
	for m := range o.spec.Members {
		for _, id := range o.spec.Members[m].Topics {
			if t, known := o.spec.topicIndex(id); known {
				subscribers[t] = append(subscribers[t], int32(m))
			}
		}
	}
	return subscribers
}

// byLoad orders the topics that have subscribers: first those with most partitions to a
// subscriber, since they leave least choice; then those with fewer subscribers; then by
// id.
func (o *owners) byLoad(subscribers [][]int32) []int {
	var topics []int
	for t := range o.spec.Topics {
		if len(subscribers[t]) > 0 {
			topics = append(topics, t)
		}
	}
	slices.SortFunc(topics, func(a, b int) int {
		// Fractions are compared by multiplying across.
		perA := o.spec.Topics[a].Partitions * len(subscribers[b])
		perB := o.spec.Topics[b].Partitions * len(subscribers[a])
		return cmp.Or(cmp.Compare(perB, perA),
			cmp.Compare(len(subscribers[a]), len(subscribers[b])), cmp.Compare(a, b))
	})
	return topics
}

// giveToLeast gives a topic's partitions that are nobody's, each to the subscriber that
// has least at that moment.
func (o *owners) giveToLeast(t int, subscribers []int32) {
	var least *ranking
	for p, owner := range o.of[t] {
		if owner != nobody {
			continue
		}
		if least == nil {
			least = rank(subscribers, func(a, b int32) bool { return o.fewer(a, b) })
		}
		o.give(t, p, int(least.first()))
		least.settle()
	}
}

// level moves partitions of a topic from the subscriber that has most, of those that have
// some of this topic, to the one that has least, while that makes them more even. It
// reports whether it moved any.
func (o *owners) level(t int, subscribers []int32) (moved bool) {
	if o.spread(subscribers) <= 1 {
		return false
	}
	held := make(map[int32][]int, len(subscribers))
	var givers []int32
	for p, owner := range o.of[t] {
		if len(held[owner]) == 0 {
			givers = append(givers, owner)
		}
		held[owner] = append(held[owner], p)
	}
	least := rank(subscribers, func(a, b int32) bool { return o.fewer(a, b) })
	most := rank(givers, func(a, b int32) bool { return o.fewer(b, a) })
	for most.len() > 0 {
		from, to := most.first(), least.first()
		if o.counts[from]-o.counts[to] <= 1 {
			break
		}
		// Who receives never has to give: it is no more than one above the least. And who
		// gave need not find its new place among those who have least: it is no more than
		// one below the most, so that nothing more would be moved to it.
		last := len(held[from]) - 1
		o.take(t, held[from][last])
		o.give(t, held[from][last], int(to))
		held[from] = held[from][:last]
		moved = true
		least.settle()
		if last == 0 {
			most.drop()
		} else {
			most.settle()
		}
	}
	return moved
}

// spread is by how much the subscribers differ.
func (o *owners) spread(subscribers []int32) int {
	least, most := o.counts[subscribers[0]], o.counts[subscribers[0]]
	for _, m := range subscribers {
		least = min(least, o.counts[m])
		most = max(most, o.counts[m])
	}
	return most - least
}

// fewer orders members by how much they have, then by their order.
func (o *owners) fewer(a, b int32) bool {
	if o.counts[a] != o.counts[b] {
		return o.counts[a] < o.counts[b]
	}
	return a < b
}
