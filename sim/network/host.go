package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"odradek/core/env"
	"odradek/sim/fault"
	"odradek/sim/schedule"
	"odradek/sim/trace"
)

// Host is a node's kernel, as far as its network goes.
type Host struct {
	network   *Network
	node      int
	name      string
	up        bool
	ephemeral int
	stacks    []*Stack
	groups    []*group
	endpoints []*endpoint
	// limits bound what came in; nil before the program said so.
	limits *env.ConnectionLimits
}

// firstEphemeral is where free ports are looked for.
const firstEphemeral = 32768

// AddHost adds the host of the next node.
func (n *Network) AddHost(name string) *Host {
	h := &Host{network: n, node: len(n.hosts), name: name, up: true, ephemeral: firstEphemeral}
	n.hosts = append(n.hosts, h)
	return h
}

// group are the listeners of one port, at most one a shard.
type group struct {
	port      int
	loopback  bool
	listeners []*listener
}

type listener struct {
	stack   *Stack
	group   *group
	address env.Address
	options env.Options
	door    env.Door
	closed  bool
}

// Stack is one shard's env.Network; it lives as long as its process.
type Stack struct {
	host    *Host
	lane    *schedule.Lane
	pending []*endpoint
	// buffered are the bytes of frames received and not released.
	buffered int64
	waiting  []*endpoint
	frames   framePool
}

var _ env.Network = (*Stack)(nil)

// Stack gives a shard its view of the network.
func (h *Host) Stack(lane *schedule.Lane) *Stack {
	s := &Stack{host: h, lane: lane}
	h.stacks = append(h.stacks, s)
	lane.AfterTurn = append(lane.AfterTurn, s.flush)
	return s
}

// Buffered are the bytes of frames that the shard received and did not release:
// 0 in a shard at rest, or it leaks.
func (s *Stack) Buffered() int64 { return s.buffered }

// split cuts an address into host and port.
func split(at env.Address) (host string, port int, err error) {
	i := strings.LastIndexByte(string(at), ':')
	if i < 0 {
		return "", 0, fmt.Errorf("address %q: want host:port", at)
	}
	port, err = strconv.Atoi(string(at[i+1:]))
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("address %q: want a port from 0 to 65535", at)
	}
	return string(at[:i]), port, nil
}

func join(host string, port int) env.Address {
	return env.Address(host + ":" + strconv.Itoa(port))
}

func isLoopback(host string) bool {
	return host == "127.0.0.1" || host == "localhost" || host == "[::1]"
}

func isAny(host string) bool { return host == "" || host == "0.0.0.0" || host == "[::]" }

// Listen accepts connections at a port of this host.
func (s *Stack) Listen(at env.Address, o env.Options, door env.Door) (env.Listener, error) {
	name, port, err := split(at)
	if err != nil {
		return nil, err
	}
	if !isLoopback(name) && !isAny(name) && name != s.host.name {
		return nil, fmt.Errorf("listen at %s: not an address of %s", at, s.host.name)
	}
	if port == 0 {
		port = s.host.freePort()
	}
	g := s.host.group(port)
	for _, l := range g.listeners {
		if l.stack == s {
			return nil, env.ErrAddressInUse
		}
	}
	g.loopback = isLoopback(name)
	l := &listener{stack: s, group: g, address: join(name, port), options: o, door: door}
	if !s.lane.Gone() {
		g.listeners = append(g.listeners, l)
	}
	return l, nil
}

func (h *Host) group(port int) *group {
	for _, g := range h.groups {
		if g.port == port {
			return g
		}
	}
	g := &group{port: port}
	h.groups = append(h.groups, g)
	return g
}

func (h *Host) freePort() int {
	for {
		h.ephemeral++
		if h.ephemeral > 65535 {
			h.ephemeral = firstEphemeral
		}
		if len(h.group(h.ephemeral).listeners) == 0 {
			return h.ephemeral
		}
	}
}

// Address is where the listener listens.
func (l *listener) Address() env.Address { return l.address }

// Close stops accepting.
func (l *listener) Close() {
	l.closed = true
	g := l.group
	g.listeners = slices.DeleteFunc(g.listeners, func(o *listener) bool { return o == l })
}

// hostNamed finds who is meant by an address's host, seen from one host.
func (n *Network) hostNamed(name string, from *Host) *Host {
	if isLoopback(name) || isAny(name) {
		return from
	}
	for _, h := range n.hosts {
		if h.name == name {
			return h
		}
	}
	return nil
}

// Kill ends the process of the host: its kernel tells every peer.
func (h *Host) Kill() {
	linger := h.linger()
	for _, e := range slices.Clone(h.endpoints) {
		e.die(true, linger)
	}
	h.forget()
}

// PowerLoss ends the process and its kernel: no peer is told.
func (h *Host) PowerLoss() {
	linger := h.linger()
	for _, e := range slices.Clone(h.endpoints) {
		e.die(false, linger)
	}
	h.forget()
	h.up = false
}

// Boot has the host's kernel run. What was held up for it arrives.
func (h *Host) Boot() {
	if h.up {
		return
	}
	h.up = true
	for _, from := range h.network.hosts {
		if from != h {
			h.network.release(from, h)
		}
	}
}

func (h *Host) forget() { h.stacks, h.groups, h.limits = nil, nil, nil }

// LimitConnections implements env.Network.
func (s *Stack) LimitConnections(limits env.ConnectionLimits) {
	if !s.lane.Gone() {
		s.host.limits = &limits
	}
}

// isFull reports whether no further connection from a host is let in.
func (h *Host) isFull(from *Host) bool {
	if h.limits == nil {
		return false
	}
	all, same := 0, 0
	for _, e := range h.endpoints {
		if e.listener == nil {
			continue // it went out, or was never let in
		}
		all++
		if e.peer.host == from {
			same++
		}
	}
	return all >= h.limits.Max || same >= h.limits.PerHostMax
}

// linger draws whether what the process sent last arrives long after its death.
func (h *Host) linger() time.Duration {
	v, lingers := h.network.plan.Draw(fault.NetworkLinger, h.node)
	if !lingers {
		return 0
	}
	onTheWay := slices.ContainsFunc(h.endpoints, func(e *endpoint) bool {
		return e.out.flight() > 0 && e.peer.host != h
	})
	h.network.settle(fault.NetworkLinger, onTheWay, h)
	return 100*time.Millisecond + time.Duration(v%uint64(10*time.Second))
}

// Connections is how many connections the host's programs have open.
func (h *Host) Connections() int { return len(h.endpoints) }

// settle enters a fault in the ledger and, if it had an effect, in the story.
func (n *Network) settle(kind fault.Kind, fired bool, h *Host) {
	n.plan.Settle(kind, fired)
	if fired {
		n.scheduler.Trace.Alarm(trace.Note{
			At: n.scheduler.Now(), Who: h.name, Kind: kind.String(),
		})
	}
}
