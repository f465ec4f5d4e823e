// Package assign is the assignors that run on the broker (KIP-848): which member of a
// group shall have which partitions in the end.
//
// Uniform, the default, gives every member about the same number of partitions and moves
// as few as it can. Range cuts each topic into consecutive ranges, so that members who
// subscribe to topics of equal size get the same partition numbers of each.
//
// An assignor is pure: members with their subscriptions and present targets in, targets
// out, and equal input gives equal output in every run. It knows nothing of epochs, of
// who has what at the moment, or of how a partition gets from one member to another.
//
// Neither assignor looks at racks. Apache Kafka 4.3 does not either: the first KIP-848
// assignors did, and it was taken out again; what is left of racks is that they are part
// of the group's metadata hash, so that a replica which moves has the group assigned
// anew.
//
// Laws, tested by rapid: every partition of every topic that somebody is subscribed to is
// in exactly one member's target, and only a subscriber's; uniform is balanced within one
// if all have one subscription, and moves no partition without need; range gives equal
// ranges of topics of equal size.
//
// Read set.go first, then uniform.go. Source: KIP-848, "Assignment Process".
package assign
