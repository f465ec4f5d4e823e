package member

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Protocol is how a member divides partitions with the others of its group.
type Protocol uint8

const (
	// Eager: the classic protocol; everything is given up before each rebalance.
	Eager Protocol = iota
	// Cooperative: the classic protocol; only what goes to another member is given up.
	Cooperative
	// Consumer: the consumer protocol; the coordinator divides.
	Consumer
	// Protocols is how many there are.
	Protocols
)

// String is the protocol's name in a run's shape.
func (p Protocol) String() string { return [...]string{"eager", "cooperative", "consumer"}[p] }

// Topic is a topic that a group reads.
type Topic struct {
	Name string
	ID   kafka.TopicID
}

// Options make a member.
type Options struct {
	World    *env.World
	Process  int
	Protocol Protocol
	// Migrates: others of the group speak the consumer protocol.
	Migrates bool
	Group    groups.Group
	// Instance is its group.instance.id; "" for a dynamic member.
	Instance groups.InstanceID
	// Name is the beginning of the member ids that it makes for the consumer protocol.
	Name string
	// All are the topics that the group is about. Which of them the member subscribes to
	// may change; see Subscribe.
	All []Topic
	// Session and Rebalance are its time-outs, Heartbeat is how often it is heard of. In
	// the consumer protocol the coordinator decides two of them, and these must agree.
	Session, Rebalance, Heartbeat time.Duration
	// Record is what it writes to.
	Record *Record
	// Dial opens a connection to the coordinator, or gives nil; sound says whether it must
	// be served in time. It may wait.
	Dial func(t *task.Task) (conn *client.Conn, sound bool)
	// Patience is how long an answer is waited for: over a sound connection, and over
	// another.
	Patience func(sound bool) time.Duration
	// Complain is told what no broker may do.
	Complain func(format string, args ...any)
	// Trace takes in what happened.
	Trace env.Trace
}

// Record is what all members of a run write down.
type Record struct {
	groups.History
	// Operation begins an operation that was called then.
	Operation func(process int, called int64) check.Operation
	// Event numbers what happens between operations.
	Event func() check.Event
	// Now is the time since the run began.
	Now        func() time.Duration
	marks, ids int
}

// Claim is a partition that a member takes for its own.
type Claim struct {
	Topic     Topic
	Partition kafka.Partition
	// Offset is where it reads on, once it has Started.
	Offset  kafka.Offset
	Started bool
	// tenure is its index in the record.
	tenure int
}

func (c *Claim) partition() kafka.TopicPartition {
	return kafka.TopicPartition{Topic: c.Topic.ID, Partition: c.Partition}
}

// Member is one life of a consumer in its group.
type Member struct {
	Options
	conn  *client.Conn
	sound bool
	// id is "" until there is one; epoch is the generation or member epoch, 0 before.
	id    groups.MemberID
	epoch groups.Epoch
	// subscribed are the topics that it asks for.
	subscribed []Topic
	claims     []*Claim
	// past are partitions that were its own once, with where it was in them.
	past []Claim
	// joining: it has to join, for the first time or again.
	joining bool
	// before is the epoch before the present one, 0 if there was none.
	before groups.Epoch
	// dawdles is for how many polls it goes on with what it does, before it gives up what it
	// must or joins again.
	dawdles int
	// deaf is how many more answers it does not get.
	deaf int
	// dead: it was told that it must never come back under this id.
	dead bool
	next kafka.Instant
	// classic and consumer are the state of the one protocol and of the other.
	classic  classic
	consumer consumer
}

// New makes a member that has yet to join.
func New(o Options) *Member {
	m := &Member{Options: o, joining: true, subscribed: o.All}
	m.consumer.full = true
	return m
}

// ID is who it is in its group; "" while nobody has told it.
func (m *Member) ID() groups.MemberID { return m.id }

// Dead reports whether it can't go on: another member has its instance id.
func (m *Member) Dead() bool { return m.dead }

// Claims are the partitions that it takes for its own.
func (m *Member) Claims() []*Claim { return m.claims }

// AtRest reports whether it is a member, and has nothing to ask for but the next
// heartbeat.
func (m *Member) AtRest() bool {
	return !m.dead && !m.joining && m.epoch > 0 && !m.consumer.acknowledge
}

// Dawdle has the member be busy for some polls: it sends heartbeats, and does nothing about
// what it hears, as when a client works on a record and only its heartbeat thread is free.
func (m *Member) Dawdle(polls int) { m.dawdles = polls }

// Deafen has the answers to the next few questions get lost.
func (m *Member) Deafen(answers int) { m.deaf = answers }

// setEpoch enters a new generation or member epoch.
func (m *Member) setEpoch(epoch groups.Epoch) {
	if epoch != m.epoch {
		m.before, m.epoch = m.epoch, epoch
	}
}

