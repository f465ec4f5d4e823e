package classic

import (
	"cmp"
	"iter"
	"slices"

	"odradek/core/assert"
	"odradek/core/group/record"
	"odradek/core/group/timer"
	"odradek/core/kafka"
	"odradek/core/order"
)

// ProtocolType is the protocol type of consumers: the one whose metadata the
// coordinator reads, to know which topics are subscribed to.
const ProtocolType = "consumer"

// Group is a group of the classic protocol. See New.
type Group struct {
	id     string
	timers *timer.Queue

	// stored is what the last record says, nil when there is none: a group that has only
	// committed offsets (Kafka calls it simple), or one that is about to be written.
	// Only Apply changes it.
	stored *record.GroupMetadataValue

	state    State
	previous State
	// currentStateTimestamp is when the group came into its state, or NoTimestamp if that
	// was not noted. The offsets of an empty group expire by it.
	currentStateTimestamp kafka.Timestamp
	generation            kafka.Generation
	// protocolType is empty until the first member joins; it outlives the members.
	protocolType string
	// protocol is nil when no generation with members was begun.
	protocol *string
	// leaderID is the member that divides. Invariant: it is empty when there is no
	// member, and else the id of one.
	leaderID string

	// members are in the order in which they joined. Invariant: byID, static, supported,
	// awaitingJoin and owingSync agree with it.
	members []*member
	byID    map[string]*member
	// static holds the member id of each instance id.
	static map[string]string
	// supported counts the members that support a protocol.
	supported    map[string]int
	awaitingJoin int
	owingSync    int
	pending      *order.Map[string, *pendingMember]

	// subscribed are the topics of all members, sorted, while subscribedKnown: the
	// protocol is that of consumers and every subscription could be read.
	subscribed      []string
	subscribedKnown bool

	// join ends PreparingRebalance, sync the members that do not ask for their
	// assignment.
	join, sync timer.Timer
	// delay is of the rebalance of a group that was empty.
	delay initialDelay
}

// New makes a group that has no members and was never written.
func New(id string, timers *timer.Queue, now kafka.Timestamp) *Group {
	return &Group{
		id: id, timers: timers, currentStateTimestamp: now, previous: Dead,
		byID: map[string]*member{}, static: map[string]string{}, supported: map[string]int{},
		pending: order.NewMap[string, *pendingMember](cmp.Compare[string]),
		join:    timer.Timer{Group: id}, sync: timer.Timer{Group: id},
	}
}

// State is the group's state.
func (g *Group) State() State { return g.state }

// ProtocolType is "consumer", "connect" or the like; empty when no member ever joined.
func (g *Group) ProtocolType() string { return g.protocolType }

// protocolTypeNow is the protocol type as an answer holds it: one that stays the same
// when the group's changes before the answer is sent.
func (g *Group) protocolTypeNow() *string {
	protocolType := g.protocolType
	return &protocolType
}

// Stored yields the last record of the group, if it has one.
func (g *Group) Stored() iter.Seq[record.Record] {
	return func(yield func(record.Record) bool) {
		if g.stored != nil {
			yield(&record.GroupMetadata{Group: g.id, Value: g.stored})
		}
	}
}

// Idle reports whether the group holds nothing but what is written: no member, and no
// member id that was given out.
func (g *Group) Idle() bool { return g.state == Empty && g.pending.Len() == 0 }

// transition moves the group to another state.
func (g *Group) transition(to State, now kafka.Timestamp) {
	assert.That(to.mayFollow(g.state), "a group's states follow each other as in the table")
	g.previous, g.state, g.currentStateTimestamp = g.state, to, now
}

// add takes a member into the group.
func (g *Group) add(m *member) {
	assert.That(g.byID[m.memberID] == nil, "a member is added once")
	g.members = append(g.members, m)
	g.index(m)
	if g.leaderID == "" {
		g.leaderID = m.memberID
	}
	g.dropPending(m.memberID)
}

// index counts a member.
func (g *Group) index(m *member) {
	g.byID[m.memberID] = m
	if m.isStatic() {
		assert.That(g.static[*m.groupInstanceID] == "", "an instance id has one member")
		g.static[*m.groupInstanceID] = m.memberID
	}
	if m.join != nil {
		g.awaitingJoin++
	}
	if m.owesSync {
		g.owingSync++
	}
	for _, p := range m.protocols {
		g.supported[p.Name]++
	}
}

