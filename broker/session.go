package broker

import (
	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
)

// inFlightRequestsMax is how many requests of one connection may be unanswered
// at a time: enough to fill a group commit from one connection, little enough
// that one client cannot fill the broker.
const inFlightRequestsMax = 1024

// keptAnswerBytesMax is the largest buffer that a slot keeps for its next
// answer: bigger ones are rare and would add up over many connections.
const keptAnswerBytesMax = 16 << 10

// session is the broker's side of one connection: requests are taken in all the
// time and answered in the order in which they came.
//
// Kafka works on one request of a connection at a time. Here Produce and Fetch
// overlap, so that a pipelining client shares one group commit; every other
// request waits until the ones before it are answered and holds up the ones
// behind it, so a client sees the effects in the order it asked for them.
type session struct {
	shard *Shard
	conn  env.Conn
	// listener is the name of the listener the connection came in by.
	listener string
	// slots is a ring of the requests that are not answered, in order. Its
	// length is a power of two.
	slots []slot
	// first is the number of the oldest unanswered request, next that of the
	// request to come. Invariant: first <= next <= first + len(slots).
	first, next uint64
	// held is a request that waits until all before it are answered; while
	// there is one, the connection is paused.
	held    heldRequest
	holding bool
	// exclusive is set while a held request is being worked on.
	exclusive bool
	full      bool
	closed    bool
	// ending is set when the connection is to be closed once everything
	// before this moment was answered.
	ending bool

	// lastActive is when the last request came in.
	lastActive kafka.Instant
	// the list of the shard's connections
	previous, following *session
	// waiting are the connection's fetches that wait for records.
	waiting []*fetch

	// produced and fetched are the topics that the connection named last.
	produced, fetched *topicRoute

	// softwareName and softwareVersion are what the client said of itself in
	// ApiVersions.
	softwareName, softwareVersion string
}

// slot keeps one answer until it is its turn. Invariant: bytes and chunks are
// empty in a slot whose request is not done.
type slot struct {
	done bool
	// bytes and chunks hold an answer that came before its turn.
	bytes  []byte
	chunks []env.Chunk
	// silent requests have no answer at all (acks=0).
	silent bool
	// last closes the connection after this answer.
	last bool
}

// ticket names one request of one connection.
type ticket struct {
	session *session
	number  uint64
}

// take gives the next request its place in the order of answers.
func (s *session) take() ticket {
	if s.next-s.first == uint64(len(s.slots)) {
		s.grow()
	}
	place := &s.slots[s.next&uint64(len(s.slots)-1)]
	place.done, place.silent, place.last = false, false, false
	s.next++
	if s.next-s.first >= inFlightRequestsMax {
		s.full = true
		s.updatePause()
	}
	return ticket{s, s.next - 1}
}

func (s *session) grow() {
	grown := make([]slot, max(4, 2*len(s.slots)))
	for n := s.first; n < s.next; n++ {
		grown[n&uint64(len(grown)-1)] = s.slots[n&uint64(len(s.slots)-1)]
	}
	s.slots = grown
}

// idle reports whether every request taken was answered.
func (s *session) idle() bool { return s.first == s.next }

func (s *session) updatePause() {
	if s.closed {
		return
	}
	s.conn.Pause(s.full || s.holding || s.exclusive || s.ending || !s.shard.serving)
}

// answer gives a request its whole response, length included. The bytes are
// copied before it returns; files are pinned until they have left.
func (k ticket) answer(chunks []env.Chunk) {
	s := k.session
	if s.closed {
		return
	}
	if k.number == s.first {
		s.conn.Send(chunks)
		s.pop()
		s.drain()
		return
	}
	place := k.slot()
	for _, c := range chunks {
		if c.File != nil {
			c.File.Pin()
			place.chunks = append(place.chunks, c)
			continue
		}
		begin := len(place.bytes)
		place.bytes = append(place.bytes, c.Bytes...)
		place.chunks = append(place.chunks, env.Chunk{Length: int64(len(place.bytes) - begin)})
	}
	place.done = true
}

// answerNothing ends a request that has no response.
func (k ticket) answerNothing() {
	s := k.session
	if s.closed {
		return
	}
	place := k.slot()
	place.done, place.silent = true, true
	if k.number == s.first {
		s.drain()
	}
}

// hangUp closes the connection once everything before this request was
// answered: the client's request can't be answered in a way it would
// understand, or it asked for it.
func (k ticket) hangUp() {
	s := k.session
	if s.closed {
		return
	}
	place := k.slot()
	place.done, place.silent, place.last = true, true, true
	s.ending = true
	s.updatePause()
	if k.number == s.first {
		s.drain()
	}
}

func (k ticket) slot() *slot {
	s := k.session
	assert.That(k.number >= s.first && k.number < s.next, "a request is answered once")
	place := &s.slots[k.number&uint64(len(s.slots)-1)]
	assert.That(!place.done, "a request is answered once")
	return place
}

// drain sends the answers whose turn has come.
func (s *session) drain() {
	for !s.closed && s.first < s.next {
		place := &s.slots[s.first&uint64(len(s.slots)-1)]
		if !place.done {
			break
		}
		if !place.silent {
			s.sendKept(place)
		}
		if place.last {
			s.conn.CloseAfterSend()
			s.closed = true
			s.dropKept()
			return
		}
		s.pop()
	}
	s.proceed()
}

// sendKept sends an answer that had to wait. Chunks without a file are lengths
// into bytes: the buffer may have moved while it grew.
func (s *session) sendKept(place *slot) {
	rest := place.bytes
	for i := range place.chunks {
		if c := &place.chunks[i]; c.File == nil {
			c.Bytes, rest = rest[:c.Length], rest[c.Length:]
			c.Length = 0
		}
	}
	s.conn.Send(place.chunks)
	place.release()
}

func (p *slot) release() {
	for i := range p.chunks {
		if p.chunks[i].File != nil {
			p.chunks[i].File.Unpin()
		}
		p.chunks[i] = env.Chunk{}
	}
	p.chunks = p.chunks[:0]
	if p.bytes = p.bytes[:0]; cap(p.bytes) > keptAnswerBytesMax {
		p.bytes = nil
	}
}

func (s *session) pop() {
	assert.That(s.first < s.next, "only a request that was taken is answered")
	s.first++
	if s.full && s.next-s.first < inFlightRequestsMax/2 {
		s.full = false
		s.updatePause()
	}
}

// proceed starts a held request when its turn has come, and lets the next ones
// in when it was answered.
func (s *session) proceed() {
	if !s.idle() || s.closed {
		return
	}
	if s.exclusive {
		s.exclusive = false
		s.updatePause()
	}
	if s.holding {
		s.holding = false
		s.begin(&s.held)
	}
}

// close forgets everything: the connection is gone. Fetches that wait are let
// go; what is appended goes on to be acknowledged to nobody.
func (s *session) close() {
	s.closed = true
	s.dropKept()
	for _, f := range s.waiting {
		f.timeIsOver()
	}
}

func (s *session) dropKept() {
	for n := s.first; n < s.next; n++ {
		s.slots[n&uint64(len(s.slots)-1)].release()
	}
	if s.holding {
		s.holding = false
		s.held.frame.Release()
	}
}
