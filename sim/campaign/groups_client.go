package campaign

import (
	"fmt"
	"time"

	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/jepsen/check/groups"
	"odradek/sim/chance"
	"odradek/sim/client"
	"odradek/sim/fault"
	"odradek/sim/member"
)

// phase is what the members of groups do.
type phase uint8

const (
	// phaseWork: they consume, and do everything that real clients do wrong.
	phaseWork phase = iota
	// phaseSettle: they consume, and do nothing wrong.
	phaseSettle
	// phaseRest: they are gone, in order or not.
	phaseRest
	// phaseReturn: some of them are back.
	phaseReturn
	// phaseOver: they end.
	phaseOver
)

// group is a consumer group of a run, and its clients.
type group struct {
	shape   groupShape
	clients []*groupClient
}

// groupTopics are the topics that a group reads.
func (r *Run) groupTopics(g *group) []member.Topic {
	var all []member.Topic
	for _, index := range g.shape.topics {
		t := r.ledger.named(r.shape.topics[index].name)
		all = append(all, member.Topic{Name: t.name, ID: t.id})
	}
	return all
}

// newGroupRecord makes what the members of a run write to.
func (r *Run) newGroupRecord() *member.Record {
	return &member.Record{
		History: groups.History{Rules: groups.Rules{Expires: r.shape.groups.expires,
			Vanishes: r.shape.groups.vanishes()}},
		Operation: func(process int, called int64) check.Operation {
			return r.record.operation(process, called)
		},
		Event: func() check.Event { return check.Event(r.record.stamp()) },
		Now:   func() time.Duration { return r.world.Now().Since(0) },
	}
}

// addGroups adds the clients of all groups, and who looks after them.
func (r *Run) addGroups() {
	if r.shape.groups == nil {
		return
	}
	r.groupRecord = r.newGroupRecord()
	for _, shape := range r.shape.groups.groups {
		g := &group{shape: shape}
		r.groups = append(r.groups, g)
		for i, instance := range shape.instances {
			r.addActor(fmt.Sprintf("%s-member-%d", shape.name, i+1), func(a *actor) role {
				c := &groupClient{consumer: &consumer{actor: a}, group: g,
					instance: groups.InstanceID(instance), returns: i == 0 || i%2 == 0}
				g.clients = append(g.clients, c)
				return c
			})
		}
	}
}

// groupClient is a client that consumes in a group: one member after another.
type groupClient struct {
	*consumer
	group    *group
	instance groups.InstanceID
	member   *member.Member
	// refreshed is the member that knows that it has to do everything right.
	refreshed *member.Member
	// returns: it comes back after the broker's last start.
	returns bool
	polls   uint32
	lives   uint32
}

// step does one thing while there are faults: now and then something that no client
// should do, and real ones do.
func (c *groupClient) step(t *task.Task, op *chance.Stream) {
	if c.run.phase != phaseWork || c.member == nil || c.member.Dead() {
		c.poll(t, op)
		return
	}
	m := c.member
	switch op.Below(256) {
	case 0, 1: // its process is killed
		c.end(t, op, false)
		t.Sleep(op.Between(0, c.group.shape.session))
	case 2, 3:
		c.end(t, op, true)
		t.Sleep(op.Between(0, c.group.shape.session/2))
	case 4, 5, 6: // it works on a record for too long, and commits as if nothing had been
		t.Sleep(op.Between(c.group.shape.session, 2*c.group.shape.session))
		m.CommitAll(t, op)
	case 7, 8, 9:
		m.CommitTwice(t, op)
	case 10, 11, 12, 13:
		m.CommitPast(t, op)
	case 14, 15, 16, 17:
		m.Describe(t, op)
	case 18:
		c.resubscribe(op)
	case 19, 20: // it comes back in place of itself, as after a crash that nobody noticed
		old := c.member
		c.begin()
		c.poll(t, op)
		old.CommitAll(t, op)
		old.Drop()
	case 21, 22, 23:
		m.CommitStale(t, op)
	case 24, 25, 27, 28:
		m.Deafen(1 + int(op.Below(3)))
	case 29, 30, 31:
		m.Dawdle(10 + int(op.Below(60)))
	case 26:
		c.deleteOffset(t, op)
	default:
		c.poll(t, op)
	}
}

// deleteOffset has an offset of the group deleted: by an admin, who need not know better.
func (c *groupClient) deleteOffset(t *task.Task, op *chance.Stream) {
	topics := c.run.groupTopics(c.group)
	topic := c.run.ledger.byID[topics[op.Below(uint64(len(topics)))].ID]
	c.member.DeleteOffset(t, op, topic.partition(int32(op.Below(uint64(topic.partitions)))))
}

func (c *groupClient) finish(*task.Task) {}

