package envtest

import (
	"fmt"

	"odradek/core/env"
	"odradek/core/task"
)

// mailbox collects the messages of a shard.
type mailbox struct {
	s     *Scene
	queue task.Queue[letter]
}

type letter struct {
	from    int
	message any
}

func (s *Scene) mailbox() *mailbox {
	m := &mailbox{s: s}
	s.World.Shards.Receive(func(from int, message any) { m.queue.Put(letter{from, message}) })
	return m
}

// take waits for the next message and its sender.
func (m *mailbox) take() (from int, message any) {
	m.s.tb.Helper()
	l, err := m.queue.Take(m.s.T, m.s.deadline(), "a message")
	m.s.Must(err)
	return l.from, l.message
}

// takeFrom waits for the next message, which must come from one shard.
func (m *mailbox) takeFrom(shard int) any {
	m.s.tb.Helper()
	from, message := m.take()
	m.s.That(from == shard, "a message from %d, want one from %d", from, shard)
	return message
}

// shardCases are about nodes of several shards.
func shardCases() []Case {
	return []Case{
		{Name: "shards know their place", Bodies: []func(*Scene){
			func(s *Scene) { placed(s, 0, 3) },
			func(s *Scene) { placed(s, 1, 3) },
			func(s *Scene) { placed(s, 2, 3) },
		}},
		{Name: "messages between two shards arrive in order", Bodies: []func(*Scene){
			func(s *Scene) { counts(s, 1, 2000) }, func(s *Scene) { counts(s, 0, 2000) },
		}},
		{Name: "a question and its answer", Bodies: []func(*Scene){
			func(s *Scene) {
				m := s.mailbox()
				for i := range 100 {
					s.World.Shards.Send(1, i)
					s.That(m.takeFrom(1) == i*i, "another answer")
				}
			},
			func(s *Scene) {
				m := s.mailbox()
				for range 100 {
					number := m.takeFrom(0).(int)
					s.World.Shards.Send(0, number*number)
				}
			},
		}},
		{Name: "messages from several shards keep each sender's order", Bodies: []func(*Scene){
			gathers, sends100, sends100, sends100,
		}},
		{Name: "a message goes around a ring", Bodies: []func(*Scene){ring, ring, ring, ring}},
		{Name: "shards share a directory", Bodies: []func(*Scene){sharesDirectory, sharesDirectory},
			Again: func(s *Scene) {
				s.stored("file-0", "written by shard 0")
				s.stored("file-1", "written by shard 1")
			}},
		{Name: "shards listen at one address", Bodies: []func(*Scene){
			dialsMany, listensToo, listensToo,
		}},
		{Name: "a shard sends a range of another shard's file", Bodies: []func(*Scene){
			ownsFile, sendsRange,
		}},
		{Name: "a connection from shard to shard", Bodies: []func(*Scene){
			func(s *Scene) {
				m := s.mailbox()
				p := s.listen(roomy())
				p.server.onFrame = func(c env.Conn, payload []byte) { send(c, string(payload)+"?") }
				s.World.Shards.Send(1, p.listener.Address())
				m.takeFrom(1)
				p.listener.Close()
			},
			func(s *Scene) {
				d := s.door()
				c, err := s.World.Network.Dial(s.T, s.mailbox().takeFrom(0).(env.Address), roomy(), d,
					s.deadline())
				s.Must(err)
				send(c, "other shard", pattern(1, 1<<20))
				d.received("other shard?", pattern(1, 1<<20)+"?")
				c.Close()
				d.awaitEnd(c)
				s.World.Shards.Send(0, "done")
			},
		}},
		{Name: "random numbers of shards differ", Bodies: []func(*Scene){
			func(s *Scene) {
				s.That(s.mailbox().takeFrom(1) != s.World.Random.Uint64(), "the same numbers")
			},
			func(s *Scene) { s.World.Shards.Send(0, s.World.Random.Uint64()) },
		}},
	}
}

func placed(s *Scene, self, count int) {
	s.That(s.World.Shards.Self() == self && s.World.Shards.Count() == count, "%d of %d",
		s.World.Shards.Self(), s.World.Shards.Count())
}

// counts sends numbers to another shard and expects the same from it.
func counts(s *Scene, other, count int) {
	m := s.mailbox()
	for i := range count {
		s.World.Shards.Send(other, i)
	}
	for i := range count {
		got := m.takeFrom(other)
		s.That(got == i, "message %d is %v", i, got)
	}
}

