package groups

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// chooser makes the random choices of a model run.
type chooser interface {
	choose(n int) int // 0 <= x < n
}

type seeded struct{ *rand.Rand }

func newSeeded(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 1))} }

func (s seeded) choose(n int) int { return s.IntN(n) }

type drawn struct{ t *rapid.T }

func (d drawn) choose(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

const (
	modelTopic      = 1
	modelPartitions = 3
	modelSession    = 60
	modelRebalance  = 40
	modelLogEnd     = 1000
)

// model is a group whose coordinator keeps every promise, seen by clients through a bad
// network and through crashes of their own. What it records is a legal history.
type model struct {
	chooser
	h        History
	consumer bool
	now      check.Event
	ids      int
	values   int
	clients  []*modelClient
	flights  []*modelFlight

	// The coordinator.
	epoch     Epoch
	preparing check.Event // since when a rebalance waits for members, or 0
	members   map[MemberID]*modelMember
	committed map[kafka.Partition]Value
}

// modelMember is a member as the coordinator has it.
type modelMember struct {
	id       MemberID
	instance InstanceID
	seen     check.Event
	joining  *modelFlight
	epoch    Epoch
	synced   bool
	owned    []kafka.Partition
	// revoking are those that a member of the consumer protocol has to give up, since
	// the event.
	revoking []kafka.Partition
	since    check.Event
}

// modelClient is a member as it sees itself.
type modelClient struct {
	process  int
	id       MemberID
	instance InstanceID
	epoch    Epoch
	synced   bool
	owned    map[kafka.Partition]*cursor
	owes     bool
	busy     bool
}

// cursor is where a client reads a partition.
type cursor struct {
	tenure  int // in the history
	started bool
	at      kafka.Offset
}

// modelFlight is a question under way.
type modelFlight struct {
	client    *modelClient
	process   func()
	answer    func(lost bool)
	processed bool
	held      bool // the coordinator does not answer yet
	orphan    bool // nobody waits for the answer
}

// legalHistory runs the model to its end.
func legalHistory(c chooser, consumer, expires bool, steps int) *History {
	m := &model{chooser: c, consumer: consumer, members: map[MemberID]*modelMember{},
		committed: map[kafka.Partition]Value{}}
	m.h.Rules = Rules{Expires: expires}
	m.h.Topics = []Topic{{kafka.TopicID{modelTopic}, modelPartitions}}
	m.h.Names = map[kafka.TopicID]string{{modelTopic}: "orders"}
	for i := range 4 {
		client := &modelClient{process: i + 1, owned: map[kafka.Partition]*cursor{}}
		if i == 0 {
			client.instance = "i"
		}
		m.clients = append(m.clients, client)
	}
	for range steps {
		switch m.choose(7) {
		case 0, 1, 2:
			m.begin(m.clients[m.choose(len(m.clients))])
		case 3, 4:
			m.arrive()
		case 5:
			m.deliver()
		default:
			m.accident()
		}
	}
	return &m.h
}

func (m *model) tick() check.Event {
	m.now++
	return m.now
}

func (m *model) operation(process int) check.Operation {
	m.ids++
	return check.Operation{ID: m.ids, Process: process, Call: m.tick(), Return: check.Never}
}

func partition(p kafka.Partition) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: kafka.TopicID{modelTopic}, Partition: p}
}

// send enters a question, and returns the index for its answer.
func (m *model) send(c *modelClient, process func(), answer func(lost bool)) *modelFlight {
	f := &modelFlight{client: c, process: process, answer: answer}
	c.busy = true
	m.flights = append(m.flights, f)
	return f
}

// arrive has the coordinator take in a question.
func (m *model) arrive() {
	for range 3 {
		if len(m.flights) == 0 {
			return
		}
		if f := m.flights[m.choose(len(m.flights))]; !f.processed {
			f.processed = true
			f.process()
			m.complete()
			m.drop()
			return
		}
	}
}

