// Package group is the coordinator of groups: it says who is a member, who reads which
// partition, and how far each group has read.
//
// A Coordinator holds the groups of one partition of __consumer_offsets. It is pure: it
// is asked (Handle for requests, Expire for time-outs, CleanUp and TopicsDeleted for
// what has become old), and answers with a decision: records to be written, and answers
// to be given once they are durable. Its shell owns the log, the clock and the
// connections.
//
//	requests ----> Handle ---+
//	deadlines ---> Expire ---+--> Decision{Records, Answers} --> log --> Apply
//	                                                              |
//	                                                              +--> answers, when durable
//
// What is in the log of a group changes by Apply alone, while loading and while live, in
// the order of the log. Beside it, a group has what is in no record: who waits for a
// rebalance, and until when. A decision that has changed that is called Volatile; should
// its records not make it into the log, the coordinator is loaded anew.
//
// The two kinds of groups, of the classic protocol and of KIP-848, are behind the
// interface Group; committed offsets are in package offset and know of neither.
//
// Invariants: a coordinator that is loaded from the records written so far, whether
// compacted or not, has stored what the live one has (law_test.go); every ticket is
// answered once; a group that has offsets is there.
//
// Read coordinator.go first, then group.go. The chapter is
// docs/chapters/10-consumer-groups.md. Source: Kafka's GroupCoordinatorService,
// GroupMetadataManager and OffsetMetadataManager; KIP-848 for the shape.
package group
