package consumer

import (
	"odradek/core/group/metadatahash"
	"odradek/core/kafka"
)

// TopicHashes remembers what single topics hash to, for all groups of a coordinator: a
// topic of many partitions with racks takes a tenth of a millisecond, and every member
// that joins has all of its group's looked at. It forgets all when a topic changes. The
// zero value is usable.
type TopicHashes struct {
	version int64
	// byID is never ranged over.
	byID map[kafka.TopicID]int64
}

// of is the hash of a topic.
func (h *TopicHashes) of(topics Topics, id kafka.TopicID, name string) int64 {
	if h.byID == nil || h.version != topics.Version() {
		h.version, h.byID = topics.Version(), map[kafka.TopicID]int64{}
	}
	hash, known := h.byID[id]
	if !known {
		racks := func(p kafka.Partition) []string { return topics.Racks(id, p) }
		hash = metadatahash.Topic(id, name, int(topics.PartitionCount(id)), racks)
		h.byID[id] = hash
	}
	return hash
}
