// Package consumer is a group of the consumer protocol (KIP-848): the broker divides the
// partitions, and each member reconciles itself with what it is told in its heartbeats.
//
// Three epochs tell how far everybody is. The group epoch rises when something happens
// that a division depends on: members, subscriptions, topics. The assignment epoch says
// for which group epoch the target assignment was computed. Each member has an epoch of
// its own, and reaches the assignment's by giving up first what it shall no longer have,
// and then taking what others have given up:
//
//	                     +--------- has to give up some ---------+
//	                     v                                       |
//	              UnrevokedPartitions --- gave them up --->+     |
//	                     ^                                 |     |
//	has to give up some  |                                 v     |
//	  Stable ------------+---- all it shall have is free ----> Stable
//	     |                                                 |     ^
//	     +-- others still have some --> UnreleasedPartitions ----+ they gave them up
//
// All of a group is in records, and Apply is the only thing that changes it. What a
// record says holds whatever came before, so that a group is loaded from its log in any
// state that compaction may leave it in. Beside the records there are only time-outs:
// when who has to be heard of again. They begin anew when a group was loaded.
//
// A group whose members came from the classic protocol is one too: its classic members
// go on with JoinGroup, SyncGroup and Heartbeat (classic_*.go) until they are replaced.
// Upgrade makes it, and a Downgrade is what is left when the last of the others goes.
//
// Invariants (Verify): no two members have a partition, assigned or pending revocation, at a time
// (G-SingleOwner); a member's epoch never is above the assignment epoch, which never is
// above the group epoch; a member is given only what nobody has.
//
// Read group.go first, then heartbeat.go, which is the order of a heartbeat's steps. One
// role a file: validate (what a request must say), membership (who is in), subscription
// and regex (what for), target (who shall have what), reconcile (who has what), timers,
// describe, commit. Source: KIP-848, KIP-1101, KIP-1251, KIP-1263; Kafka 4.3,
// GroupMetadataManager, ConsumerGroup, CurrentAssignmentBuilder.
package consumer
