// Package record is the records of __consumer_offsets, in Kafka's own formats: what
// groups there are, who is in them, and how far each has read.
//
// It encodes and decodes, and knows nothing of what the records mean to a coordinator.
// What it writes is what Apache Kafka 4.3 writes, byte for byte, so that its tools read
// our directories and ours read its.
//
// A record's key begins with the kind and its value with a version, both int16:
//
//	key    +------+--------+--------+     value  +---------+--------+--------+
//	       | kind | field  |  ...   |            | version | field  |  ...   |
//	       +------+--------+--------+            +---------+--------+--------+
//
// Strings and arrays carry their length before them: as an int16 or int32, or, in the
// compact encoding of KIP-482, plus one as an unsigned varint. Keys are never compact;
// values of commits and classic groups are from version 4 on, those of KIP-848 always.
//
// Invariants: what Parse takes is written so that it reads the same; Parse neither
// panics nor allocates more than a small multiple of the bytes it is given.
//
// Read record.go first. Source: the message definitions of Kafka's group-coordinator
// module; KIP-848.
package record
