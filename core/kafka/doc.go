// Package kafka is the vocabulary: a distinct type for every kind of number a
// log broker moves about, and the glossary of Kafka's own terms.
//
// It imports nothing but the standard library and never does I/O. Read
// offsets.go first.
//
// # Glossary
//
//   - offset: the number of a record in its partition. An *end* offset is the
//     next one to be written; ranges are [base, end).
//   - logStartOffset: the first offset that can still be read. It only moves up.
//   - logEndOffset: the offset the next record will get.
//   - highWatermark: the first offset that is not yet flushed by every member of
//     the in-sync replicas. logStartOffset <= highWatermark <= logEndOffset.
//   - lastStableOffset: the first offset of the earliest open transaction, or the
//     highWatermark when none is open.
//   - leaderEpoch: rises with each election of a partition's leader; every batch
//     carries the one it was written under.
//   - partitionEpoch: rises with each change of a partition's registration.
//   - isr: the in-sync replicas, the brokers whose flushed logs bound the
//     highWatermark.
//   - batch: the unit of writing: one header, one checksum, one or more records.
//   - producerID, producerEpoch, sequence: what makes a producer idempotent; a
//     sequence numbers a producer's records in one partition.
//   - segment: one file of a partition's log, named after its base offset.
//   - position: a byte's place in a file, never an offset.
//   - image: an immutable picture of the cluster's metadata at one offset of the
//     metadata log.
//   - shard: a single-threaded loop that owns some partitions and connections.
package kafka
