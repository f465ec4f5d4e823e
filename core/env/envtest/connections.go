package envtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
)

// connectCases are about listening, dialling and what connections know.
func connectCases() []Case {
	return slices.Concat(listenCases(), dialCases(), stateCases(), crowdCases())
}

// listenCases are about listening and addresses.
func listenCases() []Case {
	return []Case{
		one("a listener knows its port", func(s *Scene) {
			p := s.listen(roomy())
			at := string(p.listener.Address())
			s.That(strings.HasPrefix(at, "127.0.0.1:") && !strings.HasSuffix(at, ":0"), "at %s", at)
			p.listener.Close()
		}),
		one("two listeners have two ports", func(s *Scene) {
			p, q := s.listen(roomy()), s.listen(roomy())
			s.That(p.listener.Address() != q.listener.Address(), "both %s", p.listener.Address())
			p.listener.Close()
			q.listener.Close()
		}),
		one("each listener has its own door", func(s *Scene) {
			p, q := s.connect(roomy()), s.connect(roomy())
			send(p.dialled, "to p")
			send(q.dialled, "to q")
			p.server.received("to p")
			q.server.received("to q")
			p.done()
			q.done()
		}),
		one("addresses of a connection", func(s *Scene) {
			p := s.connect(roomy())
			s.That(p.accepted.Local() == p.listener.Address(), "local %s", p.accepted.Local())
			s.That(p.dialled.Remote() == p.listener.Address(), "remote %s", p.dialled.Remote())
			remote := string(p.accepted.Remote())
			s.That(strings.HasPrefix(remote, "127.0.0.1:"), "remote of the accepted one: %s", remote)
			p.done()
		}),
	}
}

// dialCases are about dialling.
func dialCases() []Case {
	return []Case{
		one("dial where nobody listens", func(s *Scene) {
			p := s.listen(roomy())
			at := p.listener.Address()
			p.listener.Close()
			s.T.Sleep(time.Millisecond)
			_, err := s.World.Network.Dial(s.T, at, roomy(), p.client, s.deadline())
			s.Want(err, env.ErrRefused)
		}),
		one("dial with a deadline that has passed", func(s *Scene) {
			p := s.listen(roomy())
			_, err := s.World.Network.Dial(s.T, p.listener.Address(), roomy(), p.client, s.T.Now())
			s.Want(err, env.ErrTimedOut)
			p.listener.Close()
		}),
		one("a closed listener leaves its connections", func(s *Scene) {
			p := s.connect(roomy())
			p.listener.Close()
			send(p.dialled, "still open")
			p.server.received("still open")
			p.done()
		}),
		one("a port can be used again", func(s *Scene) {
			p := s.listen(roomy())
			at := p.listener.Address()
			p.listener.Close()
			s.T.Sleep(time.Millisecond)
			l, err := s.World.Network.Listen(at, roomy(), p.server)
			s.Must(err)
			s.That(l.Address() == at, "at %s, want %s", l.Address(), at)
			c := p.dial()
			send(c, "again")
			p.server.received("again")
			c.Close()
			p.client.awaitEnd(c)
			l.Close()
		}),
	}
}

