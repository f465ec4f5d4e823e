package netio

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Shard is one thread of a node: its loop of tasks, its sockets, its memory. It
// is the env.Network of its world, and what a disk needs to get back onto the
// thread: Watch and Post. All but Post is for the shard's own thread.
type Shard struct {
	node   *Node
	index  int
	loop   *task.Loop
	clock  clock
	poller *poller
	memory memory
	mail   mailboxes
	posts  posts
	waker  waker
	disk   Disk

	listening []*listener
	conns     []*conn
	// dirty connections owe bytes, resumed ones take up delivery again, ending
	// ones saw the end of their stream, ended ones have a goodbye due. Each is
	// worked off once a turn.
	dirty, dirtyNow     []*conn
	resumed, resumedNow []*conn
	ending              []*conn
	ended, endedNow     []*conn
	// starved connections wait for room under BufferedBytesMax, oldest first.
	starved []*conn
	// favourite is read although there is no room; see admits.
	favourite *conn

	// scratch is what sockets are read into; see receive.go.
	scratch     []byte
	scratchHome buffer
	frames      []*frameHome
	pieces      []*piece
	sendBuffers
	// bufferedBytes counts frames received, whole or in part, and not yet
	// released; deliveredBytes the whole ones of them; framesOut is their number.
	bufferedBytes  int64
	deliveredBytes int64
	framesOut      int
	lingers        int
	// workLeft and sendLeft are what is left of the turn's share of receiving
	// and sending, in bytes.
	workLeft int
	sendLeft int64

	// trimAt is when the memory is looked through next.
	trimAt kafka.Instant
	// more is set when the loop has ready tasks after a turn.
	more bool
	// closing is set when the shard ends: no connection begins, no frame and no
	// mail is delivered any more.
	closing bool
	// stop is set by other threads to end the shard.
	stop atomic.Bool
}

func newShard(n *Node, index int) (*Shard, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	s := &Shard{node: n, index: index, poller: p}
	s.clock.start = n.start
	s.loop = task.NewLoop(s.clock.read())
	s.clock.loop = s.loop
	s.mail = mailboxes{shard: s, woken: make([]bool, n.count)}
	for range n.count {
		s.mail.incoming = append(s.mail.incoming, newLane())
	}
	s.waker.eventfd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		p.close()
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	if err := s.Watch(s.waker.eventfd, func() {}); err != nil {
		s.release()
		return nil, err
	}
	s.scratchHome = s.memory.take(scratchBytes)
	if s.scratchHome.bytes == nil {
		s.release()
		return nil, errNoMemory
	}
	s.scratch = s.scratchHome.bytes
	return s, nil
}

// release gives up the descriptors of a shard that does not run.
func (s *Shard) release() {
	_ = unix.Close(s.waker.eventfd) // an eventfd holds nothing
	s.poller.close()
}

// Loop is the loop this shard drives.
func (s *Shard) Loop() *task.Loop { return s.loop }

// Index is the shard's number in its node, from 0.
func (s *Shard) Index() int { return s.index }

// Watch calls ready on the shard's thread each time fd becomes readable (edge
// triggered: ready need not read it empty). It is for eventfds; they are
// watched until they are closed.
func (s *Shard) Watch(fd int, ready func()) error {
	_, err := s.poller.add(fd, unix.EPOLLIN|unix.EPOLLET, handlerFunc(ready))
	return err
}

// Post runs fn on the shard's thread, between tasks. Any thread may call it. It
// reports false when the shard has ended: fn will not run.
func (s *Shard) Post(fn func()) bool {
	if !s.posts.add(fn) {
		return false
	}
	s.waker.wake()
	return true
}

// world is what the shard's logic is booted with.
func (s *Shard) world(seed *random) *env.World {
	return &env.World{
		Loop:    s.loop,
		Clock:   &s.clock,
		Random:  seed.Fork(fmt.Sprintf("shard %d", s.index)),
		Network: s,
		Disk:    s.disk,
		Shards:  &s.mail,
		Trace:   noTrace{},
		Halt:    s.halt,
	}
}

// halt gives up the whole node. The rest of the turn still runs, but nothing of
// it leaves the machine.
func (s *Shard) halt(reason error) {
	s.closing = true
	s.node.fail(&Halted{Reason: reason})
	s.node.stopAll()
}

// run is the shard's thread. It returns when the node stops, and reports a
// panic as the node's failure.
func (s *Shard) run(boot func(w *env.World)) {
	runtime.LockOSThread() // never unlocked: the thread ends with the shard
	nameThread(fmt.Sprintf("shard-%d", s.index))
	defer s.node.running.Done()
	defer s.shutDown()
	defer s.catch()
	if !s.openDisk() {
		return
	}
	boot(s.world(s.node.seed))
	for !s.stop.Load() {
		s.step()
	}
}

func (s *Shard) openDisk() bool {
	if s.node.openDisk == nil {
		return true
	}
	disk, err := s.node.openDisk(s)
	if err != nil {
		s.node.fail(err)
		s.node.stopAll()
		return false
	}
	s.disk = disk
	return true
}

