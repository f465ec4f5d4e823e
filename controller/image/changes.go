package image

import (
	"maps"
	"slices"

	"odradek/core/kafka"
)

// Changes says what differs between an image and the one before it, so that
// who applies it to logs and connections need not compare everything.
type Changes struct {
	// Topics that were made, removed or altered, in the order of their records.
	Topics []TopicChange
	// Configs are the resources of which a key was set or removed. A topic
	// that was removed with its configuration is among them.
	Configs []Resource
	// Brokers that were registered, removed or altered.
	Brokers []kafka.BrokerID
}

// TopicChange is one topic before and after.
type TopicChange struct {
	// Old is nil for a topic that was made.
	Old *Topic
	// New is nil for a topic that was removed.
	New *Topic
}

func (d *Delta) changes(next *Image) Changes {
	changes := Changes{Configs: d.resources.keys, Brokers: d.brokers.keys}
	for _, id := range d.touched.keys {
		change := TopicChange{d.base.TopicByID(id), next.TopicByID(id)}
		if change.Old != nil || change.New != nil {
			changes.Topics = append(changes.Topics, change)
		}
	}
	return changes
}

// noted is a set of keys in the order in which they were first added.
type noted[K comparable] struct {
	keys []K
	// known is looked up, never ranged over.
	known map[K]struct{}
}

func (n *noted[K]) add(key K) {
	if _, ok := n.known[key]; ok {
		return
	}
	if n.known == nil {
		n.known = map[K]struct{}{}
	}
	n.known[key] = struct{}{}
	n.keys = append(n.keys, key)
}

func (n *noted[K]) clone() noted[K] {
	return noted[K]{slices.Clone(n.keys), maps.Clone(n.known)}
}
