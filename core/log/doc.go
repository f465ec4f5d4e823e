// Package log is one partition's log: batches in segment files in Apache
// Kafka's own formats, what is derived from them, and their recovery.
//
// An append goes to the active segment's page cache, from where readers get it
// at once (gather.go: the small ones of a turn by one write), and into the
// shard's journal (package journal), which makes it durable together with
// everything else of the shard. The segments are synced lazily; a State in the
// journal then says how far, and Recover at the next boot gives them what they
// lack.
//
// What it must never do: wait in Append, Read or DeleteRecords; acknowledge
// what is not flushed; cut off or serve bytes of a committed batch that is
// damaged; try a failed sync again; decode records, but to find one by its
// timestamp.
//
// # Files
//
//	orders-3/                            the directory of a partition
//	  00000000000000000000.log           batches, one after the other
//	  00000000000000000000.index         offset -> position, 8 bytes an entry
//	  00000000000000000000.timeindex     timestamp -> offset, 12 bytes an entry
//	  00000000000000004711.log           the active segment: begins at 4711
//	  00000000000000004711.index
//	  00000000000000004711.timeindex
//	  00000000000000004711.snapshot      the producers as they were at 4711
//	  leader-epoch-checkpoint            which leader epoch began where
//	  partition.metadata                 the topic's id
//
// # The ends of a log
//
//	logStartOffset        durable point     flushedEndOffset    logEndOffset
//	     |                     |                   |                 |
//	-----+=====================+###################+.................+
//	gone   in synced files       also in the journal  in memory and on
//	                             and committed        the way to the disk
//
// # Recovery
//
// A State names the last entry of the journal whose effect is durable in the
// files (syncedSequence) and where the files ended then (the durable point).
// Recover opens the files of a log there, applies the newer entries in their
// order (batches, cuts, moves of the logStartOffset) over what is behind, and
// cuts off the rest. The log is then exactly what the journal says, and nothing
// was read but the journal. A log whose appends are not journaled (FlushPolicy
// Background) is scanned from the durable point on instead, and ends before the
// first batch that is not whole.
//
// # Invariants
//
//   - logStartOffset <= logEndOffset; flushedEndOffset <= logEndOffset.
//   - offsets rise within a segment and from one to the next; an offset is
//     never given twice, unless Truncate took it back.
//   - what is below the durable point is durable in the files; what is not is
//     in the journal's entries behind syncedSequence.
//   - an append that fails leaves the log as it was.
//
// Read log.go first, then append.go, read.go, checkpoint.go and recover.go. The
// chapters are docs/chapters/01-the-log.md and 03-crashes.md.
package log
