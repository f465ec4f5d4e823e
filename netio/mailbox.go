package netio

import (
	"sync"
	"sync/atomic"

	"odradek/core/assert"
)

const (
	// laneChunkMessages is the growth step of a lane: half a kilobyte for each
	// pair of shards that talk.
	laneChunkMessages = 32
	// messagesPerTurnMax bounds how much mail of one sender a turn takes, so
	// that a chatty shard cannot keep another from its sockets.
	messagesPerTurnMax = 1024
)

// lane carries messages from one shard to another: a queue with one writer and
// one reader, without a lock and without a limit, whose chunks go back and
// forth so that a steady flow allocates nothing.
type lane struct {
	// written by the sender
	tail *laneChunk
	// written by the receiver
	head *laneChunk
	next int
	// spare is an empty chunk on its way back to the sender.
	spare atomic.Pointer[laneChunk]
}

type laneChunk struct {
	messages [laneChunkMessages]any
	// filled is how many messages are complete: the receiver reads no further.
	filled atomic.Int32
	next   atomic.Pointer[laneChunk]
}

func newLane() *lane {
	c := new(laneChunk)
	return &lane{tail: c, head: c}
}

// put is called by the sending shard.
func (l *lane) put(message any) {
	c := l.tail
	n := c.filled.Load()
	if n == laneChunkMessages {
		fresh := l.spare.Swap(nil)
		if fresh == nil {
			fresh = new(laneChunk)
		}
		fresh.messages[0] = message
		fresh.filled.Store(1)
		l.tail = fresh
		c.next.Store(fresh) // last: a chunk that can be seen has a message
		return
	}
	c.messages[n] = message
	c.filled.Store(n + 1)
}

// take is called by the receiving shard.
func (l *lane) take() (message any, ok bool) {
	c := l.head
	if l.next == laneChunkMessages {
		following := c.next.Load()
		if following == nil {
			return nil, false
		}
		c.next.Store(nil)
		c.filled.Store(0)
		l.spare.Store(c)
		l.head, l.next = following, 0
		c = following
	}
	if l.next >= int(c.filled.Load()) {
		return nil, false
	}
	message = c.messages[l.next]
	c.messages[l.next] = nil
	l.next++
	return message, true
}

// empty is called by the receiving shard.
func (l *lane) empty() bool {
	if l.next == laneChunkMessages {
		return l.head.next.Load() == nil
	}
	return l.next >= int(l.head.filled.Load())
}

// waker ends a shard's sleep. Only the first of many callers makes a system
// call, and none does while the shard is awake.
type waker struct {
	asleep  atomic.Bool
	eventfd int
}

// wake is called by any thread, after it put something where the shard looks.
func (w *waker) wake() {
	if w.asleep.Load() && w.asleep.CompareAndSwap(true, false) {
		rawWake(w.eventfd)
	}
}

// posts are functions that other threads want to run on the shard's.
type posts struct {
	mutex   sync.Mutex
	waiting []func()
	taken   []func()
	// some is set while waiting is not empty, to look without the lock.
	some   atomic.Bool
	closed bool
}

// add reports false when the shard has ended.
func (p *posts) add(fn func()) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		return false
	}
	p.waiting = append(p.waiting, fn)
	p.some.Store(true)
	return true
}

// run calls what was there when it began.
func (p *posts) run() {
	if !p.some.Load() {
		return
	}
	p.mutex.Lock()
	p.taken, p.waiting = p.waiting, p.taken[:0]
	p.some.Store(false)
	p.mutex.Unlock()
	for i, fn := range p.taken {
		p.taken[i] = nil
		fn()
	}
	p.taken = p.taken[:0]
}

// close makes add refuse, and runs what still waits.
func (p *posts) close() {
	p.mutex.Lock()
	p.closed = true
	p.mutex.Unlock()
	p.run()
}

// mailboxes is env.Shards for one shard.
type mailboxes struct {
	shard   *Shard
	handler func(from int, message any)
	// incoming[i] carries what shard i sends here.
	incoming []*lane
	// woken[i] is set when shard i got mail in this turn and must be woken.
	woken []bool
	rouse []int
}

// Self is this shard's index.
func (m *mailboxes) Self() int { return m.shard.index }

// Count is how many shards the node has.
func (m *mailboxes) Count() int { return len(m.incoming) }

// Send puts a message into a shard's mailbox. The receiver is woken when the
// turn ends: one wake-up for all that the turn sent.
func (m *mailboxes) Send(to int, message any) {
	m.shard.node.shards[to].mail.incoming[m.shard.index].put(message)
	if !m.woken[to] && to != m.shard.index {
		m.woken[to] = true
		m.rouse = append(m.rouse, to)
	}
}

// Receive sets who is called with each message. Mail that came earlier waits.
func (m *mailboxes) Receive(handler func(from int, message any)) {
	assert.That(m.handler == nil, "Receive is called once")
	m.handler = handler
}

// deliver hands out what has come, at most messagesPerTurnMax of each sender.
func (m *mailboxes) deliver() {
	if m.handler == nil || m.shard.closing {
		return
	}
	for from, l := range m.incoming {
		for range messagesPerTurnMax {
			message, ok := l.take()
			if !ok {
				break
			}
			m.handler(from, message)
		}
	}
}

func (m *mailboxes) empty() bool {
	if m.handler == nil {
		return true
	}
	for _, l := range m.incoming {
		if !l.empty() {
			return false
		}
	}
	return true
}

// wakeReceivers ends the sleep of those who got mail in this turn.
func (m *mailboxes) wakeReceivers() {
	for _, to := range m.rouse {
		m.woken[to] = false
		m.shard.node.shards[to].waker.wake()
	}
	m.rouse = m.rouse[:0]
}
