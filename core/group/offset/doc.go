// Package offset is how far the groups of one partition of __consumer_offsets have
// read: the committed offsets, and the APIs that commit, fetch, delete and expire them.
//
// A Store changes by Apply alone. Commit, Fetch, Delete and Expire look at it and say
// what is to be answered and written; whether whoever asks may is asked of the group
// first, by the caller.
//
// Offsets that a transaction has committed and not ended (KIP-98, KIP-447) are not here
// yet. They will be a second table, by producer, which Apply fills for records of a
// transaction; when the transaction is committed they go into this one, unless what is
// here was applied after them. Fetch with requireStable will look there first.
//
// Invariants: a group without offsets takes no room; what is written under a key is what
// the last record of that key says.
//
// Read store.go first, then commit.go. Source: Kafka's OffsetMetadataManager; KIP-211,
// KIP-320, KIP-496, KIP-709, KIP-848.
package offset
