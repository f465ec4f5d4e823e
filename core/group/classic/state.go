package classic

// State is where a group is between two rebalances.
type State int8

// The states, under Kafka's names.
const (
	// Empty: there is no member. There may be committed offsets.
	Empty State = iota
	// PreparingRebalance: members are asked to join, those that have wait.
	PreparingRebalance
	// CompletingRebalance: all that joined know the generation, and wait for the leader
	// to divide the partitions.
	CompletingRebalance
	// Stable: every member can have its assignment.
	Stable
	// Dead: there is no such group. It is only said, no group is in it.
	Dead
)

// String is Kafka's name of the state, as DescribeGroups gives it.
func (s State) String() string {
	switch s {
	case Empty:
		return "Empty"
	case PreparingRebalance:
		return "PreparingRebalance"
	case CompletingRebalance:
		return "CompletingRebalance"
	case Stable:
		return "Stable"
	}
	return "Dead"
}

// mayFollow is the table of transitions.
func (s State) mayFollow(previous State) bool {
	switch s {
	case Empty:
		return previous == PreparingRebalance
	case PreparingRebalance:
		return previous == Empty || previous == CompletingRebalance || previous == Stable
	case CompletingRebalance:
		return previous == PreparingRebalance
	case Stable:
		return previous == CompletingRebalance
	}
	return false
}