// deliver has an answer come to its client.
func (m *model) deliver() {
	for range 3 {
		if len(m.flights) == 0 {
			return
		}
		f := m.flights[m.choose(len(m.flights))]
		if f.processed && !f.held && !f.orphan {
			f.client.busy = false
			f.orphan = true
			f.answer(false)
			m.drop()
			return
		}
	}
}

// drop forgets flights that are over.
func (m *model) drop() {
	m.flights = slices.DeleteFunc(m.flights, func(f *modelFlight) bool {
		return f.processed && f.orphan && !f.held
	})
}

// accident has something go wrong, or time pass.
func (m *model) accident() {
	switch m.choose(5) {
	case 0: // a connection breaks: its request may still be under way
		for _, f := range m.flights {
			if !f.orphan && m.choose(3) == 0 {
				f.orphan, f.client.busy = true, false
				f.answer(true)
				break
			}
		}
		m.drop()
	case 1: // a client crashes, and begins anew
		c := m.clients[m.choose(len(m.clients))]
		if !c.busy {
			m.lose(c)
			c.id = ""
		}
	case 2:
		m.now += check.Event(m.choose(modelSession))
		m.expire()
	case 3:
		m.describe()
	default:
		m.fetchOffset(m.clients[m.choose(len(m.clients))], kafka.Partition(m.choose(modelPartitions)))
	}
}

// expire throws out who was silent for too long, or keeps a rebalance waiting.
func (m *model) expire() {
	for _, id := range m.order() {
		member := m.members[id]
		late := m.preparing != 0 && member.joining == nil && m.now > m.preparing+modelRebalance ||
			len(member.revoking) > 0 && m.now > member.since+modelRebalance
		if member.joining == nil && m.now > member.seen+modelSession || late {
			m.remove(id)
		}
	}
	if m.h.Rules.Expires && len(m.members) == 0 && m.choose(2) == 0 {
		clear(m.committed)
	}
	m.complete()
}

