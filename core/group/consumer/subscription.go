package consumer

import (
	"cmp"

	"odradek/core/group/metadatahash"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/order"
)

// refresh is which state of the topics the group epoch accounts for.
type refresh struct {
	// seen is set once the topics were looked at, at version.
	seen    bool
	version int64
	// epoch is the group epoch that came of it. If the group is behind it, its record was
	// not written, and the topics are to be looked at again.
	epoch kafka.MemberEpoch
}

// due reports whether topics may have changed since they were looked at.
func (r *refresh) due(g *Group, topics Topics) bool {
	return !r.seen || r.version != topics.Version() || g.epoch < r.epoch
}

// changeSubscription compares the topics that the group is subscribed to after the step
// with what its epoch accounts for, and raises the epoch if they are others, or anyhow
// when bump is set. It returns the group epoch after the step.
func (s *step) changeSubscription(bump bool, known, updated *member) kafka.MemberEpoch {
	change := s.g.subscriptionChange()
	change.members(known, -1)
	change.members(updated, 1)
	if old := known.regex(); old != "" && old != updated.regex() && s.g.countRegex(old) == 1 {
		change.regex(s.g.resolved(old), -1)
	}
	hash := change.hash(s.Call)
	epoch := s.g.epoch
	if bump || hash != s.g.metadataHash {
		epoch++
		s.write(s.g.epochRecord(epoch, hash))
	}
	s.g.refresh = refresh{true, s.Topics.Version(), epoch}
	if s.g.facts.partitionMetadata != nil {
		s.write(&record.ConsumerGroupPartitionMetadata{GroupID: s.g.id})
	}
	return epoch
}

// epochRecord is the record of a group epoch.
func (g *Group) epochRecord(epoch kafka.MemberEpoch, hash int64) record.Record {
	return &record.ConsumerGroupMetadata{GroupID: g.id,
		Value: &record.ConsumerGroupMetadataValue{Epoch: epoch, MetadataHash: hash}}
}

// change is a subscription of the group as it will be after a step: what is added to and
// taken from the counts of names.
type change struct {
	g     *Group
	names *order.Map[string, nameCount]
}

func (g *Group) subscriptionChange() *change {
	return &change{g, order.NewMap[string, nameCount](cmp.Compare[string])}
}

// members adds or takes what a member names.
func (c *change) members(m *member, by int) {
	for _, name := range m.SubscribedTopicNames {
		c.add(name, nameCount{members: by})
	}
}

// regex adds or takes what a regular expression came to.
func (c *change) regex(resolved *record.ConsumerGroupRegularExpressionValue, by int) {
	if resolved == nil {
		return
	}
	for _, name := range resolved.Topics {
		c.add(name, nameCount{regexes: by})
	}
}

func (c *change) add(name string, by nameCount) {
	count, _ := c.names.Get(name)
	count.members += by.members
	count.regexes += by.regexes
	c.names.Put(name, count)
}

// hash is the metadata hash of the subscription after the step.
func (c *change) hash(call *Call) int64 {
	var hashes []int64
	include := func(name string) {
		if id, found := call.Topics.TopicID(name); found {
			hashes = append(hashes, call.Hashes.of(call.Topics, id, name))
		}
	}
	// Both maps are in the order of names, and are merged.
	pending := c.sortedNames()
	for name, count := range c.g.counts.names.Entries() {
		for len(pending) > 0 && pending[0] < name {
			if c.isNew(pending[0]) {
				include(pending[0])
			}
			pending = pending[1:]
		}
		by, changed := c.names.Get(name)
		if changed {
			pending = pending[1:]
		}
		if count.members+by.members > 0 || count.regexes+by.regexes > 0 {
			include(name)
		}
	}
	for _, name := range pending {
		if c.isNew(name) {
			include(name)
		}
	}
	return metadatahash.Group(hashes)
}

// isNew reports whether a name that nobody was subscribed to has a subscriber now.
func (c *change) isNew(name string) bool {
	count, _ := c.names.Get(name)
	return count.members > 0 || count.regexes > 0
}

func (c *change) sortedNames() []string {
	names := make([]string, 0, c.names.Len())
	for name := range c.names.Entries() {
		names = append(names, name)
	}
	return names
}
