package netio

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
)

// errNoMemory ends a connection for which the kernel had no memory.
var errNoMemory = errors.New("no memory for a connection's buffers")

// connState is where a connection is in its life.
//
//	connOpen --peer's end of stream--> connEnding --flushed--> connEnded
//	connOpen --Close, error, everything sent---------------->  connEnded
type connState uint8

const (
	connOpen connState = iota
	// connEnding: the peer sends no more; what the turn answers still leaves.
	connEnding
	// connEnded: the descriptor is closed, Door.Closed was called or is due.
	connEnded
)

// conn is one connection of a shard. At rest it is this struct and nothing
// else: its buffers exist while bytes are in flight.
type conn struct {
	shard   *Shard
	door    env.Door
	options *env.Options
	// home is the listener it came in by, nil when it was dialled.
	home     *listener
	local    env.Address
	remote   netip.AddrPort
	attached any
	fd       int
	token    token
	// watched are the epoll events asked for now.
	watched uint32
	state   connState
	// cause is what Door.Closed will be told.
	cause error
	// last is set by CloseAfterSend: nothing more comes in or is queued.
	last bool
	// place is the connection's index in shard.conns.
	place int

	receiving
	sending
}

// open begins to serve a connected socket.
func (s *Shard) open(c *conn) error {
	_ = unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // slower without
	_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1) // as Kafka does
	c.watched = unix.EPOLLIN | unix.EPOLLRDHUP
	t, err := s.poller.add(c.fd, c.watched, c)
	if err != nil {
		return err
	}
	c.token = t
	c.place = len(s.conns)
	s.conns = append(s.conns, c)
	return nil
}

// ready takes the socket's epoll events.
func (c *conn) ready(events uint32) {
	if events&unix.EPOLLOUT != 0 && c.blocked {
		c.blocked = false
		c.touch()
	}
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.readable(events)
	}
}

// watch asks epoll for what the connection waits for now.
func (c *conn) watch(reading bool) {
	var events uint32
	if reading {
		events |= unix.EPOLLIN | unix.EPOLLRDHUP
	}
	if c.blocked {
		events |= unix.EPOLLOUT
	}
	if events != c.watched && c.state != connEnded {
		c.watched = events
		c.shard.poller.change(c.token, c.fd, events)
	}
}

// isReading reports whether epoll is asked for the peer's bytes.
func (c *conn) isReading() bool { return c.watched&unix.EPOLLIN != 0 }

// Close ends the connection at once; Door.Closed follows at the turn's end.
func (c *conn) Close() { c.end(env.ErrClosed) }

// CloseAfterSend ends the connection once everything queued has left.
func (c *conn) CloseAfterSend() {
	c.last = true
	c.touch()
}

// end closes the socket, frees what the connection holds, and has the door told
// after the turn. Only the first end counts.
func (c *conn) end(cause error) {
	if c.state == connEnded {
		return
	}
	s := c.shard
	linger := c.last && c.unsent == 0 && c.state == connOpen && cause == env.ErrClosed
	c.state, c.cause = connEnded, cause
	s.poller.forget(c.token)
	if linger {
		s.linger(c.fd)
	} else {
		_ = unix.Close(c.fd) // the bytes are the kernel's or the peer's: nothing to lose
	}
	c.dropReceiving()
	c.dropSending()
	s.ended = append(s.ended, c)
}

// sayGoodbye tells the door, as the last thing.
func (c *conn) sayGoodbye() {
	s := c.shard
	moved := s.conns[len(s.conns)-1]
	assert.That(s.conns[c.place] == c, "a connection knows its place")
	s.conns[c.place], moved.place = moved, c.place
	s.conns[len(s.conns)-1] = nil
	s.conns = s.conns[:len(s.conns)-1]
	if c.home != nil {
		c.home.left(c.remote)
	}
	c.door.Closed(c, c.cause)
}

// Local is the address of the listener it came in by.
func (c *conn) Local() env.Address { return c.local }

// Remote is the peer's address.
func (c *conn) Remote() env.Address { return env.Address(c.remote.String()) }

// Attach keeps the owner's state of the connection.
func (c *conn) Attach(state any) { c.attached = state }

// Attached returns what Attach kept.
func (c *conn) Attached() any { return c.attached }

// causeOf names the error that ended a connection.
func causeOf(errno unix.Errno) error {
	switch errno {
	case unix.ECONNRESET, unix.EPIPE, 0: // 0: it is gone and no one knows why
		return env.ErrReset
	case unix.ETIMEDOUT:
		return env.ErrTimedOut
	case unix.ECONNREFUSED:
		return env.ErrRefused
	}
	return fmt.Errorf("%w: %w", env.ErrReset, errno)
}

// pendingError is the error the kernel keeps for a socket.
func pendingError(fd int) unix.Errno {
	value, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return unix.ECONNRESET
	}
	return unix.Errno(value)
}
