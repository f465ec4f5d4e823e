package broker

import (
	"fmt"
	"strconv"
	"strings"

	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/task"
)

const (
	// unsentBytesMax is how many bytes may wait to leave a connection before its
	// next request is read: one full fetch response and a little more.
	unsentBytesMax = 64 << 20
	// queuedBytesDefault bounds the bytes of requests that are being received
	// or worked on, per node, when queued.max.request.bytes does not.
	queuedBytesDefault = 512 << 20
)

// listen opens every listener on every shard, with the doors still closed: what
// comes in waits until serve. It fills in the ports that are really open.
func (s *Shard) listen(t *task.Task) ([]config.Listener, error) {
	s.limitConnections()
	listeners := append([]config.Listener(nil), s.node.Listeners...)
	for i := range listeners {
		l := &listeners[i]
		port, err := s.listenAt(l.Name, l.Address())
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		l.Port = port
		if l.AdvertisedPort == 0 {
			l.AdvertisedPort = port
		}
	}
	errs := make([]error, s.world.Shards.Count())
	s.onEach(t, s.everywhere(), "listen", func(_ *task.Task, other *Shard) {
		if other == s {
			return
		}
		for _, l := range listeners {
			if _, err := other.listenAt(l.Name, l.Address()); err != nil {
				errs[other.index()] = fmt.Errorf("listener %s: %w", l.Name, err)
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return listeners, nil
}

// limitConnections tells the network how many connections the node takes: at the
// start, and when that is changed while it runs. One shard does it for all.
func (s *Shard) limitConnections() {
	if s.index() == 0 {
		s.world.Network.LimitConnections(env.ConnectionLimits{
			Max: s.node.MaxConnections, PerHostMax: s.node.MaxConnectionsPerIP})
	}
}

// listenAt opens one listener on this shard.
func (s *Shard) listenAt(name, address string) (port uint16, err error) {
	shards := s.world.Shards.Count()
	queued := s.node.QueuedMaxRequestBytes
	if queued <= 0 {
		queued = queuedBytesDefault
	}
	options := env.Options{
		FrameBytesMax:    s.node.SocketRequestMaxBytes,
		UnsentBytesMax:   unsentBytesMax,
		BufferedBytesMax: queued / int64(shards),
	}
	d := &door{shard: s, listener: name}
	l, err := s.world.Network.Listen(env.Address(address), options, d)
	if err != nil {
		return 0, err
	}
	s.listeners = append(s.listeners, l)
	at := string(l.Address())
	number, err := strconv.ParseUint(at[strings.LastIndexByte(at, ':')+1:], 10, 16)
	return uint16(number), err
}

// serve opens the doors: the connections that came meanwhile are let in.
func (s *Shard) serve() {
	s.serving = true
	for _, early := range s.early {
		early.updatePause()
	}
	s.early = nil
	if s.node.ConnectionsMaxIdleMs > 0 {
		s.world.Loop.Spawn("close idle connections", s.closeIdleLoop)
	}
}
