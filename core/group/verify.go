package group

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Verify asserts what must hold between any two steps. It looks at everything, and is
// for tests and the simulator. Before it is loaded a coordinator promises nothing.
func (c *Coordinator) Verify() {
	if !c.loaded {
		return
	}
	for id, g := range c.groups.Entries() {
		switch g := g.(type) {
		case classicGroup:
			g.Verify(id)
		case consumerGroup:
			g.Verify(id)
			assert.That(g.Exists(), "a consumer group is there as long as its records are")
			assert.That(g.due.Set() == (g.NextDeadline() != kafka.Never),
				"what a group waits for is waited for")
		}
	}
	for id := range c.offsets.Groups("") {
		assert.That(c.groups.Has(id), "a group that has offsets is there")
	}
}