// stateCases are about what a connection knows.
func stateCases() []Case {
	return []Case{
		one("closing a listener twice is harmless", func(s *Scene) {
			p := s.listen(roomy())
			p.listener.Close()
			p.listener.Close()
		}),
		one("attached state", func(s *Scene) {
			p := s.connect(roomy())
			s.That(p.dialled.Attached() == nil, "something was attached")
			p.accepted.Attach("state")
			p.dialled.Attach(42)
			s.That(p.accepted.Attached() == "state" && p.dialled.Attached() == 42, "other state")
			send(p.dialled, "x")
			p.server.received("x")
			s.That(p.accepted.Attached() == "state", "the state got lost")
			p.done()
		}),
		one("state attached on opening is there with the first frame", func(s *Scene) {
			p := s.listen(roomy())
			var seen any
			p.server.onOpen = func(c env.Conn) { c.Attach("mine") }
			p.server.onFrame = func(c env.Conn, _ []byte) { seen = c.Attached() }
			p.dialled = p.dial()
			send(p.dialled, "x")
			p.server.received("x")
			s.That(seen == "mine", "attached %v", seen)
			p.accepted = p.server.awaitOpened(1)
			p.done()
		}),
		one("bytes sent on opening", func(s *Scene) {
			p := s.listen(roomy())
			p.server.onOpen = func(c env.Conn) { send(c, "welcome") }
			p.dialled = p.dial()
			p.client.received("welcome")
			p.accepted = p.server.awaitOpened(1)
			p.done()
		}),
	}
}

// crowdCases are about many connections.
func crowdCases() []Case {
	return []Case{
		one("many connections", manyConnections),
		one("connections come and go", func(s *Scene) {
			p := s.listen(roomy())
			for i := range 50 {
				c := p.dial()
				send(c, fmt.Sprint(i))
				p.server.awaitFrames(i + 1)
				c.Close()
				s.closedOrReset(p.server.awaitEnd(p.server.awaitOpened(i + 1)))
			}
			p.listener.Close()
		}),
		one("two tasks dial at once", func(s *Scene) {
			p := s.listen(roomy())
			var dialled []env.Conn
			for range 5 {
				s.World.Loop.Spawn("dialler", func(t *taskOf) {
					c, err := s.World.Network.Dial(t, p.listener.Address(), roomy(), p.client, kafka.Never)
					if err == nil {
						dialled = append(dialled, c)
					}
				})
			}
			s.until("five connections", func() bool { return len(dialled) == 5 })
			for _, c := range dialled {
				c.Close()
				p.client.awaitEnd(c)
			}
			p.listener.Close()
		}),
	}
}

// manyConnections keeps 100 connections open and talks over all of them.
func manyConnections(s *Scene) {
	p := s.listen(roomy())
	p.server.onFrame = func(c env.Conn, payload []byte) { send(c, string(payload)+"!") }
	var all []env.Conn
	for range 100 {
		all = append(all, p.dial())
	}
	answers := map[env.Conn]string{}
	p.client.onFrame = func(c env.Conn, payload []byte) { answers[c] += string(payload) }
	for round := range 3 {
		for i, c := range all {
			send(c, fmt.Sprintf("%d.%d", i, round))
		}
	}
	p.client.awaitFrames(300)
	for i, c := range all {
		want := fmt.Sprintf("%d.0!%d.1!%d.2!", i, i, i)
		s.That(answers[c] == want, "answers %q, want %q", answers[c], want)
		c.Close()
	}
	for _, c := range all {
		p.client.awaitEnd(c)
	}
	s.until("the server to see all ends", func() bool { return len(p.server.ended) == 100 })
	p.listener.Close()
}

// closeCases are about the ends of connections.
func closeCases() []Case {
	return slices.Concat(endCases(), flushCases(), lateCases())
}

// endCases are about Close.
func endCases() []Case {
	return []Case{
		one("close tells both sides", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Close()
			s.Want(p.client.awaitEnd(p.dialled), env.ErrClosed)
			s.Must(p.server.awaitEnd(p.accepted))
			p.done()
		}),
		one("the accepting side closes", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Close()
			s.Want(p.server.awaitEnd(p.accepted), env.ErrClosed)
			s.Must(p.client.awaitEnd(p.dialled))
			p.done()
		}),
		one("closing twice is harmless", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Close()
			p.dialled.Close()
			p.dialled.CloseAfterSend()
			s.Want(p.client.awaitEnd(p.dialled), env.ErrClosed)
			p.dialled.Close()
			p.done()
		}),
		one("close is not answered from inside", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Close()
			s.That(len(p.client.ended) == 0, "Closed was called by Close")
			p.client.awaitEnd(p.dialled)
			p.done()
		}),
		one("send after close does nothing", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Close()
			send(p.dialled, "too late")
			p.client.awaitEnd(p.dialled)
			send(p.dialled, "later still")
			s.Must(p.server.awaitEnd(p.accepted))
			s.That(len(p.server.frames) == 0, "frames %q", p.server.frames)
			p.done()
		}),
	}
}