// Story says in a line what has become of the member.
func (m *Member) Story() string {
	text := fmt.Sprintf("%q at epoch %d", m.id, m.epoch)
	switch {
	case m.dead:
		text += ", dead"
	case m.joining:
		text += ", joining"
	}
	for _, c := range m.claims {
		text += fmt.Sprintf(", %s-%d at %d", c.Topic.Name, c.Partition, c.Offset)
	}
	return text
}

// Subscribe changes what it asks for.
func (m *Member) Subscribe(topics []Topic) {
	if slices.Equal(topics, m.subscribed) {
		return
	}
	m.subscribed = topics
	if m.Protocol == Consumer {
		m.consumer.full = true
		m.next = 0
	} else if m.epoch > 0 {
		m.joining = true
	}
}

// Poll does what its protocol asks for now: it joins, or sends a heartbeat that is due.
func (m *Member) Poll(t *task.Task, op *chance.Stream) {
	busy := m.dawdles > 0 && m.epoch > 0
	m.dawdles = max(0, m.dawdles-1)
	switch {
	case m.dead:
	case m.Protocol == Consumer:
		m.pollConsumer(t, op, busy)
	case m.joining && !busy:
		m.join(t, op)
	case t.Now() >= m.next:
		m.beat(t, op)
	}
}

// Take enters that the member has read a claim's records up to an offset, or was told that
// there are none before it.
func (m *Member) Take(c *Claim, to kafka.Offset, skipped bool) {
	o := m.Record.Operation(m.Process, 0)
	if to > c.Offset {
		m.Record.Takes = append(m.Record.Takes, groups.Take{ID: o.ID, Group: m.Group, Member: m.id,
			Partition: c.partition(), At: m.Record.Event(), From: c.Offset, To: to, Skipped: skipped})
	}
	c.Offset = to
}

// Drop ends the member without a word: its process is gone. For the record, it claims
// nothing from now on.
func (m *Member) Drop() {
	m.lose()
	m.hangUp()
	m.dead = true
}

// Leave has the member leave its group, and ends it.
func (m *Member) Leave(t *task.Task, op *chance.Stream) {
	if m.epoch > 0 && !m.dead {
		m.CommitAll(t, op)
		m.lose()
		if m.Protocol == Consumer {
			m.leaveConsumer(t, op)
		} else {
			m.leaveClassic(t, op)
		}
	}
	m.Drop()
}

// claim begins a tenure.
func (m *Member) claim(topic Topic, partition kafka.Partition) *Claim {
	c := &Claim{Topic: topic, Partition: partition}
	m.claims = append(m.claims, c)
	m.begin(c)
	return c
}

func (m *Member) begin(c *Claim) {
	c.tenure = len(m.Record.Tenures)
	m.Record.Tenures = append(m.Record.Tenures, groups.Tenure{Group: m.Group, Member: m.id,
		Consumer: m.Protocol == Consumer, Partition: c.partition(), Epoch: m.epoch,
		Begin: m.Record.Event(), End: check.Never})
	m.Trace.Event("claims", c.Topic.Name, int64(c.Partition), int64(m.epoch))
}

// end ends a claim's tenure.
func (m *Member) end(c *Claim) { m.Record.Tenures[c.tenure].End = m.Record.Event() }

// give ends a claim.
func (m *Member) give(c *Claim) {
	m.end(c)
	m.Trace.Event("gives up", c.Topic.Name, int64(c.Partition), int64(c.Offset))
	if c.Started {
		m.past = append(m.past, *c)
	}
	for i, one := range m.claims {
		if one == c {
			m.claims = append(m.claims[:i:i], m.claims[i+1:]...)
			return
		}
	}
}

// lose ends every claim.
func (m *Member) lose() {
	for len(m.claims) > 0 {
		m.give(m.claims[0])
	}
}

// claimed finds a claim, or nil.
func (m *Member) claimed(p kafka.TopicPartition) *Claim {
	for _, c := range m.claims {
		if c.partition() == p {
			return c
		}
	}
	return nil
}

// topicNamed finds a topic of the group; false if it is none of them.
func (m *Member) topicNamed(name string) (Topic, bool) {
	for _, t := range m.All {
		if t.Name == name {
			return t, true
		}
	}
	return Topic{}, false
}

func (m *Member) topicWith(id kafka.TopicID) (Topic, bool) {
	for _, t := range m.All {
		if t.ID == id {
			return t, true
		}
	}
	return Topic{}, false
}

// instance is the instance id as requests have it.
func (m *Member) instance() *string {
	if m.Instance == "" {
		return nil
	}
	return kmsg.StringPtr(string(m.Instance))
}

// between draws a version in [low, high].
func between(op *chance.Stream, low, high int16) int16 {
	return low + int16(op.Below(uint64(high-low)+1))
}
