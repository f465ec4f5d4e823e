package group

import "odradek/core/assert"

// Verify asserts what must hold between any two steps. It looks at everything, and is
// for tests and the simulator. Before it is loaded a coordinator promises nothing.
func (c *Coordinator) Verify() {
	if !c.loaded {
		return
	}
	for id, g := range c.groups.Entries() {
		if g, ok := g.(classicGroup); ok {
			g.Verify(id)
		}
	}
	for id := range c.offsets.Groups("") {
		assert.That(c.groups.Has(id), "a group that has offsets is there")
	}
}
