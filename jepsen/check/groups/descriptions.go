package groups

import (
	"slices"

	"odradek/core/kafka"
)

// States of groups that mean that all is as it shall be. Source: Kafka, GroupState.
const stable = "Stable"

// leftForNow is the member epoch of a static member that is expected back (KIP-848).
const leftForNow Epoch = -2

// descriptionInvariants are about what a coordinator tells of a whole group at once.
func descriptionInvariants() []Invariant {
	return []Invariant{
		{"G-LegalTarget", "In one description no partition is in two members' targets, nor in that " +
			"of a member that does not subscribe to it; and while the target is that of the group's " +
			"epoch, every partition that somebody subscribes to is in one.", checkLegalTarget},
		{"G-ValidMemberEpoch", "No member has an epoch above its group's, nor holds what another " +
			"one holds; what a member is told is never more than its group's epoch.",
			checkValidMemberEpoch},
		{"G-StableMeansConverged", "A group that is said to be stable has every member at the " +
			"group's epoch, with exactly its target; or, of the classic protocol, every partition " +
			"with one member.", checkStableMeansConverged},
	}
}

func checkLegalTarget(v *view) []finding {
	var all []finding
	for _, d := range v.descriptions {
		if d.Consumer {
			all = append(all, v.checkTargets(d)...)
		}
	}
	return all
}

func (v *view) checkTargets(d *Description) []finding {
	var all []finding
	owner := map[kafka.TopicPartition]*Described{}
	for i := range d.Members {
		m := &d.Members[i]
		for _, p := range m.Target {
			if other := owner[p]; other != nil {
				all = append(all, found([]int{d.ID}, "description %d has %s in the targets of both %s "+
					"and %s", d.ID, v.partitionName(p), other.Member, m.Member))
			}
			owner[p] = m
			if d.AssignmentEpoch == d.Epoch && !slices.Contains(m.Subscribed, p.Topic) {
				all = append(all, found([]int{d.ID}, "description %d has %s in the target of %s, which "+
					"does not subscribe to it", d.ID, v.partitionName(p), m.Member))
			}
		}
	}
	if d.AssignmentEpoch != d.Epoch {
		return all // the target is still that of an earlier epoch
	}
	for _, p := range v.subscribed(d) {
		if owner[p] == nil {
			all = append(all, found([]int{d.ID}, "description %d has %s in nobody's target at epoch "+
				"%d, though a member subscribes to it", d.ID, v.partitionName(p), d.Epoch))
		}
	}
	return all
}

// subscribed are the partitions that some member of a description subscribes to, and that
// have been there since before the group.
func (v *view) subscribed(d *Description) []kafka.TopicPartition {
	var all []kafka.TopicPartition
	for _, topic := range v.history.Topics {
		wanted := slices.ContainsFunc(d.Members, func(m Described) bool {
			return slices.Contains(m.Subscribed, topic.ID)
		})
		for partition := range topic.Partitions {
			if wanted {
				all = append(all, kafka.TopicPartition{Topic: topic.ID,
					Partition: kafka.Partition(partition)})
			}
		}
	}
	return all
}

func checkValidMemberEpoch(v *view) []finding {
	var all []finding
	for _, d := range v.descriptions {
		if !d.Consumer {
			continue
		}
		holder := map[kafka.TopicPartition]MemberID{}
		for i := range d.Members {
			m := &d.Members[i]
			if m.Epoch > d.Epoch || m.Epoch < leftForNow {
				all = append(all, found([]int{d.ID}, "description %d has %s at epoch %d, and the group "+
					"at epoch %d", d.ID, m.Member, m.Epoch, d.Epoch))
			}
			for _, p := range m.Assigned {
				if other, twice := holder[p]; twice {
					all = append(all, found([]int{d.ID}, "description %d has %s in the hands of both %s "+
						"and %s", d.ID, v.partitionName(p), other, m.Member))
				}
				holder[p] = m.Member
			}
		}
		if a := v.toldMoreThan(d); a != nil {
			all = append(all, found([]int{a.ID, d.ID}, "%s was told epoch %d by operation %d, and the "+
				"group is at epoch %d later (description %d)", a.Member, a.Told, a.ID, d.Epoch, d.ID))
		}
	}
	return all
}

// toldMoreThan finds who was told a higher member epoch, before a description was asked
// for, than the group's epoch that it tells.
func (v *view) toldMoreThan(d *Description) *Ask {
	if v.history.Rules.Vanishes {
		return nil
	}
	for _, a := range v.asks {
		if a.Call >= d.Call {
			return nil
		}
		if a.Consumer && a.fine() && a.Kind != Leaves && a.Return < d.Call && a.Told > d.Epoch {
			return a
		}
	}
	return nil
}

func checkStableMeansConverged(v *view) []finding {
	var all []finding
	for _, d := range v.descriptions {
		if d.State != stable {
			continue
		}
		if !d.Consumer {
			all = append(all, v.checkStableClassic(d)...)
			continue
		}
		if d.AssignmentEpoch != d.Epoch {
			all = append(all, found([]int{d.ID}, "description %d says that it is stable, though its "+
				"epoch is %d and that of the target %d", d.ID, d.Epoch, d.AssignmentEpoch))
		}
		for i := range d.Members {
			m := &d.Members[i]
			switch {
			case m.Epoch != d.AssignmentEpoch:
				all = append(all, found([]int{d.ID}, "description %d says that it is stable, though %s "+
					"is at epoch %d and the target at %d", d.ID, m.Member, m.Epoch, d.AssignmentEpoch))
			case !sameSet(m.Assigned, m.Target):
				all = append(all, found([]int{d.ID}, "description %d says that it is stable, though %s "+
					"has [%s] and shall have [%s]", d.ID, m.Member, v.partitionNames(m.Assigned),
					v.partitionNames(m.Target)))
			}
		}
	}
	return all
}

// checkStableClassic looks at a stable group of the classic protocol: what its members
// have is what one leader gave out at once.
func (v *view) checkStableClassic(d *Description) []finding {
	var all []finding
	holder := map[kafka.TopicPartition]MemberID{}
	for i := range d.Members {
		for _, p := range d.Members[i].Assigned {
			if other, twice := holder[p]; twice {
				all = append(all, found([]int{d.ID}, "description %d says that it is stable, and has "+
					"%s in the hands of both %s and %s", d.ID, v.partitionName(p), other,
					d.Members[i].Member))
			}
			holder[p] = d.Members[i].Member
		}
	}
	return all
}

func sameSet(a, b []kafka.TopicPartition) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(p kafka.TopicPartition) bool {
		return !slices.Contains(b, p)
	})
}
