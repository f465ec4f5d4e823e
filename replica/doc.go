// Package replica is one partition's replication: who leads it, which replicas
// are in sync, and how far what was written may be shown and acknowledged.
//
// With one broker a partition has one replica, which leads it; its in-sync
// replicas are itself, and its highWatermark is the flushed end of its own log.
// The path is the one that more replicas will take: records are appended to the
// leader's log, the highWatermark is the least flushed end offset of the
// in-sync replicas, and what waits for it is woken when it moves.
//
// Package replica never waits itself and never talks to the network.
//
// Invariants (also on the fields they bind): logStartOffset <= highWatermark <=
// logEndOffset; the highWatermark only moves up within a leader epoch; an
// acknowledgement with acks=all is given for offsets below the highWatermark
// only. Read leader.go first. The chapter is docs/chapters/04-replication.md.
package replica
