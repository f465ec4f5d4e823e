package network

import (
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// segment is something on its way: bytes, or the end of the stream.
type segment struct {
	data []byte
	mark mark
}

// mark says what ends a stream.
type mark uint8

const (
	none mark = iota
	// fin: everything was sent, nothing more comes.
	fin
	// rst: the connection is broken; what the receiver has not taken is lost.
	rst
)

// stream carries one direction of a connection, from an endpoint to its peer.
// Arrivals are events, one a segment, in order.
type stream struct {
	to       *endpoint
	segments []segment
	first    int
	// bytes left the sender and were not taken by the receiver's program.
	bytes  int
	window int
	// lastArrival keeps the order: no segment arrives before an earlier one.
	lastArrival kafka.Instant
	// held counts arrivals that could not take place: the link was cut, or the
	// host was down, or the segments linger.
	held      int
	heldUntil kafka.Instant
	// silent streams lose everything and tell nobody.
	silent bool
}

func (s *stream) flight() int { return len(s.segments) - s.first }

// push puts a segment on its way.
func (s *stream) push(g segment, latency time.Duration) {
	n := s.to.network()
	at := max(n.scheduler.Now().Plus(latency), s.lastArrival)
	s.lastArrival = at
	if s.first > 0 && s.first == len(s.segments) {
		s.segments, s.first = s.segments[:0], 0
	}
	s.segments = append(s.segments, g)
	n.scheduler.At(at, schedule.Arrive, s, s.to.laneOf(), s.to.number, uint64(len(g.data)))
}

// Act is the arrival of the first segment that is on its way.
func (s *stream) Act(*schedule.Event) {
	if s.flight() == 0 {
		return // the stream was abandoned
	}
	n := s.to.network()
	if s.held > 0 || s.heldUntil > n.scheduler.Now() || n.blocked(s.to.peer.host, s.to.host) {
		s.held++
		return
	}
	g := s.segments[s.first]
	s.segments[s.first] = segment{}
	s.first++
	if s.first == len(s.segments) {
		s.segments, s.first = s.segments[:0], 0
	}
	if s.silent {
		n.buffers.give(g.data)
		return
	}
	n.scheduler.Trace.Bytes(g.data)
	s.to.arrived(g)
}

// release has what was held up arrive after a while.
func (s *stream) release(after time.Duration) {
	n := s.to.network()
	count := s.held
	s.held = 0
	at := max(n.scheduler.Now().Plus(after), s.heldUntil)
	if count > 0 {
		s.lastArrival = max(s.lastArrival, at)
	}
	for range count {
		n.scheduler.At(at, schedule.Arrive, s, s.to.laneOf(), s.to.number, 0)
	}
}

// hold keeps what is on its way from arriving for a while.
func (s *stream) hold(d time.Duration) {
	if s.flight() == 0 || d == 0 {
		return
	}
	n := s.to.network()
	s.heldUntil = n.scheduler.Now().Plus(d)
	n.scheduler.At(s.heldUntil, schedule.FaultEnds, (*lingering)(s), nil, s.to.number, 0)
}

// lingering is a stream whose hold ends.
type lingering stream

// Act ends the hold.
func (l *lingering) Act(*schedule.Event) { (*stream)(l).release(0) }

// segmentMax is how many bytes leave at once at most: a kernel hands over
// large buffers too.
const segmentMax = 64 << 10

// leave lets queued chunks leave, as far as the window lets them.
func (e *endpoint) leave() {
	n := e.network()
	for e.unsent > 0 && e.state != ended && !e.broken {
		room := min(e.out.window-e.out.bytes, segmentMax)
		if room <= 0 {
			break
		}
		buffer := n.buffers.take(int(min(int64(room), e.unsent)))
		filled := e.gather(buffer)
		if filled > 0 {
			e.transmit(buffer[:filled])
		}
		if filled < len(buffer) {
			e.shortRange()
			return
		}
	}
	if e.unsent == 0 && e.closeAfter && !e.broken {
		e.finish(fin)
	}
	if e.heldByUnsent && e.unsent <= int64(e.options.UnsentBytesMax) {
		e.heldByUnsent = false
		e.post()
	}
}

// transmit puts bytes on their way, in one piece or two, unless the connection
// breaks or goes silent here.
func (e *endpoint) transmit(p []byte) {
	n := e.network()
	if _, resets := n.plan.Draw(fault.NetworkReset, e.host.node); resets {
		n.settle(fault.NetworkReset, true, e.host)
		n.buffers.give(p)
		e.reset()
		return
	}
	if _, silent := n.plan.Draw(fault.NetworkHalfOpen, e.host.node); silent {
		n.settle(fault.NetworkHalfOpen, true, e.host)
		e.out.silent, e.peer.out.silent = true, true
	}
	e.out.bytes += len(p)
	latency := n.latency(e.host, e.peer.host)
	if v, splits := n.plan.Draw(fault.NetworkSplit, e.host.node); splits {
		n.plan.Settle(fault.NetworkSplit, len(p) > 1)
		if len(p) > 1 {
			cut := 1 + int(v%uint64(len(p)-1))
			head := n.buffers.take(cut)
			copy(head, p)
			rest := n.buffers.take(len(p) - cut)
			copy(rest, p[cut:])
			n.buffers.give(p)
			e.out.push(segment{data: head}, latency)
			e.out.push(segment{data: rest}, latency+n.latency(e.host, e.peer.host))
			return
		}
	}
	e.out.push(segment{data: p}, latency)
}

// taken notes that the peer's program took bytes of the stream; the sender
// hears of it if it waits for room.
func (s *stream) taken(bytes int) {
	s.bytes -= bytes
	assert.That(s.bytes >= 0, "no more bytes are taken than left")
}

// openWindow lets a waiting sender know that there is room, after a while.
func (e *endpoint) openWindow(after time.Duration) {
	if e.unsent == 0 || e.windowTold || e.gone() {
		return
	}
	e.windowTold = true
	e.network().scheduler.After(after, schedule.Window, (*window)(e), e.laneOf(), e.number, 0)
}

// window is an endpoint that hears of room in its stream.
type window endpoint

// Act lets more bytes leave.
func (w *window) Act(*schedule.Event) {
	e := (*endpoint)(w)
	e.windowTold = false
	if e.gone() || e.network().blocked(e.peer.host, e.host) {
		return // Mend tells again
	}
	e.pend()
	e.stack.lane.Post(e.stack)
}
