package netio

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// dialling is a socket that is being connected.
type dialling struct {
	task.Future[struct{}]
	shard *Shard
	fd    int
	token token
	over  bool
}

// ready is called when the socket is connected or has failed.
func (d *dialling) ready(uint32) {
	if d.over {
		return
	}
	d.over = true
	var err error
	if errno := pendingError(d.fd); errno != 0 {
		err = causeOf(errno)
	}
	d.Resolve(struct{}{}, err)
}

// Dial opens a connection to another node. Looking a name up happens on another
// goroutine. ErrRefused, ErrTimedOut (also of the deadline), ErrReset.
func (s *Shard) Dial(
	t *task.Task, to env.Address, options env.Options, door env.Door, deadline kafka.Instant,
) (env.Conn, error) {
	at, err := s.find(t, to, deadline)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", to, err)
	}
	fd, tok, err := s.connect(t, at, deadline)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", to, err)
	}
	s.poller.remove(tok, fd)
	c := &conn{shard: s, door: door, options: &options, remote: at, fd: fd}
	if name, err := unix.Getsockname(fd); err == nil {
		c.local = env.Address(addressOf(name).String())
	}
	if err := s.open(c); err != nil {
		_ = unix.Close(fd) // never used
		return nil, fmt.Errorf("dial %s: %w", to, err)
	}
	return c, nil
}

// connect waits until a socket is connected. On an error, or when the task is
// cancelled, nothing is left of it.
func (s *Shard) connect(
	t *task.Task, at netip.AddrPort, deadline kafka.Instant,
) (fd int, tok token, err error) {
	sa, family := sockaddr(at)
	made, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, tok, err
	}
	d := &dialling{shard: s, fd: made}
	connected, watched := false, false
	defer func() { // also when the task is cancelled in the midst of it
		if !connected {
			d.over = true
			if watched {
				s.poller.forget(d.token)
			}
			_ = unix.Close(made) // never used
		}
	}()
	if err = unix.Connect(made, sa); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		var errno unix.Errno
		if errors.As(err, &errno) {
			err = causeOf(errno)
		}
		return -1, tok, err
	}
	if d.token, err = s.poller.add(made, unix.EPOLLOUT, d); err != nil {
		return -1, tok, err
	}
	watched = true
	if _, err = d.Await(t, deadline, "a connection to be made"); err != nil {
		if errors.Is(err, task.ErrDeadline) {
			err = env.ErrTimedOut
		}
		return -1, tok, err
	}
	connected = true
	return made, d.token, nil
}

// find turns host:port into an address; a name is looked up elsewhere.
func (s *Shard) find(t *task.Task, to env.Address, deadline kafka.Instant) (netip.AddrPort, error) {
	host, port, err := splitAddress(to)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		host = "localhost"
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(literal.Unmap(), port), nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	answer := new(task.Future[netip.Addr])
	go func() { // ends with the look-up, which cancel cuts short
		ip, err := resolve(ctx, host)
		s.Post(func() { answer.Resolve(ip, err) })
	}()
	ip, err := answer.Await(t, deadline, "a host name to be looked up")
	if errors.Is(err, task.ErrDeadline) {
		err = env.ErrTimedOut
	}
	return netip.AddrPortFrom(ip, port), err
}