// unindex undoes index.
func (g *Group) unindex(m *member) {
	delete(g.byID, m.memberID)
	if m.isStatic() {
		delete(g.static, *m.groupInstanceID)
	}
	if m.join != nil {
		g.awaitingJoin--
	}
	if m.owesSync {
		g.owingSync--
	}
	for _, p := range m.protocols {
		if g.supported[p.Name]--; g.supported[p.Name] == 0 {
			delete(g.supported, p.Name)
		}
	}
}

// remove takes out the member, or the id that was given out.
func (g *Group) remove(s *Step, memberID string) {
	g.dropPending(memberID)
	if gone := g.byID[memberID]; gone != nil {
		g.removeWhere(s, func(m *member) bool { return m == gone })
	}
}

// removeWhere takes out members, with their timers. A request of theirs that waits is
// told that there is no such member, so that a client that is still there joins anew.
// If the leader is among them, the member that was there longest becomes the leader.
func (g *Group) removeWhere(s *Step, gone func(*member) bool) (count int) {
	before := len(g.members)
	g.members = slices.DeleteFunc(g.members, func(m *member) bool {
		if !gone(m) {
			return false
		}
		if m.join != nil {
			s.refuseJoin(*m.join, "", kafka.ErrUnknownMemberID)
		}
		if m.sync != nil {
			s.refuseSync(*m.sync, kafka.ErrUnknownMemberID)
		}
		g.timers.Stop(&m.session)
		g.unindex(m)
		return true
	})
	if g.byID[g.leaderID] == nil {
		g.leaderID = ""
		if len(g.members) > 0 {
			g.leaderID = g.members[0].memberID
		}
	}
	return before - len(g.members)
}

func (g *Group) dropPending(memberID string) {
	if p, ok := g.pending.Get(memberID); ok {
		g.timers.Stop(&p.session)
		g.pending.Delete(memberID)
	}
}

// setJoin notes that a member's JoinGroup waits (or, nil, that it no longer does).
func (g *Group) setJoin(m *member, w *waiter) {
	if m.join != nil {
		g.awaitingJoin--
	}
	if w != nil {
		g.awaitingJoin++
	}
	m.join = w
}

// setOwesSync notes whether a member has yet to send its SyncGroup.
func (g *Group) setOwesSync(m *member, owes bool) {
	if m.owesSync {
		g.owingSync--
	}
	if owes {
		g.owingSync++
	}
	m.owesSync = owes
}

// setProtocols replaces what a member supports.
func (g *Group) setProtocols(m *member, protocols []record.ClassicProtocol) {
	g.unindex(m)
	m.protocols = protocols
	g.index(m)
}

// allJoined reports whether nobody is waited for in PreparingRebalance.
func (g *Group) allJoined() bool {
	return len(g.members) == g.awaitingJoin && g.pending.Len() == 0
}

// rebalanceTimeoutMs is the longest that a member may take to join.
func (g *Group) rebalanceTimeoutMs() int32 {
	longest := int32(0)
	for _, m := range g.members {
		longest = max(longest, m.rebalanceTimeoutMs)
	}
	return longest
}

// validate tells whether a request is from who it says it is from: the member is known,
// and is who has its instance id.
func (g *Group) validate(memberID string, groupInstanceID *string) kafka.ErrorCode {
	if groupInstanceID != nil {
		switch existing := g.static[*groupInstanceID]; existing {
		case memberID:
		case "":
			return kafka.ErrUnknownMemberID
		default:
			return kafka.ErrFencedInstanceID
		}
	}
	if g.byID[memberID] == nil {
		return kafka.ErrUnknownMemberID
	}
	return kafka.None
}

// prolong lets a member's session begin again.
func (g *Group) prolong(s *Step, m *member) {
	g.timers.Start(&m.session, s.after(m.sessionTimeoutMs))
}

// stopAll stops every timer of the group.
func (g *Group) stopAll() {
	g.timers.Stop(&g.join)
	g.timers.Stop(&g.sync)
	for _, m := range g.members {
		g.timers.Stop(&m.session)
	}
	for _, p := range g.pending.Entries() {
		g.timers.Stop(&p.session)
	}
}
