package netio

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// eventsPerPoll is how many ready descriptors one epoll_wait reports. It bounds
// the work of a turn; the rest is reported by the next.
const eventsPerPoll = 512

// dispatchStep moves the beginning of a dispatch. It is a prime, so that every
// event comes first in its turn whatever their number.
const dispatchStep = 61

// handler is told of the epoll events of its descriptor, on the shard's thread.
type handler interface {
	ready(events uint32)
}

// handlerFunc is a handler that does not care which events they are.
type handlerFunc func()

func (f handlerFunc) ready(uint32) { f() }

// poller is the epoll set of a shard. Descriptors are known by a slot and the
// slot's generation, so that an event that was reported before its descriptor
// was closed never reaches the next user of the slot.
type poller struct {
	epoll  int
	slots  []slot
	free   []int32
	events []unix.EpollEvent
	// turn says where the next dispatch begins.
	turn int
	// millisOnly is set when the kernel has no epoll_pwait2 (before 5.11), or a
	// filter of system calls does not know it.
	millisOnly bool
}

type slot struct {
	handler    handler
	generation int32
}

// token names a registered descriptor.
type token struct {
	slot       int32
	generation int32
}

func newPoller() (*poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll set: %w", err)
	}
	return &poller{epoll: epoll, events: make([]unix.EpollEvent, eventsPerPoll)}, nil
}

func (p *poller) close() { _ = unix.Close(p.epoll) } // nothing is buffered in it

// add begins to report events of fd to h.
func (p *poller) add(fd int, events uint32, h handler) (token, error) {
	var at int32
	if n := len(p.free); n > 0 {
		at = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		at = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[at]
	s.handler = h
	t := token{at, s.generation}
	event := unix.EpollEvent{Events: events, Fd: t.slot, Pad: t.generation}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		p.forget(t)
		return t, fmt.Errorf("watch a descriptor: %w", err)
	}
	return t, nil
}

// change asks for other events.
func (p *poller) change(t token, fd int, events uint32) {
	event := unix.EpollEvent{Events: events, Fd: t.slot, Pad: t.generation}
	errno := rawEpollModify(p.epoll, fd, &event)
	assert.That(errno == 0, "a registered descriptor can be watched for other events")
}

// forget ends the reports. The caller closes the descriptor, or uses remove.
func (p *poller) forget(t token) {
	s := &p.slots[t.slot]
	assert.That(s.generation == t.generation, "a descriptor is forgotten once")
	s.generation++
	s.handler = nil
	p.free = append(p.free, t.slot)
}

// remove ends the reports for a descriptor that stays open.
func (p *poller) remove(t token, fd int) {
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, fd, nil) // it was added: cannot fail
	p.forget(t)
}

// poll returns how many events are ready now.
func (p *poller) poll() int {
	n, errno := rawEpollWait(p.epoll, p.events)
	if errno != 0 {
		return 0 // EINTR: the next poll has them
	}
	return n
}

// sleep waits for events until the span has passed. It is a plain system call:
// the Go scheduler may take the P meanwhile, so that the collector and other
// goroutines go on, also when there is only one P. Measured against a raw call,
// which would hold the P, it makes no difference here; a raw one would need a
// runtime.Gosched after each interruption, and io_uring interrupts the sleep at
// every completion: that doubled the cost of a commit.
func (p *poller) sleep(span time.Duration) int {
	n, errno := p.wait(span)
	if !p.millisOnly && (errno == unix.ENOSYS || errno == unix.EPERM) {
		p.millisOnly = true
		n, errno = p.wait(span)
	}
	if errno == unix.EINTR {
		return 0
	}
	assert.That(errno == 0, "epoll_wait on our own epoll set works")
	return n
}

func (p *poller) wait(span time.Duration) (int, unix.Errno) {
	events := uintptr(unsafe.Pointer(unsafe.SliceData(p.events)))
	if span == forever || p.millisOnly {
		millis := -1
		if span != forever {
			millis = int(min((span+time.Millisecond-1)/time.Millisecond, 1<<30))
		}
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), events,
			uintptr(len(p.events)), uintptr(millis), 0, 0)
		return int(n), errno
	}
	limit := unix.NsecToTimespec(int64(span))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll), events,
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&limit)), 0, 0)
	return int(n), errno
}

// forever is the span of a sleep without a deadline.
const forever = time.Duration(kafka.Never)

// dispatch tells the handlers of the first n events. It begins at another one
// each time: those it tells last may find that the turn's share of work is used
// up, and epoll reports them in the same order again.
func (p *poller) dispatch(n int) {
	for i := range n {
		event := &p.events[(p.turn+i)%n]
		s := &p.slots[event.Fd]
		if s.generation == event.Pad && s.handler != nil {
			s.handler.ready(event.Events)
		}
	}
	p.turn += dispatchStep
}
