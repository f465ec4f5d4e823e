package network

import (
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// state is how far an endpoint's life has come.
type state uint8

const (
	open state = iota
	// ending: the door is to be told of the end.
	ending
	// ended: the door was told, or nobody is left to tell.
	ended
)

// endpoint is one side of a connection: an env.Conn.
type endpoint struct {
	host     *Host
	stack    *Stack // nil once the process is dead
	peer     *endpoint
	number   uint64
	place    int // in host.endpoints
	door     env.Door
	listener *listener
	options  env.Options
	local    env.Address
	remote   env.Address
	attached any
	state    state
	cause    error
	// hidden: the program that dialled does not have the connection yet.
	hidden bool
	// announced: the door of the listener was told of the connection.
	announced bool
	// broken: no byte goes either way any more.
	broken bool

	queue      chunks
	unsent     int64
	pending    bool
	closeAfter bool
	windowTold bool
	// delayed: the kernel takes nothing until a delay ends; due: it just ended.
	delayed, due bool
	out          stream

	arrivals     arrivals
	frame        partial
	paused       bool
	posted       bool
	heldByUnsent bool
	heldByBytes  bool
}

var _ env.Conn = (*endpoint)(nil)

func (e *endpoint) network() *Network { return e.host.network }

func (e *endpoint) laneOf() *schedule.Lane {
	if e.stack == nil {
		return nil
	}
	return e.stack.lane
}

// gone reports whether the program is no longer there.
func (e *endpoint) gone() bool { return e.stack == nil || e.stack.lane.Gone() }

// newPair makes the two sides of a connection.
func (n *Network) newPair(from *Stack, to *listener, toAddress env.Address, loopback bool) (
	client, server *endpoint) {
	name := from.host.name
	if loopback {
		name = "127.0.0.1"
	}
	clientAddress := join(name, from.host.freePort())
	client = n.newEndpoint(from, clientAddress, toAddress)
	client.hidden = true
	server = n.newEndpoint(to.stack, to.address, clientAddress)
	server.listener, server.options, server.door = to, to.options, to.door
	client.peer, server.peer = server, client
	client.out.to, server.out.to = server, client
	return client, server
}

func (n *Network) newEndpoint(s *Stack, local, remote env.Address) *endpoint {
	n.endpoints++
	h := s.host
	e := &endpoint{
		host: h, stack: s, number: n.endpoints, local: local, remote: remote,
		place: len(h.endpoints),
	}
	e.out.window = n.config.WindowMax >> n.noise.Below(4)
	h.endpoints = append(h.endpoints, e)
	return e
}

// Send queues chunks.
func (e *endpoint) Send(list []env.Chunk) {
	if e.gone() || e.state >= ending || e.closeAfter {
		return
	}
	for i := range list {
		e.unsent += e.queue.add(&list[i], &e.network().buffers)
	}
	if e.unsent > 0 {
		e.pend()
	}
}

// pend has the endpoint send at the end of its lane's turn.
func (e *endpoint) pend() {
	if !e.pending {
		e.pending = true
		e.stack.pending = append(e.stack.pending, e)
	}
}

// flush is the last thing a lane does in a turn.
func (s *Stack) flush() {
	for i, e := range s.pending {
		s.pending[i] = nil
		e.pending = false
		e.flush()
	}
	s.pending = s.pending[:0]
}

// Deliver wakes the lane for a flush.
func (s *Stack) Deliver() {}

func (e *endpoint) flush() {
	if e.delayed || e.gone() {
		return
	}
	if e.due {
		e.due = false
		e.leave()
		return
	}
	n := e.network()
	if v, slow := n.plan.Draw(fault.NetworkSlowSend, e.host.node); slow {
		n.plan.Fired(fault.NetworkSlowSend)
		e.delayed = true
		d := time.Duration(1 + v%uint64(20*time.Millisecond))
		n.scheduler.After(d, schedule.Leave, e, e.laneOf(), e.number, 0)
		return
	}
	e.leave()
}

// Act is the end of a delay: the kernel takes bytes again.
func (e *endpoint) Act(*schedule.Event) {
	e.delayed, e.due = false, true
	if !e.gone() {
		e.pend()
		e.stack.lane.Post(e.stack)
	}
}

// Pause stops or resumes the delivery of frames.
func (e *endpoint) Pause(paused bool) {
	e.paused = paused
	if !paused {
		e.post()
	}
}

// Unsent is how many bytes have not left.
func (e *endpoint) Unsent() int64 { return e.unsent }

// Local is the address on this side.
func (e *endpoint) Local() env.Address { return e.local }

// Remote is the address on the other side.
func (e *endpoint) Remote() env.Address { return e.remote }

// Attach keeps a state.
func (e *endpoint) Attach(state any) { e.attached = state }

// Attached returns it.
func (e *endpoint) Attached() any { return e.attached }

// Close ends the connection at once.
func (e *endpoint) Close() {
	if e.gone() || e.state >= ending {
		return
	}
	how := fin
	if e.arrivals.len() > 0 {
		how = rst // a kernel says so when bytes were never read
	}
	e.finish(how)
}

// CloseAfterSend ends the connection once everything has left.
func (e *endpoint) CloseAfterSend() {
	if e.gone() || e.state >= ending {
		return
	}
	e.closeAfter = true
	e.pend()
}

// finish ends the connection from this side.
func (e *endpoint) finish(how mark) {
	e.say(how)
	e.end(env.ErrClosed)
}

// say sends the peer the end of the stream.
func (e *endpoint) say(how mark) {
	if !e.broken {
		e.broken = true
		e.out.push(segment{mark: how}, e.network().latency(e.host, e.peer.host))
	}
}

// end has the door told of the end, and gives up what had not left or was not
// taken.
func (e *endpoint) end(cause error) {
	if e.state >= ending {
		return
	}
	e.state, e.cause = ending, cause
	e.broken = true
	e.drop()
	e.post()
}

// drop gives up the queues.
func (e *endpoint) drop() {
	buffers := &e.network().buffers
	e.queue.drop(buffers)
	e.unsent = 0
	e.arrivals.drop(buffers)
	e.frame.drop()
}

// reset breaks the connection from outside, for both sides.
func (e *endpoint) reset() {
	e.say(rst)
	e.end(env.ErrReset)
}

// shortRange ends a connection whose file range could not be read to its end:
// the frame that was begun cannot be completed.
func (e *endpoint) shortRange() {
	e.say(rst)
	e.end(env.ErrIO)
}

// post has the lane look at the endpoint.
func (e *endpoint) post() {
	if !e.posted && !e.gone() {
		e.posted = true
		e.stack.lane.Post(e)
	}
}

// arrived takes in a segment, as the kernel does.
func (e *endpoint) arrived(g segment) {
	if e.stack == nil || e.state >= ending {
		e.network().buffers.give(g.data)
		if g.mark == none && !e.peer.broken {
			e.refuse()
		}
		return
	}
	if g.mark == rst {
		e.end(env.ErrReset)
		return
	}
	e.arrivals.add(g)
	e.post()
}

// refuse answers bytes for a connection that is no more.
func (e *endpoint) refuse() {
	if e.out.flight() == 0 {
		e.out.push(segment{mark: rst}, e.network().latency(e.host, e.peer.host))
	}
}

// Deliver tells the program what there is.
func (e *endpoint) Deliver() {
	e.posted = false
	if e.hidden || e.state == ended {
		return
	}
	if e.listener != nil && !e.announced {
		e.announced = true
		e.door.Opened(e)
	}
	for e.state == open && e.mayTake() && e.takeFrame() {
	}
	e.tellSender()
	if e.state == ending {
		e.close()
	}
}

// tellSender opens the window after bytes were taken.
func (e *endpoint) tellSender() {
	p := e.peer
	if p.unsent > 0 && p.out.bytes <= p.out.window/2 {
		p.openWindow(e.network().latency(e.host, p.host))
	}
}

// close is the end of the endpoint's life.
func (e *endpoint) close() {
	assert.That(e.state == ending, "an endpoint is told of its end once")
	e.state = ended
	e.unlist()
	e.door.Closed(e, e.cause)
}

// unlist takes the endpoint out of its host and its listener's count.
func (e *endpoint) unlist() {
	e.listener = nil
	list := e.host.endpoints
	last := len(list) - 1
	list[e.place] = list[last]
	list[e.place].place = e.place
	list[last] = nil
	e.host.endpoints = list[:last]
	if e.heldByBytes {
		e.stack.unwait(e)
	}
}

// die ends the endpoint with its process; the kernel tells the peer, or is
// dead too.
func (e *endpoint) die(tell bool, linger time.Duration) {
	if tell && !e.broken {
		how := fin
		if e.arrivals.len() > 0 {
			how = rst
		}
		e.say(how)
	}
	if !tell && e.out.held > 0 {
		e.out.silent = true // nobody is left to send it again
	}
	e.out.hold(linger)
	e.drop()
	e.unlist()
	e.state, e.broken = ended, true
	e.stack = nil
}
