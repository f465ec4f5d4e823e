package netio

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/task"
)

const (
	// backlogMax is how many connections the kernel holds for us; it caps the
	// value at net.core.somaxconn.
	backlogMax = 4096
	// acceptsPerTurnMax bounds how many connections one turn accepts, so that a
	// storm of them does not keep the shard from its requests.
	acceptsPerTurnMax = 64
	// acceptPause is how long a listener rests when the kernel is out of
	// memory for sockets.
	acceptPause = 100 * time.Millisecond
)

// listeners are the listening sockets of a node, shared by its shards.
type listeners struct {
	mutex  sync.Mutex
	groups []*group
	// limits bound what came in at all of them; nil before anybody said so.
	limits *env.ConnectionLimits
	// count is how many connections there are, and fromHost how many from each host.
	count    int
	fromHost map[netip.Addr]int
}

// LimitConnections implements env.Network.
func (s *Shard) LimitConnections(limits env.ConnectionLimits) {
	all := &s.node.listeners
	all.mutex.Lock()
	defer all.mutex.Unlock()
	all.limits = &limits
}

// admit counts a connection from a host, unless there are enough.
func (all *listeners) admit(host netip.Addr) bool {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	if l := all.limits; l != nil && (all.count >= l.Max || all.fromHost[host] >= l.PerHostMax) {
		return false
	}
	if all.fromHost == nil {
		all.fromHost = map[netip.Addr]int{}
	}
	all.count++
	all.fromHost[host]++
	return true
}

// dismiss uncounts a connection from a host.
func (all *listeners) dismiss(host netip.Addr) {
	all.mutex.Lock()
	defer all.mutex.Unlock()
	assert.That(all.count > 0 && all.fromHost[host] > 0, "what ends was counted")
	all.count--
	if all.fromHost[host]--; all.fromHost[host] == 0 {
		delete(all.fromHost, host)
	}
}

// group is one listening socket and the shards that listen at it. One of them,
// the acceptor, watches the socket.
type group struct {
	owner     *listeners
	requested env.Address
	address   env.Address
	fd        int
	// spare is a descriptor given up when none are left, to accept and refuse
	// a connection that would otherwise stay in the queue for ever.
	spare int
	// The rest is guarded by owner.mutex.
	members  []*listener
	acceptor *listener
	// turn is the member that gets the next connection among equals.
	turn int
}

// listener is a shard's part of a group.
type listener struct {
	shard   *Shard
	group   *group
	options *env.Options
	door    env.Door
	// count is how many connections it has or was handed; the spreading goes by it.
	count atomic.Int32
	// token is set while this is the acceptor and watches the socket.
	token    token
	watching bool
	closed   bool
	rest     *task.Timer
}

// Listen opens a listening socket, or joins the one that another shard of the
// node opened for the same address. Port 0 joins what another shard got for the
// same request. A name is looked up, which may wait; it is meant for boot.
func (s *Shard) Listen(at env.Address, options env.Options, door env.Door) (env.Listener, error) {
	host, port, err := splitAddress(at)
	if err != nil {
		return nil, err
	}
	l := &listener{shard: s, options: &options, door: door}
	l.rest = s.loop.NewTimer(l.watch)
	all := &s.node.listeners
	all.mutex.Lock()
	defer all.mutex.Unlock()
	for _, g := range all.groups {
		if g.requested == at || g.address == at {
			if !g.has(s) {
				g.join(l)
				return l, nil
			}
			if port != 0 {
				return nil, fmt.Errorf("listen at %s: %w", at, env.ErrAddressInUse)
			}
		}
	}
	g := &group{owner: all, requested: at}
	if err := g.open(host, port); err != nil {
		return nil, fmt.Errorf("listen at %s: %w", at, err)
	}
	all.groups = append(all.groups, g)
	g.join(l)
	g.acceptor = l
	l.watch()
	return l, nil
}

// open makes the socket. An empty host is every address of both families.
func (g *group) open(host string, port uint16) error {
	ip := netip.IPv6Unspecified()
	if host != "" {
		var err error
		if ip, err = resolve(context.Background(), host); err != nil {
			return err
		}
	}
	fd, err := openListening(netip.AddrPortFrom(ip, port))
	if err != nil && host == "" && !errors.Is(err, env.ErrAddressInUse) {
		fd, err = openListening(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	}
	if err != nil {
		return err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		_ = unix.Close(fd) // never used
		return err
	}
	g.fd = fd
	g.address = env.Address(addressOf(name).String())
	g.spare, _ = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0) // -1: none spare
	return nil
}

func openListening(at netip.AddrPort) (int, error) {
	sa, family := sockaddr(at)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// A restarted broker takes its port again although old connections linger.
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil && family == unix.AF_INET6 {
		both := 1
		if at.Addr().IsUnspecified() {
			both = 0
		}
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, both)
	}
	if err == nil {
		err = unix.Bind(fd, sa)
	}
	if err == nil {
		err = unix.Listen(fd, backlogMax)
	}
	if err != nil {
		_ = unix.Close(fd) // never used
		if errors.Is(err, unix.EADDRINUSE) {
			err = env.ErrAddressInUse
		}
		return -1, err
	}
	return fd, nil
}

