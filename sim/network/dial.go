package network

import (
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// dialPatience is how long a kernel tries to connect: six retries of Linux.
const dialPatience = 127 * time.Second

// firstRetry is when a kernel repeats a dial that was not answered; each
// further wait is twice as long.
const firstRetry = time.Second

// dial is a connection being made.
type dial struct {
	stack   *Stack
	to      env.Address
	options env.Options
	door    env.Door
	retry   time.Duration
	// refused is the plan's: nobody answers well although somebody listens.
	refused  bool
	hangs    bool
	conn     *endpoint
	err      error
	answered bool
	given    bool // up
	signal   task.Signal
}

// Dial opens a connection.
func (s *Stack) Dial(t *task.Task, to env.Address, o env.Options, door env.Door,
	deadline kafka.Instant) (env.Conn, error) {
	if deadline <= t.Now() && !s.lane.Gone() {
		return nil, env.ErrTimedOut
	}
	n := s.host.network
	d := &dial{stack: s, to: to, options: o, door: door, retry: firstRetry}
	if !s.lane.Gone() {
		d.draw(n)
		n.scheduler.After(d.latency(), schedule.Dialled, d, s.lane, 0, 0)
	}
	defer d.giveUp() // also when the task is cancelled
	deadline = min(deadline, t.Now().Plus(dialPatience))
	for !d.answered {
		if d.signal.Wait(t, deadline, "a connection") != nil {
			return nil, env.ErrTimedOut
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	d.conn.hidden = false
	d.conn.post() // what came meanwhile, its end too, is told now
	return d.conn, nil
}

func (d *dial) draw(n *Network) {
	node := d.stack.host.node
	if _, d.hangs = n.plan.Draw(fault.NetworkDialHang, node); d.hangs {
		n.settle(fault.NetworkDialHang, true, d.stack.host)
	}
	if _, refused := n.plan.Draw(fault.NetworkDialRefused, node); refused {
		d.refused = !d.hangs
		n.settle(fault.NetworkDialRefused, d.refused, d.stack.host)
	}
}

// target is the host that is dialled, nil if there is none of the name.
func (d *dial) target() (host *Host, port int, loopback bool) {
	name, port, err := split(d.to)
	if err != nil {
		return nil, 0, false
	}
	return d.stack.host.network.hostNamed(name, d.stack.host), port, isLoopback(name)
}

func (d *dial) latency() time.Duration {
	host, _, _ := d.target()
	if host == nil {
		host = d.stack.host
	}
	return d.stack.host.network.latency(d.stack.host, host)
}

// giveUp ends a dial; a connection that the program never got is broken off.
func (d *dial) giveUp() {
	d.given = true
	if e := d.conn; e != nil && e.hidden && e.stack != nil && e.state != ended {
		e.say(rst)
		e.broken, e.state = true, ended
		e.drop()
		e.unlist()
	}
}

// Act is the arrival of the dial at its host.
func (d *dial) Act(*schedule.Event) {
	s := d.stack
	if d.given || s.lane.Gone() || d.hangs {
		return
	}
	n := s.host.network
	host, port, loopback := d.target()
	if host == nil || d.refused {
		d.answer(env.ErrRefused, host)
		return
	}
	if n.blocked(s.host, host) || n.blocked(host, s.host) {
		n.scheduler.After(d.retry, schedule.Dialled, d, s.lane, 0, 0)
		d.retry *= 2
		return
	}
	l := host.listening(port, s.host)
	if l == nil {
		d.answer(env.ErrRefused, host)
		return
	}
	full := host.isFull(s.host)
	var server *endpoint
	d.conn, server = n.newPair(s, l, d.to, loopback)
	d.conn.options, d.conn.door = d.options, d.door
	if full {
		server.listener = nil // it does not count
		server.say(fin)
		server.state = ended
		server.unlist()
	} else {
		server.post()
	}
	d.answer(nil, host)
}

// listening picks the shard that takes a connection.
func (h *Host) listening(port int, from *Host) *listener {
	for _, g := range h.groups {
		if g.port == port && len(g.listeners) > 0 && (!g.loopback || from == h) {
			return g.listeners[h.network.noise.Below(uint64(len(g.listeners)))]
		}
	}
	return nil
}

// answer sends the result back.
func (d *dial) answer(err error, from *Host) {
	d.err = err
	if from == nil {
		from = d.stack.host
	}
	n := d.stack.host.network
	n.scheduler.After(n.latency(from, d.stack.host), schedule.DialEnds, (*dialEnd)(d),
		d.stack.lane, 0, 0)
}

// dialEnd is a dial whose answer arrives.
type dialEnd dial

// Act tells the program.
func (d *dialEnd) Act(*schedule.Event) { d.stack.lane.Post((*dial)(d)) }

// Deliver wakes the task that dialled.
func (d *dial) Deliver() {
	if !d.given {
		d.answered = true
		d.signal.Broadcast()
	}
}