// goOn is what a client does when it is to do nothing wrong any more: it consumes, or ends
// its member, as the phase says.
func (c *groupClient) goOn(t *task.Task) {
	switch c.run.phase {
	case phaseWork, phaseSettle:
	case phaseReturn:
		if !c.returns {
			return
		}
	default:
		if c.member != nil {
			op := c.next()
			c.end(t, &op, op.OneIn(2))
		}
		return
	}
	op := c.next()
	if c.member != nil && c.refreshed != c.member {
		c.member.Subscribe(c.run.groupTopics(c.group))
		c.member.Refresh()
		c.refreshed = c.member
	}
	c.poll(t, &op)
}

// next makes the draws of a poll that is no decision of the plan: in a healed world, a
// member that does not poll is a failure of its own.
func (c *groupClient) next() chance.Stream {
	c.polls++
	return chance.New(uint64(c.process)<<32|uint64(c.polls), "poll")
}

// begin begins a member's life.
func (c *groupClient) begin() {
	shape := &c.group.shape
	c.lives++
	protocol := shape.protocol
	choice := chance.New(uint64(c.process)<<32|uint64(c.lives), "protocol")
	if shape.migrates && choice.OneIn(2) {
		protocol = member.Consumer
	}
	c.member = member.New(member.Options{World: c.world, Process: c.process,
		Protocol: protocol, Migrates: shape.migrates,
		Group: groups.Group(shape.name), Instance: c.instance, Name: c.name,
		All: c.run.groupTopics(c.group), Session: shape.session, Rebalance: shape.rebalance,
		Heartbeat: shape.heartbeat, Record: c.run.groupRecord, Dial: c.dialCoordinator,
		Patience: coordinatorPatience, Complain: c.complain, Trace: c.world.Trace})
}

// end ends it, in order or not.
func (c *groupClient) end(t *task.Task, op *chance.Stream, inOrder bool) {
	if inOrder {
		c.member.Leave(t, op)
	} else {
		c.member.Drop()
	}
	c.member = nil
	if c.conn != nil {
		c.conn.Close()
	}
}

// resubscribe has the member ask for other topics of its group.
func (c *groupClient) resubscribe(op *chance.Stream) {
	all := c.run.groupTopics(c.group)
	from := op.Below(uint64(len(all)))
	c.member.Subscribe(all[from:])
}

// dialCoordinator opens a member's connection of its own.
func (a *actor) dialCoordinator(t *task.Task) (conn *client.Conn, sound bool) {
	conn, err := client.Dial(t, a.options(), brokerAddress, t.Now().Plus(dialPatience))
	if err != nil {
		t.Sleep(redialPause)
		return nil, false
	}
	return conn, a.run.calm
}

func coordinatorPatience(sound bool) time.Duration {
	if sound {
		return calmPatience
	}
	return patience
}

// commitOneIn is how often, one poll in so many, a member commits.
const commitOneIn = 4

// poll is one round of a consumer's loop: see to the membership, read, commit.
func (c *groupClient) poll(t *task.Task, op *chance.Stream) {
	if c.member == nil || c.member.Dead() {
		c.begin()
	}
	m := c.member
	m.Poll(t, op)
	m.Begin(t, op)
	if c.member != m || m.Dead() || len(m.Claims()) == 0 {
		return
	}
	c.readClaims(t, op)
	if op.OneIn(commitOneIn) {
		m.CommitAll(t, op)
	}
}

// groupFetchWait is how long a member's fetch may wait at most: it has heartbeats to send.
const groupFetchWait = 20 * time.Millisecond

// readClaims reads on in every claim.
func (c *groupClient) readClaims(t *task.Task, op *chance.Stream) {
	type reading struct {
		claim  *member.Claim
		cursor *cursor
	}
	var all []reading
	var cursors []*cursor
	for _, claim := range c.member.Claims() {
		if !claim.Started {
			continue
		}
		k := &cursor{topic: c.run.ledger.byID[claim.Topic.ID], partition: int32(claim.Partition),
			offset: claim.Offset}
		all, cursors = append(all, reading{claim, k}), append(cursors, k)
	}
	if len(all) == 0 {
		return
	}
	request := c.drawFetch(op, cursors)
	request.MaxWaitMillis = min(request.MaxWaitMillis, int32(groupFetchWait.Milliseconds()))
	c.fetchWith(t, op, request, cursors)
	for _, one := range all {
		if one.cursor.offset != one.claim.Offset {
			c.member.Take(one.claim, one.cursor.offset, one.cursor.overtaken)
		}
	}
}

// liveInGroup is a group client's task.
func (a *actor) liveInGroup(t *task.Task, c *groupClient) {
	for a.run.phase == phaseWork && !a.run.stopping {
		value, wanted := a.run.world.Plan().Draw(fault.Operation, a.node.Index())
		if wanted {
			op := chance.New(value, "operation")
			a.count++
			c.step(t, &op)
		}
		t.Sleep(a.run.shape.think)
	}
	for a.run.phase != phaseOver {
		c.goOn(t)
		t.Sleep(a.run.shape.think)
	}
	if c.member != nil {
		c.member.Drop()
	}
}
