package sim

import (
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/chance"
	"odradek/sim/network"
	"odradek/sim/schedule"
	"odradek/sim/trace"
)

// shard is one shard of a process: the world's side of an env.World.
type shard struct {
	node   *Node
	index  int
	lane   *schedule.Lane
	stack  *network.Stack
	random chance.Stream
	world  env.World
	// handler takes in messages of other shards; nil until the program set it.
	handler func(from int, message any)
}

// Deliver boots the program.
func (s *shard) Deliver() { s.node.boot(&s.world) }

// Now is the instant of the present turn.
func (s *shard) Now() kafka.Instant { return s.lane.Loop.Now() }

// Wall is the node's idea of the time.
func (s *shard) Wall() kafka.Timestamp {
	w := s.node.world
	since := time.Duration(w.scheduler.Now()) + s.node.skew
	return w.epoch + kafka.Timestamp(since/time.Millisecond)
}

// Self is the shard's index.
func (s *shard) Self() int { return s.index }

// Count is how many shards the process has.
func (s *shard) Count() int { return s.node.shards }

// halt ends the process after this turn.
func (s *shard) halt(reason error) {
	if s.lane.Gone() {
		return
	}
	s.node.lastWord = reason
	text := "no reason"
	if reason != nil {
		text = reason.Error()
	}
	s.node.world.tell(s.lane.Name, "halts", text, 0, 0)
	s.lane.Doom(s.node.Kill)
}

// observe takes every switch to a task into the hash.
func (s *shard) observe(t *task.Task) {
	tr := s.node.world.scheduler.Trace
	tr.Text(t.Name())
	if tr.Watching() {
		tr.Say("%s: runs %s", s.lane.Name, t.Name())
	}
}

// Event enters what a program says into the story and the hash.
func (s *shard) Event(kind, subject string, a, b int64) {
	s.node.world.scheduler.Trace.Note(trace.Note{
		At: s.node.world.scheduler.Now(), Who: s.lane.Name, Kind: kind, Subject: subject, A: a, B: b,
	})
}

// Sometimes counts a rare place.
func (s *shard) Sometimes(site string, hit bool) { s.node.world.sites.count(site, hit) }

// random is a stream as an env.Random.
type random struct{ stream chance.Stream }

// Uint64 draws the next number.
func (r *random) Uint64() uint64 { return r.stream.Uint64() }

// Fork makes an independent stream.
func (r *random) Fork(purpose string) env.Random { return &random{r.stream.Fork(purpose)} }

// Send puts a message into a shard's mailbox.
func (s *shard) Send(to int, message any) {
	if !s.lane.Gone() {
		s.node.process.pipes[s.index][to].send(message)
	}
}

// Receive sets who takes messages in. What came before is delivered now.
func (s *shard) Receive(handler func(from int, message any)) {
	s.handler = handler
	if s.lane.Gone() {
		return
	}
	for _, from := range s.node.process.pipes {
		p := from[s.index]
		if p.due > 0 {
			p.post()
		}
	}
}

// pipe carries messages from one shard to another, in order.
type pipe struct {
	from, to *shard
	noise    chance.Stream
	messages []any
	first    int
	// due is how many of the messages have arrived.
	due         int
	posted      bool
	lastArrival kafka.Instant
}

func newPipes(n *Node, shards []*shard) [][]*pipe {
	pipes := make([][]*pipe, len(shards))
	for i, from := range shards {
		for j, to := range shards {
			noise := n.noise.ForkNumber("pipe", uint64(n.incarnations)<<32|uint64(i)<<16|uint64(j))
			pipes[i] = append(pipes[i], &pipe{from: from, to: to, noise: noise})
		}
	}
	return pipes
}

// pipeLatency is what a message between threads takes on top of a tail.
const pipeLatency = time.Microsecond

func (p *pipe) send(message any) {
	s := p.from.lane.Scheduler()
	if p.first > 0 && p.first == len(p.messages) {
		p.messages, p.first = p.messages[:0], 0
	}
	p.messages = append(p.messages, message)
	at := max(p.lastArrival, s.Now().Plus(pipeLatency+p.noise.Tail(2*pipeLatency)))
	p.lastArrival = at
	s.At(at, schedule.Mail, p, p.to.lane, uint64(p.from.index), uint64(p.to.index))
}

// Act is the arrival of a message.
func (p *pipe) Act(*schedule.Event) {
	p.due++
	p.post()
}

func (p *pipe) post() {
	if !p.posted && !p.to.lane.Gone() {
		p.posted = true
		p.to.lane.Post(p)
	}
}

// Deliver hands arrived messages over.
func (p *pipe) Deliver() {
	p.posted = false
	for p.due > 0 && p.to.handler != nil && !p.to.lane.Gone() {
		m := p.messages[p.first]
		p.messages[p.first] = nil
		p.first++
		p.due--
		p.to.handler(p.from.index, m)
	}
}