func gathers(s *Scene) {
	m := s.mailbox()
	next := make([]int, 4)
	for range 300 {
		from, message := m.take()
		s.That(message == next[from], "shard %d's message %d is %v", from, next[from], message)
		next[from]++
	}
}

func sends100(s *Scene) {
	for i := range 100 {
		s.World.Shards.Send(0, i)
		if i%10 == 0 {
			s.T.Yield()
		}
	}
}

// ring passes a counter around 25 times; shard 0 starts it.
func ring(s *Scene) {
	m := s.mailbox()
	self, count := s.World.Shards.Self(), s.World.Shards.Count()
	if self == 0 {
		s.World.Shards.Send(1, 1)
	}
	for round := range 25 {
		got := m.takeFrom((self + count - 1) % count).(int)
		if self == 0 {
			s.That(got == (round+1)*count, "round %d: %d", round, got)
			if round == 24 {
				return
			}
		}
		s.World.Shards.Send((self+1)%count, got+1)
	}
}

func sharesDirectory(s *Scene) {
	m := s.mailbox()
	self := s.World.Shards.Self()
	s.close(s.file(fmt.Sprint("file-", self), fmt.Sprint("written by shard ", self)))
	s.World.Shards.Send(1-self, "written")
	m.takeFrom(1 - self)
	s.names("", "file-0", "file-1")
	s.stored(fmt.Sprint("file-", 1-self), fmt.Sprint("written by shard ", 1-self))
	// Neither may stop before the other has looked.
	s.World.Shards.Send(1-self, "seen")
	m.takeFrom(1 - self)
}

// dialsMany is shard 0 of three that listen at one address: with 64
// connections each of them gets some.
func dialsMany(s *Scene) {
	m := s.mailbox()
	p := s.listen(roomy())
	p.server.onFrame = func(c env.Conn, _ []byte) { send(c, "0") }
	for shard := 1; shard <= 2; shard++ {
		s.World.Shards.Send(shard, p.listener.Address())
		m.takeFrom(shard)
	}
	var all []env.Conn
	for range 64 {
		c := p.dial()
		all = append(all, c)
		send(c, "who is it?")
	}
	p.client.awaitFrames(64)
	tally := map[string]int{}
	for _, answer := range p.client.frames {
		tally[answer]++
	}
	s.That(tally["0"] > 0 && tally["1"] > 0 && tally["2"] > 0 && len(tally) == 3, "%v", tally)
	for _, c := range all {
		c.Close()
		p.client.awaitEnd(c)
	}
	for shard := 1; shard <= 2; shard++ {
		s.World.Shards.Send(shard, "done")
	}
	p.listener.Close()
}

func listensToo(s *Scene) {
	m := s.mailbox()
	d := s.door()
	d.onFrame = func(c env.Conn, _ []byte) { send(c, fmt.Sprint(s.World.Shards.Self())) }
	l, err := s.World.Network.Listen(m.takeFrom(0).(env.Address), roomy(), d)
	s.Must(err)
	s.World.Shards.Send(0, "listening")
	m.takeFrom(0)
	s.until("the connections to end", func() bool { return len(d.ended) == len(d.opened) })
	l.Close()
}

// ownsFile writes a file, lends it to shard 1, and reads its bytes from a
// connection to it.
func ownsFile(s *Scene) {
	m := s.mailbox()
	content := pattern(11, 3<<20)
	f := s.file("lent", content)
	d := s.door()
	c, err := s.World.Network.Dial(s.T, m.takeFrom(1).(env.Address), roomy(), d, s.deadline())
	s.Must(err)
	s.World.Shards.Send(1, f)
	d.received(content)
	s.World.Shards.Send(1, "received")
	m.takeFrom(1)
	s.close(f)
	c.Close()
	d.awaitEnd(c)
}

func sendsRange(s *Scene) {
	m := s.mailbox()
	p := s.listen(roomy())
	s.World.Shards.Send(0, p.listener.Address())
	c := p.server.awaitOpened(1)
	f := m.takeFrom(0).(env.File)
	length := int64(3 << 20)
	c.Send([]env.Chunk{{Bytes: framed(zeros(int(length)))[:4]}, {File: f, Length: length}})
	m.takeFrom(0)
	s.World.Shards.Send(0, "given back")
	s.closedOrReset(p.server.awaitEnd(c))
	p.listener.Close()
}
