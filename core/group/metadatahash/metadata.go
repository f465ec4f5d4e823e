package metadatahash

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"

	"odradek/core/kafka"
)

// topicFormat is the version of what is hashed of a topic, and its first byte.
const topicFormat = 0

// Topic is the hash of one topic. racks gives the racks of a partition's replicas, in any
// order: one for each replica whose broker has a rack. Source: Kafka, Utils.computeTopicHash.
func Topic(id kafka.TopicID, name string, partitions int,
	racks func(kafka.Partition) []string) int64 {
	b := make([]byte, 0, 64+2*len(name)+4*partitions)
	b = append(b, topicFormat)
	// An id is hashed as two numbers, the more significant half first, each with its
	// lowest byte first.
	b = binary.LittleEndian.AppendUint64(b, binary.BigEndian.Uint64(id[:8]))
	b = binary.LittleEndian.AppendUint64(b, binary.BigEndian.Uint64(id[8:]))
	b = appendText(b, name)
	b = binary.LittleEndian.AppendUint32(b, uint32(partitions))
	for p := range partitions {
		b = binary.LittleEndian.AppendUint32(b, uint32(p))
		sorted := slices.Sorted(slices.Values(racks(kafka.Partition(p))))
		for _, rack := range sorted {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(utf16.Encode([]rune(rack)))))
			b = appendText(b, rack)
		}
	}
	return int64(sum64(b))
}

// Group is the hash of all of a group's topics that exist, given in the order of their
// names. It is 0 when there are none. Source: Kafka, Utils.computeGroupHash.
func Group(topics []int64) int64 {
	if len(topics) == 0 {
		return 0
	}
	b := make([]byte, 0, 8*len(topics))
	for _, hash := range topics {
		b = binary.LittleEndian.AppendUint64(b, uint64(hash))
	}
	return int64(sum64(b))
}

// appendText appends a text as Java's hashing library (hash4j) does: its UTF-16 units,
// then how many they are.
func appendText(b []byte, text string) []byte {
	units := utf16.Encode([]rune(text))
	for _, unit := range units {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return binary.LittleEndian.AppendUint32(b, uint32(len(units)))
}