// step is one turn: look at the sockets, sleep if there is nothing at all to do,
// deliver, run the tasks, send.
func (s *Shard) step() {
	events := s.poller.poll()
	if events == 0 && !s.busy() {
		events = s.sleep()
	}
	now := s.clock.read()
	s.loop.Advance(now) // deadlines that callbacks set count from the present
	s.workLeft, s.sendLeft = workPerTurnMax, allBytesPerTurnMax
	s.poller.dispatch(events)
	s.posts.run()
	s.mail.deliver()
	s.resume()
	s.more = s.loop.Turn(now)
	s.mail.wakeReceivers()
	if s.stop.Load() {
		return // halted: nothing leaves any more; or stopped: shutDown sends
	}
	s.flush()
	s.sayGoodbyes()
	s.feed()
	if now >= s.trimAt {
		s.trimAt = now.Plus(trimSpan)
		s.memory.trim()
	}
}

// busy reports whether there is something to do without any event.
func (s *Shard) busy() bool {
	return s.more || len(s.dirty) > 0 || len(s.resumed) > 0 || len(s.ended) > 0 ||
		s.loop.NextDeadline() <= s.loop.Now()
}

// sleep waits for an event, the next deadline, or a wake-up.
func (s *Shard) sleep() int {
	s.waker.asleep.Store(true)
	defer s.waker.asleep.Store(false)
	if s.posts.some.Load() || !s.mail.empty() || s.stop.Load() {
		return 0 // came before asleep was set: nobody writes to the eventfd
	}
	next := s.loop.NextDeadline()
	if s.memory.hoards() {
		next = min(next, s.trimAt)
	}
	span := forever
	if next != kafka.Never {
		if span = next.Since(s.clock.read()); span <= 0 {
			return 0
		}
	}
	n := s.poller.sleep(span)
	if n == 0 { // the deadline, or an interruption: also io_uring's, before its event
		n = s.poller.poll()
	}
	return n
}

// resume lets connections deliver what they held back.
func (s *Shard) resume() {
	s.resumedNow, s.resumed = s.resumed, s.resumedNow[:0]
	for i, c := range s.resumedNow {
		s.resumedNow[i] = nil
		c.resume()
	}
}

// flush sends what connections owe, one call each where it fits.
func (s *Shard) flush() {
	s.dirtyNow, s.dirty = s.dirty, s.dirtyNow[:0]
	for i, c := range s.dirtyNow {
		if s.sendLeft <= 0 { // the others come first in the next turn
			s.dirty = slices.Insert(s.dirty, 0, s.dirtyNow[i:]...)
			clear(s.dirtyNow[i:])
			break
		}
		s.dirtyNow[i] = nil
		c.flush()
	}
	for i, c := range s.ending {
		s.ending[i] = nil
		c.end(nil)
	}
	s.ending = s.ending[:0]
}

// sayGoodbyes tells the doors of connections that ended.
func (s *Shard) sayGoodbyes() {
	s.endedNow, s.ended = s.ended, s.endedNow[:0]
	for i, c := range s.endedNow {
		s.endedNow[i] = nil
		c.sayGoodbye()
	}
}

// catch turns a panic into the node's failure, with the stories of the tasks.
func (s *Shard) catch() {
	value := recover()
	if value == nil {
		return
	}
	s.node.fail(&Failure{
		Shard: s.index, Value: value, Stack: debug.Stack(), Stories: s.loop.Stories(),
	})
	s.node.stopAll()
}

// shutDown ends the shard: the last answers leave and every connection's door is
// told, unless the node failed; the tasks are unwound; everything is given back.
func (s *Shard) shutDown() {
	defer s.catch() // a defer of an unwound task may panic as well
	s.closing = true
	s.posts.close()
	graceful := s.node.failure() == nil
	if graceful {
		s.sendLeft = allBytesPerTurnMax
		s.flush() // what the last turn answered
	}
	for _, c := range s.conns {
		c.end(env.ErrClosed)
	}
	if graceful {
		s.sayGoodbyes()
	}
	s.closeLoop()
	for len(s.listening) > 0 {
		s.listening[0].Close()
	}
	for _, slot := range s.poller.slots {
		if l, ok := slot.handler.(*linger); ok {
			_ = unix.Close(l.fd) // its answer was handed to the kernel
		}
	}
	if s.disk != nil {
		s.disk.Close()
	}
	s.memory.give(s.scratchHome)
	s.memory.close()
	s.release()
}

// closeLoop unwinds the tasks. What panics in their defers, or because a task
// has panicked before, is noted and does not keep the rest from being closed.
func (s *Shard) closeLoop() {
	defer s.catch()
	s.loop.Close()
}

// nameThread sets the name that ps and top show.
func nameThread(name string) {
	bytes := append([]byte("odradek/"+name), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&bytes[0])), 0, 0, 0) // cosmetic
}
