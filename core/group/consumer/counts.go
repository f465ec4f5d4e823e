package consumer

import (
	"cmp"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/order"
)

// counts are what could be found by looking at all members, kept so that no request has
// to.
type counts struct {
	// names are the topics that the group is subscribed to.
	names *order.Map[string, nameCount]
	// regexes is how many members have each regular expression.
	regexes *order.Map[string, int]
	// assignors is how many members ask for each assignor.
	assignors *order.Map[string, int]
	// instances are the members with an instance id, by that id. It is never ranged over.
	instances map[string]string
	// held is how many members have a partition, assigned or pending revocation. It is
	// never ranged over. Invariant: 1, once all of a log is applied (G-SingleOwner).
	held map[kafka.TopicPartition]int
	// classic is how many members speak the classic protocol.
	classic int
	// protocols is how many of them support each assignor of the classic protocol. It is
	// never ranged over.
	protocols map[string]int
}

// nameCount is by how many a topic is subscribed to.
type nameCount struct{ members, regexes int }

func newCounts() counts {
	return counts{
		names:     order.NewMap[string, nameCount](cmp.Compare[string]),
		regexes:   order.NewMap[string, int](cmp.Compare[string]),
		assignors: order.NewMap[string, int](cmp.Compare[string]),
		instances: map[string]string{},
		held:      map[kafka.TopicPartition]int{},
		protocols: map[string]int{},
	}
}

// addMember counts what a member has told.
func (c *counts) addMember(m *member) { c.count(m, 1) }

// removeMember takes back what addMember counted.
func (c *counts) removeMember(m *member) { c.count(m, -1) }

func (c *counts) count(m *member, by int) {
	for _, name := range m.SubscribedTopicNames {
		c.countName(name, nameCount{members: by})
	}
	if m.regex() != "" {
		countText(c.regexes, m.regex(), by)
	}
	if m.ServerAssignor != nil {
		countText(c.assignors, *m.ServerAssignor, by)
	}
	if m.static() {
		// A static member that is replaced is there twice for a moment: the later one holds.
		if by > 0 {
			c.instances[*m.InstanceID] = m.id
		} else if c.instances[*m.InstanceID] == m.id {
			delete(c.instances, *m.InstanceID)
		}
	}
	if m.classic() {
		c.classic += by
		for _, protocol := range m.ClassicMemberMetadata.SupportedProtocols {
			c.protocols[protocol.Name] += by
		}
	}
}

func countText(m *order.Map[string, int], key string, by int) {
	count, _ := m.Get(key)
	count += by
	assert.That(count >= 0, "nothing is uncounted that was not counted")
	if count == 0 {
		m.Delete(key)
		return
	}
	m.Put(key, count)
}

func (c *counts) countName(name string, by nameCount) {
	count, _ := c.names.Get(name)
	count.members += by.members
	count.regexes += by.regexes
	assert.That(count.members >= 0 && count.regexes >= 0,
		"nobody is unsubscribed who was not subscribed")
	if count == (nameCount{}) {
		c.names.Delete(name)
		return
	}
	c.names.Put(name, count)
}

func (c *counts) addRegex(topics []string) {
	for _, name := range topics {
		c.countName(name, nameCount{regexes: 1})
	}
}

func (c *counts) subtractRegex(topics []string) {
	for _, name := range topics {
		c.countName(name, nameCount{regexes: -1})
	}
}

// hold counts the partitions a member has.
func (c *counts) hold(m *member) { c.countHeld(m, 1) }

// release takes back what hold counted.
func (c *counts) release(m *member) { c.countHeld(m, -1) }

func (c *counts) countHeld(m *member, by int) {
	for _, o := range [2]owned{m.assigned, m.revoking} {
		for _, t := range o {
			for _, p := range t.Partitions {
				at := kafka.TopicPartition{Topic: t.TopicID, Partition: p}
				c.held[at] += by
				assert.That(c.held[at] >= 0, "no partition is released that is not held")
				if c.held[at] == 0 {
					delete(c.held, at)
				}
			}
		}
	}
}

// free reports whether no member has a partition.
func (c *counts) free(topic kafka.TopicID, partition kafka.Partition) bool {
	return c.held[kafka.TopicPartition{Topic: topic, Partition: partition}] == 0
}
