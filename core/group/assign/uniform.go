package assign

// Uniform gives members about the same number of partitions, and lets them keep what
// they have as far as that allows. Balance goes before stickiness.
//
// If all have one subscription, no two members differ by more than one partition, and
// no partition moves that could have stayed. Otherwise a topic's partitions are spread
// over its subscribers by how much those have in all, which is as even as single moves
// can make it.
//
// Source: KIP-848; Kafka, UniformAssignor. Where Kafka goes by the order of its hash
// maps, this goes by the order of ids.
func Uniform(spec Spec) []Set {
	spec.check()
	o := present(&spec)
	switch {
	case len(spec.Members) == 0:
	case spec.homogeneous():
		o.balanceAlike()
	default:
		o.balanceUnlike()
	}
	return o.sets()
}

// balanceAlike balances members that all are subscribed to all topics.
//
// Of n partitions and m members everybody gets n/m, and n%m get one more. Who has more
// than n/m already keeps the one more while there are some to keep; the others give up
// what is over. That moves the least: a member below n/m gives up nothing, and every
// partition that is given up is over a quota which others fill.
func (o *owners) balanceAlike() {
	total := 0
	for _, t := range o.spec.Topics {
		total += t.Partitions
	}
	members := len(o.spec.Members)
	quota, more := total/members, total%members
	quotas := make([]int, members)
	for m, held := range o.counts {
		quotas[m] = quota
		if held > quota && more > 0 {
			quotas[m]++
			more--
		}
	}
	for m := 0; more > 0; m++ {
		if quotas[m] == quota {
			quotas[m]++
			more--
		}
	}
	o.takeWhatIsOver(quotas)
	o.fill(quotas)
}

// takeWhatIsOver takes from every member what it has over its quota: the last of its
// partitions, in the order of topics.
func (o *owners) takeWhatIsOver(quotas []int) {
	for t := len(o.of) - 1; t >= 0; t-- {
		for p := len(o.of[t]) - 1; p >= 0; p-- {
			if m := o.of[t][p]; m != nobody && o.counts[m] > quotas[m] {
				o.take(t, p)
			}
		}
	}
}

// fill gives the partitions that are nobody's to the members below their quotas, in
// order. The quotas add up to all partitions.
func (o *owners) fill(quotas []int) {
	m := 0
	for t := range o.of {
		for p, owner := range o.of[t] {
			if owner != nobody {
				continue
			}
			for o.counts[m] >= quotas[m] {
				m++
			}
			o.give(t, p, m)
		}
	}
}
