package consumer

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Verify asserts what must hold of a group between any two steps. It looks at every
// member and partition, and is for tests and the simulator.
func (g *Group) Verify(id string) {
	assert.That(g.id == id, "a group knows its id")
	assert.That(g.assignmentEpoch <= g.epoch, "targets are for no later epoch than the group's")
	assert.That(g.facts.strays.Len() == 0, "every member that has something is known")
	counts := newCounts()
	for memberID, m := range g.members.Entries() {
		assert.That(m.id == memberID, "a member knows its id")
		assert.That(m.epoch <= g.assignmentEpoch, "no member is ahead of the targets")
		assert.That(m.state != Stable || len(m.revoking) == 0 || m.epoch == kafka.StaticLeaveEpoch,
			"who is stable has nothing to give up")
		assert.That(g.timers.runs(timerSession, memberID), "every member has a session")
		counts.addMember(m)
		counts.hold(m)
	}
	for _, value := range g.regexes.Entries() {
		counts.addRegex(value.Topics)
	}
	g.verifyCounts(&counts)
	g.verifyTargets()
}

func (g *Group) verifyCounts(counts *counts) {
	assert.That(len(counts.held) == len(g.counts.held), "who has what is counted")
	for _, m := range g.members.Entries() {
		for _, o := range [2]owned{m.assigned, m.revoking} {
			for _, t := range o {
				for _, p := range t.Partitions {
					at := kafka.TopicPartition{Topic: t.TopicID, Partition: p}
					assert.That(g.counts.held[at] == 1, "a partition has one owner")
				}
			}
		}
		if m.static() {
			assert.That(g.staticMember(*m.InstanceID) == m, "an instance id has one member")
		}
	}
	assert.That(counts.names.Len() == g.counts.names.Len(), "subscriptions are counted")
	for name, count := range counts.names.Entries() {
		known, _ := g.counts.names.Get(name)
		assert.That(known == count, "subscribers are counted")
	}
	assert.That(counts.regexes.Len() == g.counts.regexes.Len() &&
		counts.assignors.Len() == g.counts.assignors.Len() && counts.classic == g.counts.classic,
		"members are counted by what they say of themselves")
}

// verifyTargets asserts that no partition is to be two members'.
func (g *Group) verifyTargets() {
	given := map[kafka.TopicPartition]bool{}
	for memberID, set := range g.targets.Entries() {
		assert.That(g.members.Has(memberID), "who shall have something is a member")
		for _, t := range set {
			for _, p := range t.Partitions {
				at := kafka.TopicPartition{Topic: t.Topic, Partition: p}
				assert.That(!given[at], "a partition shall be one member's")
				given[at] = true
			}
		}
	}
}
