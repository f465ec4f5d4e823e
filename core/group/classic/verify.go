package classic

import (
	"cmp"
	"slices"

	"odradek/core/assert"
	"odradek/core/group/record"
)

// Verify asserts what must hold of a group between any two steps. It looks at every
// member, and is for tests and the simulator.
func (g *Group) Verify(id string) {
	assert.That(g.id == id, "a group knows its id")
	assert.That((g.state == Empty) == (len(g.members) == 0) || g.state == PreparingRebalance,
		"a group is Empty when it has no member and none is waited for")
	g.verifyMembers()
	g.verifyCounts()
	assert.That(g.leaderID == "" && len(g.members) == 0 || g.byID[g.leaderID] != nil,
		"the leader is a member")
	assert.That(g.state != PreparingRebalance || g.join.Set(), "a wait for members has an end")
	assert.That(g.owingSync == 0 || g.sync.Set(), "a wait for SyncGroups has an end")
	if g.state == Stable || g.state == CompletingRebalance {
		assert.That(g.protocol != nil && g.supported[*g.protocol] == len(g.members),
			"the protocol is supported by every member")
	}
}

func (g *Group) verifyMembers() {
	for _, m := range g.members {
		assert.That(g.byID[m.memberID] == m, "a member is found by its id")
		assert.That(!m.isStatic() || g.static[*m.groupInstanceID] == m.memberID,
			"a static member is found by its instance id")
		assert.That(!g.pending.Has(m.memberID), "who has joined is not waited for")
		assert.That(m.join == nil || g.state == PreparingRebalance,
			"a JoinGroup waits while a rebalance is prepared")
		assert.That(m.sync == nil || g.state == CompletingRebalance,
			"a SyncGroup waits while the leader divides")
		assert.That(m.session.Set() || m.join != nil || m.sync != nil,
			"a member that does not wait has a session")
		names := slices.Clone(m.protocols)
		slices.SortFunc(names, func(a, b record.ClassicProtocol) int {
			return cmp.Compare(a.Name, b.Name)
		})
		assert.That(len(slices.CompactFunc(names, sameName)) == len(m.protocols),
			"a member names a protocol once")
	}
}

func sameName(a, b record.ClassicProtocol) bool { return a.Name == b.Name }

func (g *Group) verifyCounts() {
	joining, owing, static := 0, 0, 0
	supported := map[string]int{}
	for _, m := range g.members {
		if m.join != nil {
			joining++
		}
		if m.owesSync {
			owing++
		}
		if m.isStatic() {
			static++
		}
		for _, p := range m.protocols {
			supported[p.Name]++
			assert.That(supported[p.Name] <= g.supported[p.Name], "support is counted")
		}
	}
	assert.That(len(supported) == len(g.supported), "only what is supported is counted")
	assert.That(joining == g.awaitingJoin, "who waits to join is counted")
	assert.That(owing == g.owingSync, "who owes a SyncGroup is counted")
	assert.That(len(g.byID) == len(g.members) && len(g.static) == static,
		"only members are found by an id")
}
