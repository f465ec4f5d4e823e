// Package metadatahash is the one number by which a group of KIP-848 knows whether the
// topics it is subscribed to are still as they were when it was assigned: ids, names,
// numbers of partitions, and the racks of the replicas (KIP-1101).
//
// The number is in the log (record.ConsumerGroupMetadataValue), so it is Kafka's, bit for
// bit: XXH3 with 64 bits, over the same bytes in the same order. Otherwise every group of
// a directory that comes from Kafka would be assigned anew for nothing.
//
// Read metadata.go first; xxh3.go is the hash function.
package metadatahash
