// Package metadata is the vocabulary of the metadata log: the records that
// Apache Kafka 4.3 writes into __cluster_metadata, and their bytes.
//
// A cluster's metadata is a log like any other. Whoever reads its records in
// order knows every topic, partition, broker and configuration; package image
// does the reading. Because the bytes are Kafka's own, its dump tool reads our
// log and we read its.
//
// The value of a record is framed, all three numbers as unsigned varints:
//
//	+---------------+---------+---------+------------------------------+
//	| frame version | api key | version | fields of that key, version  |
//	|     (= 1)     |         |         | (flexible encoding, KIP-482) |
//	+---------------+---------+---------+------------------------------+
//
// Within the fields: integers are big-endian; strings and arrays carry their
// length plus one as an unsigned varint, where zero means null; a topic or
// incarnation id is 16 raw bytes; every structure ends with its tagged fields:
//
//	+-------+     +-----+--------+-------+
//	| count | then| tag | length | bytes | count times, tags ascending
//	+-------+     +-----+--------+-------+
//
// Each record states its layout once, in its fields method, which serves both
// for reading and for writing: the two cannot disagree.
//
// It never does I/O, never panics on bad bytes, and allocates for an array or
// string only after its length was checked against the bytes that are there.
//
// Read record.go first, then topics.go. The chapter is
// docs/chapters/07-controller.md. Source: KIP-500, KIP-631, KIP-746, KIP-858,
// KIP-866, KIP-868, KIP-966.
package metadata