// flushCases are about what is delivered before an end.
func flushCases() []Case {
	return []Case{
		one("no frame is delivered after close", func(s *Scene) {
			p := s.connect(roomy())
			p.server.onFrame = func(c env.Conn, _ []byte) { c.Close() }
			send(p.dialled, "one", "two", "three")
			s.Want(p.server.awaitEnd(p.accepted), env.ErrClosed)
			s.That(joined(p.server.frames) == "one", "frames %q", p.server.frames)
			p.done()
		}),
		one("frames come before a clean end", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "a", "b", "c")
			p.dialled.CloseAfterSend()
			s.Must(p.server.awaitEnd(p.accepted))
			s.That(joined(p.server.frames) == "a|b|c", "frames %q", p.server.frames)
			p.done()
		}),
		one("close after send flushes much", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, pattern(1, 6<<20), "last")
			p.dialled.CloseAfterSend()
			p.server.received(pattern(1, 6<<20), "last")
			s.Must(p.server.awaitEnd(p.accepted))
			s.Want(p.client.awaitEnd(p.dialled), env.ErrClosed)
			p.done()
		}),
		one("close after send with nothing to send", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.CloseAfterSend()
			s.Want(p.client.awaitEnd(p.dialled), env.ErrClosed)
			s.Must(p.server.awaitEnd(p.accepted))
			p.done()
		}),
	}
}

// lateCases are about ends that cross others.
func lateCases() []Case {
	return []Case{
		one("send after close after send does nothing", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "kept")
			p.dialled.CloseAfterSend()
			send(p.dialled, "dropped")
			s.Must(p.server.awaitEnd(p.accepted))
			s.That(joined(p.server.frames) == "kept", "frames %q", p.server.frames)
			p.done()
		}),
		one("a close of the peer ends what waits to leave", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Pause(true)
			send(p.dialled, pattern(1, 8<<20))
			s.T.Sleep(time.Millisecond)
			p.accepted.Close()
			s.closedOrReset(p.client.awaitEnd(p.dialled))
			s.That(p.dialled.Unsent() == 0, "%d bytes still wait", p.dialled.Unsent())
			p.done()
		}),
		one("an end in the middle of a frame", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Send([]env.Chunk{{Bytes: framed("whole")}, {Bytes: framed("cut off")[:6]}})
			p.dialled.CloseAfterSend()
			s.closedOrReset(p.server.awaitEnd(p.accepted))
			s.That(joined(p.server.frames) == "whole", "frames %q", p.server.frames)
			p.done()
		}),
		one("both sides close at once", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Close()
			p.accepted.Close()
			s.Want(p.client.awaitEnd(p.dialled), env.ErrClosed)
			s.Want(p.server.awaitEnd(p.accepted), env.ErrClosed)
			p.done()
		}),
		one("close inside opened", func(s *Scene) {
			p := s.listen(roomy())
			p.server.onOpen = func(c env.Conn) { c.Close() }
			p.dialled = p.dial()
			s.closedOrReset(p.client.awaitEnd(p.dialled))
			p.accepted = p.server.awaitOpened(1)
			p.done()
		}),
		one("a closed connection keeps its addresses and state", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Attach("kept")
			p.dialled.Close()
			s.Must(p.server.awaitEnd(p.accepted))
			s.That(p.accepted.Attached() == "kept", "the state is gone")
			s.That(p.accepted.Local() == p.listener.Address(), "local %s", p.accepted.Local())
			p.done()
		}),
	}
}