func (g *group) has(s *Shard) bool {
	for _, l := range g.members {
		if l.shard == s {
			return true
		}
	}
	return false
}

func (g *group) join(l *listener) {
	l.group = g
	g.members = append(g.members, l)
	l.shard.listening = append(l.shard.listening, l)
}

// choose picks the member with the fewest connections, in turn among equals,
// and counts the new one. It returns nil when nobody listens any more.
func (g *group) choose() *listener {
	g.owner.mutex.Lock()
	defer g.owner.mutex.Unlock()
	var best *listener
	for i := range g.members {
		l := g.members[(g.turn+i)%len(g.members)]
		if best == nil || l.count.Load() < best.count.Load() {
			best = l
		}
	}
	if best != nil {
		g.turn++
		best.count.Add(1)
	}
	return best
}

// leave removes a member; the last one closes the socket, and an acceptor
// passes its office on.
func (g *group) leave(l *listener) {
	all := g.owner
	all.mutex.Lock()
	defer all.mutex.Unlock()
	g.members = slices.DeleteFunc(g.members, func(other *listener) bool { return other == l })
	if len(g.members) == 0 {
		all.groups = slices.DeleteFunc(all.groups, func(other *group) bool { return other == g })
		_ = unix.Close(g.fd) // a listening socket holds nothing of ours
		if g.spare >= 0 {
			_ = unix.Close(g.spare) // /dev/null
		}
		return
	}
	if g.acceptor == l {
		next := g.members[0]
		g.acceptor = next
		next.shard.Post(next.watch)
	}
}

// Address is where it listens, with the real port.
func (l *listener) Address() env.Address { return l.group.address }

// Close stops accepting; open connections stay.
func (l *listener) Close() {
	if l.closed {
		return
	}
	l.closed = true
	s := l.shard
	s.listening = slices.DeleteFunc(s.listening, func(other *listener) bool { return other == l })
	l.rest.Stop()
	l.unwatch()
	l.group.leave(l)
}

// watch begins to accept, if this is still the acceptor.
func (l *listener) watch() {
	if l.closed || l.watching {
		return
	}
	t, err := l.shard.poller.add(l.group.fd, unix.EPOLLIN, l)
	if err != nil {
		l.rest.Set(l.shard.loop.Now().Plus(acceptPause))
		return
	}
	l.token, l.watching = t, true
}

func (l *listener) unwatch() {
	if l.watching {
		l.watching = false
		l.shard.poller.remove(l.token, l.group.fd)
	}
}

// ready accepts what waits.
func (l *listener) ready(uint32) {
	for range acceptsPerTurnMax {
		fd, peer, err := unix.Accept4(l.group.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			l.hand(fd, addressOf(peer))
		case errors.Is(err, unix.EAGAIN):
			return
		case errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE):
			if !l.refuseOne() {
				l.takeRest()
				return
			}
		case errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM):
			l.takeRest()
			return
		}
		// Other errors are those of a connection that died in the queue.
	}
}

// refuseOne takes one connection out of the queue when no descriptor is left,
// by giving the spare one up for a moment.
func (l *listener) refuseOne() bool {
	g := l.group
	if g.spare < 0 {
		return false
	}
	_ = unix.Close(g.spare) // /dev/null
	fd, _, err := unix.Accept4(g.fd, unix.SOCK_CLOEXEC)
	if err == nil {
		_ = unix.Close(fd) // refused
	}
	g.spare, _ = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0) // -1: rest instead
	return err == nil
}

// takeRest stops accepting for a moment: the queue stays readable, and epoll
// would report it again and again.
func (l *listener) takeRest() {
	l.unwatch()
	l.rest.Set(l.shard.loop.Now().Plus(acceptPause))
}

// hand gives an accepted connection to the shard that shall serve it.
func (l *listener) hand(fd int, peer netip.AddrPort) {
	if !l.group.owner.admit(peer.Addr()) {
		_ = unix.Close(fd) // there are enough
		return
	}
	to := l.group.choose()
	if to == nil {
		l.group.owner.dismiss(peer.Addr())
		_ = unix.Close(fd) // nobody listens any more
		return
	}
	if to.shard == l.shard {
		to.serve(fd, peer)
		return
	}
	if !to.shard.Post(func() { to.serve(fd, peer) }) {
		to.left(peer)
		_ = unix.Close(fd) // the shard has ended
	}
}

// serve begins a connection on this listener's shard.
func (l *listener) serve(fd int, peer netip.AddrPort) {
	if l.closed || l.shard.closing {
		l.left(peer)
		_ = unix.Close(fd) // refused
		return
	}
	c := &conn{
		shard: l.shard, door: l.door, options: l.options, home: l,
		local: l.group.address, remote: peer, fd: fd,
	}
	if err := l.shard.open(c); err != nil {
		l.left(peer)
		_ = unix.Close(fd) // no memory to watch it
		return
	}
	l.door.Opened(c)
}

// left uncounts a connection.
func (l *listener) left(peer netip.AddrPort) {
	l.count.Add(-1)
	l.group.owner.dismiss(peer.Addr())
}
