package broker

import (
	"errors"
	"time"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// coordinator keeps the groups of one partition of __consumer_offsets, on the shard that
// owns the partition. What to do is decided by package group; here it is brought into
// effect:
//
//	request, time-out, change of topics
//	    -> a step: group.Coordinator decides
//	    -> its records are appended to the partition, then applied
//	    -> its answers wait until everything applied so far is below the highWatermark
//
// So an answer never tells of what a crash could take back, not even one that only reads.
// Steps are taken one after the other: a decision is made on the effect of the last.
//
// Source: KIP-848, and Kafka's CoordinatorRuntime.
type coordinator struct {
	shard  *Shard
	host   *partition
	groups *group.Coordinator
	// loading is set until the partition's records were applied, closed once it is gone,
	// broken when it cannot be read.
	loading, closed, broken bool

	// stepping is set while a step waits for room in the journal.
	stepping bool
	turn     task.Signal

	// calls are the requests that were not answered, by ticket. They are looked up, never
	// ranged over.
	calls      map[decision.Ticket]*call
	lastTicket decision.Ticket
	// held are answers that wait for the highWatermark, in order. Invariant: ends rise.
	held []heldAnswers

	timer *task.Timer
	// expiring is set while a task sees to time-outs.
	expiring bool
	// overdue looks after held answers that wait for too long; watching is set while it
	// is set.
	overdue  *task.Timer
	watching bool
}

// call is one request that the coordinator has not answered.
type call struct{ done task.Future[kmsg.Response] }

// heldAnswers may be given once everything below end is durable. When that takes too long
// they are given up, and answers is nil: the records may become durable all the same.
type heldAnswers struct {
	end     kafka.Offset
	answers []decision.Answer
	since   kafka.Instant
}

// openCoordinator begins to keep the groups of an offsets partition that this shard has
// just opened.
func (s *Shard) openCoordinator(host *partition) {
	c := &coordinator{shard: s, host: host, calls: map[decision.Ticket]*call{}}
	c.timer = s.world.Loop.NewTimer(c.timeOut)
	c.overdue = s.world.Loop.NewTimer(c.giveUp)
	s.coordinators[host.Partition.Partition] = c
	c.reload()
}

// closeCoordinator gives the groups of a partition up: it was deleted, or the node stops.
func (s *Shard) closeCoordinator(p kafka.Partition) {
	c := s.coordinators[p]
	if c == nil {
		return
	}
	delete(s.coordinators, p)
	c.closed = true
	c.timer.Stop()
	c.overdue.Stop()
	c.unload(kafka.ErrNotCoordinator)
	c.Abandoned(0)
}

// refusal says why no step can be taken now, if so.
func (c *coordinator) refusal() kafka.ErrorCode {
	switch {
	case c.closed || c.host.retired:
		return kafka.ErrNotCoordinator
	case c.broken:
		return kafka.ErrCoordinatorNotAvailable
	case c.loading:
		return kafka.ErrCoordinatorLoadInProgress
	}
	return kafka.None
}

// call has the coordinator answer a request. It waits: for the records to be durable, and
// where the protocol says so for other members. The error is a kafka.ErrorCode, with which
// the request is to be refused as a whole.
func (c *coordinator) call(t *task.Task, from decision.Client, q kmsg.Request) (
	kmsg.Response, error) {
	c.lastTicket++
	ticket, one := c.lastTicket, &call{}
	c.calls[ticket] = one
	defer delete(c.calls, ticket)
	code := c.step(t, func(m decision.Moment) decision.Decision {
		return c.groups.Handle(m, from, ticket, q)
	})
	if code != kafka.None {
		return nil, code
	}
	return one.done.Await(t, kafka.Never, "the group's coordinator")
}

// step takes one step and brings it into effect. A code says that it was not taken, or that
// what it came to could not be written.
func (c *coordinator) step(t *task.Task,
	decide func(decision.Moment) decision.Decision) kafka.ErrorCode {
	for c.stepping {
		// Without a deadline the wait only ends by a notification.
		_ = c.turn.Wait(t, kafka.Never, "another step of the group coordinator")
	}
	if code := c.refusal(); code != kafka.None {
		c.turn.Notify()
		return code
	}
	c.stepping = true
	world := c.shard.world
	d := decide(decision.Moment{Now: world.Loop.Now(), Wall: world.Clock.Wall()})
	code := c.write(t, d.Records)
	c.stepping = false
	if code == kafka.None {
		c.hold(d.Answers)
	} else {
		for _, a := range d.Answers {
			c.refuse(a.Ticket, code)
		}
		if d.Volatile && !c.closed {
			c.reload()
		}
	}
	c.setTimer()
	c.turn.Notify()
	return code
}

// write appends records in one batch and applies them. A code says that nothing happened.
func (c *coordinator) write(t *task.Task, records []record.Record) kafka.ErrorCode {
	if len(records) == 0 {
		return kafka.None
	}
	s := c.shard
	wall := s.world.Clock.Wall()
	builder := batch.NewBuilder().Compress(c.compression())
	for _, r := range records {
		builder.Append(wall, r.AppendKey(nil), r.AppendValue(nil))
	}
	b := builder.Build()
	if len(b) > c.host.rules.MaxMessageBytes {
		return kafka.ErrMessageTooLarge
	}
	for {
		// An error is the journal's failure, which the append then answers.
		_ = s.journal.AwaitReady(t, len(b), kafka.Never)
		if c.closed || c.host.retired {
			return kafka.ErrNotCoordinator
		}
		_, code, err := c.host.Append(b)
		switch {
		case err == nil && code == kafka.None:
			for _, r := range records {
				c.groups.Apply(r)
			}
			return kafka.None
		case err == nil:
			return code
		case !errors.Is(err, journal.ErrCongested):
			s.diskFailed(err)
			return kafka.ErrCoordinatorNotAvailable
		}
		t.Yield()
	}
}

// compression is what offsets.topic.compression.codec says.
func (c *coordinator) compression() (batch.Codec, int) {
	return c.shard.node.Groups.Offsets.TopicCompression, batch.DefaultLevel
}

// hold gives answers once everything that was applied is durable: at once if it is.
func (c *coordinator) hold(answers []decision.Answer) {
	if len(answers) == 0 {
		return
	}
	end := c.host.Log.LogEndOffset()
	if end <= c.host.HighWatermark() {
		c.give(answers)
		return
	}
	now := c.shard.world.Loop.Now()
	if n := len(c.held); n > 0 && c.held[n-1].end == end && c.held[n-1].since == now {
		c.held[n-1].answers = append(c.held[n-1].answers, answers...)
		return
	}
	assert.That(len(c.held) == 0 || c.held[len(c.held)-1].end <= end, "ends of held answers rise")
	c.held = append(c.held, heldAnswers{end, answers, now})
	c.host.AwaitHighWatermark(end, c, 0)
	if !c.watching {
		c.watching = true
		c.overdue.Set(now.Plus(c.patience()))
	}
}

// patience is for how long a write may take.
func (c *coordinator) patience() time.Duration {
	return time.Duration(c.shard.node.Groups.Offsets.CommitTimeoutMs) * time.Millisecond
}

// giveUp answers for what could not be made durable in time. The client tries again, and
// finds what it wrote or does not.
func (c *coordinator) giveUp() {
	now := c.shard.world.Loop.Now()
	c.watching = false
	for i := range c.held {
		h := &c.held[i]
		if h.answers == nil {
			continue
		}
		if due := h.since.Plus(c.patience()); due > now {
			c.watching = true
			c.overdue.Set(due)
			return
		}
		for _, a := range h.answers {
			c.refuse(a.Ticket, kafka.ErrCoordinatorNotAvailable)
		}
		h.answers = nil
	}
}

// Acknowledged implements replica.AckWaiter.
func (c *coordinator) Acknowledged(int) {
	for len(c.held) > 0 && c.held[0].end <= c.host.HighWatermark() {
		ready := c.held[0].answers
		c.held[0] = heldAnswers{}
		c.held = c.held[1:]
		c.give(ready)
	}
}

// Abandoned implements replica.AckWaiter: the partition went before its end was durable.
func (c *coordinator) Abandoned(int) {
	held := c.held
	c.held = nil
	for _, h := range held {
		for _, a := range h.answers {
			c.refuse(a.Ticket, kafka.ErrNotCoordinator)
		}
	}
}

func (c *coordinator) give(answers []decision.Answer) {
	for _, a := range answers {
		if one := c.calls[a.Ticket]; one != nil {
			one.done.Resolve(a.Response, nil)
		}
	}
}

func (c *coordinator) refuse(ticket decision.Ticket, code kafka.ErrorCode) {
	if one := c.calls[ticket]; one != nil {
		one.done.Resolve(nil, code)
	}
}

// unload tells everybody who waits for other members that it was in vain.
func (c *coordinator) unload(code kafka.ErrorCode) {
	if c.groups != nil {
		c.give(c.groups.Unload(code))
		c.groups = nil
	}
}

// setTimer has the next time-out seen to.
func (c *coordinator) setTimer() {
	if c.groups == nil || c.closed || c.loading {
		c.timer.Stop()
		return
	}
	if next := c.groups.NextDeadline(); next != kafka.Never {
		c.timer.Set(next)
		return
	}
	c.timer.Stop()
}

// timeOut sees to what is due, as a task: it writes records.
func (c *coordinator) timeOut() {
	if c.expiring {
		return // and sets the timer again when it is done
	}
	c.expiring = true
	c.shard.world.Loop.Spawn("time-outs of groups", func(t *task.Task) {
		defer func() { c.expiring = false }()
		_ = c.step(t, func(m decision.Moment) decision.Decision { return c.groups.Expire(m) })
	})
}
