// Package record is the records of __consumer_offsets, in Kafka's own formats: what
// groups there are, who is in them, and how far each has read.
//
// It encodes and decodes, and knows nothing of what the records mean to a coordinator.
// What it writes is what Apache Kafka 4.3 writes, byte for byte, so that its tools read
// our directories and ours read its.
//
// Source: the message definitions of Kafka's group-coordinator module; KIP-848.
package record