// order lists the members in an order.
func (m *model) order() []MemberID {
	var ids []MemberID
	for id := range m.members {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (m *model) remove(id MemberID) {
	if member := m.members[id]; member != nil && member.joining != nil {
		member.joining.held = false
	}
	delete(m.members, id)
	if m.consumer {
		m.epoch++
	} else if m.preparing == 0 {
		m.preparing = m.now
	}
}

// wanted is who shall have a partition.
func (m *model) wanted(p kafka.Partition) MemberID {
	ids := m.order()
	if len(ids) == 0 {
		return ""
	}
	return ids[(int(p)+int(m.epoch))%len(ids)]
}

// lose has a client give everything up.
func (m *model) lose(c *modelClient) {
	for p := range modelPartitions {
		m.release(c, kafka.Partition(p))
	}
	c.epoch, c.synced, c.owes = 0, false, false
}

func (m *model) release(c *modelClient, p kafka.Partition) {
	if k := c.owned[p]; k != nil {
		m.h.Tenures[k.tenure].End = m.tick()
		delete(c.owned, p)
	}
}

func (m *model) take(c *modelClient, p kafka.Partition) {
	if c.owned[p] != nil {
		return
	}
	c.owned[p] = &cursor{tenure: len(m.h.Tenures)}
	m.h.Tenures = append(m.h.Tenures, Tenure{Group: "g", Member: c.id, Consumer: m.consumer,
		Partition: partition(p), Epoch: c.epoch, Begin: m.tick(), End: check.Never})
}

// begin has an idle client do something.
func (m *model) begin(c *modelClient) {
	if c.busy {
		return
	}
	owned := m.ownedBy(c)
	switch {
	case m.consumer && c.id == "", !m.consumer && c.epoch == 0:
		m.join(c)
	case !m.consumer && !c.synced:
		m.sync(c)
	case len(owned) > 0 && m.choose(2) == 0:
		p := owned[m.choose(len(owned))]
		k := c.owned[p]
		switch {
		case !k.started:
			m.fetchOffset(c, p)
		case m.choose(2) == 0:
			to := k.at + kafka.Offset(m.choose(5))
			m.ids++
			m.h.Takes = append(m.h.Takes, Take{ID: m.ids, Group: "g", Member: c.id,
				Partition: partition(p), At: m.tick(), From: k.at, To: to})
			k.at = to
		default:
			m.commit(c, p, k.at)
		}
	case m.choose(12) == 0:
		m.leave(c)
	default:
		m.beat(c)
	}
}

func (m *model) ownedBy(c *modelClient) []kafka.Partition {
	var all []kafka.Partition
	for p := range kafka.Partition(modelPartitions) {
		if c.owned[p] != nil {
			all = append(all, p)
		}
	}
	return all
}

// ask enters a question to the coordinator; process gives the code and the epoch told.
func (m *model) ask(c *modelClient, kind Kind, process func(a *Ask),
	answer func(a *Ask)) *modelFlight {
	index := len(m.h.Asks)
	m.h.Asks = append(m.h.Asks, Ask{Operation: m.operation(c.process), Kind: kind, Group: "g",
		Member: c.id, Instance: c.instance, Consumer: m.consumer, Asked: c.epoch,
		Session: modelSession, Rebalance: modelRebalance})
	m.h.Asks[index].Sent = time.Duration(m.now)
	if kind == Joins {
		m.h.Asks[index].Subscribed = []kafka.TopicID{{modelTopic}}
	}
	result := Ask{Member: c.id}
	return m.send(c, func() { process(&result) }, func(lost bool) {
		a := &m.h.Asks[index]
		if lost {
			c.owes = true
			if kind == Joins || kind == Syncs || kind == Leaves {
				m.lose(c) // it begins anew
				c.id = ""
			}
			return
		}
		a.Return, a.Outcome, a.Answered = m.tick(), check.OK, time.Duration(m.now)
		a.Code, a.Told, a.Member = result.Code, result.Told, result.Member
		if a.Code != kafka.None {
			a.Outcome = check.Failed
		}
		answer(a)
		a.Owes = c.owes
	})
}

func (m *model) describe() {
	d := Description{Operation: m.operation(9), Group: "g", Consumer: m.consumer, State: stable,
		Epoch: m.epoch, AssignmentEpoch: m.epoch}
	for _, id := range m.order() {
		member := m.members[id]
		one := Described{Member: id, Instance: member.instance, Epoch: member.epoch,
			Subscribed: []kafka.TopicID{{modelTopic}}}
		for _, p := range member.owned {
			one.Assigned = append(one.Assigned, partition(p))
		}
		for p := range kafka.Partition(modelPartitions) {
			if m.consumer && m.wanted(p) == id {
				one.Target = append(one.Target, partition(p))
			}
		}
		if m.consumer && (member.epoch != m.epoch || !sameSet(one.Assigned, one.Target)) ||
			!m.consumer && (m.preparing != 0 || member.epoch != m.epoch) {
			d.State = "Reconciling"
		}
		d.Members = append(d.Members, one)
	}
	if m.preparing != 0 {
		d.State = "PreparingRebalance"
	}
	d.Return, d.Outcome = m.tick(), check.OK
	m.h.Descriptions = append(m.h.Descriptions, d)
}

// story lists a history, for failures.
func story(h *History) string {
	text := ""
	for _, a := range h.Asks {
		text += fmt.Sprintf("%+v\n", a)
	}
	for _, a := range h.Tenures {
		text += fmt.Sprintf("%+v\n", a)
	}
	for _, a := range h.Commits {
		text += fmt.Sprintf("%+v\n", a)
	}
	for _, a := range h.Reads {
		text += fmt.Sprintf("%+v\n", a)
	}
	return text
}
