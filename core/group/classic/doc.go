// Package classic is the group protocol that all clients speak: members join, one of
// them divides the partitions among all, and whoever comes or goes makes all join again.
//
// A Group is the state machine of one group. It is asked (Join, Sync, Heartbeat, Leave,
// Expired), and says in a decision what shall be written and answered.
//
//	         a member joins                  all have joined, or time is up
//	+-------+              +---------------------+            +---------------------+
//	| Empty | -----------> | PreparingRebalance  | ---------> | CompletingRebalance |
//	+-------+              +---------------------+            +---------------------+
//	    ^                    |      ^      ^                     |         | the leader
//	    +--------------------+      |      +---------------------+         v has synced
//	      nobody has joined         |       a member comes or goes     +--------+
//	                                +--------------------------------- | Stable |
//	                                                                   +--------+
//
// What is in the log of a group is its last generation: one record, written when the
// leader has divided, when nobody is left, and when a static member came back under
// another id. Who waits for a rebalance is in no record: a group that is loaded is
// Stable as it was last written, or Empty, and its members find out by themselves.
//
// Invariants: the states follow each other as in the picture (state.go); every request
// that waits belongs to a member, and is answered when the member goes; the group's
// leader is a member; every protocol that is chosen is supported by all members.
//
// Read group.go first, then join.go and rebalance.go. The chapter is
// docs/chapters/10-consumer-groups.md. Source: Kafka's ClassicGroup; KIP-62, KIP-134,
// KIP-345, KIP-394, KIP-559, KIP-800, KIP-814.
package classic
