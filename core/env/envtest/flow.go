package envtest

import (
	"fmt"
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
)

// settle gives a world the time to do what it should not do.
const settle = 20 * time.Millisecond

// limitCases are about Options and Pause.
func limitCases() []Case {
	return slices.Concat(pauseCases(), boundCases(), bufferedCases())
}

// pauseCases are about Pause.
func pauseCases() []Case {
	return []Case{
		one("a paused connection delivers nothing", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Pause(true)
			send(p.dialled, "a", "b")
			s.T.Sleep(settle)
			s.That(len(p.server.frames) == 0, "frames %q", p.server.frames)
			p.accepted.Pause(false)
			p.server.received("a", "b")
			p.done()
		}),
		one("pause inside received", func(s *Scene) {
			p := s.connect(roomy())
			p.server.onFrame = func(c env.Conn, _ []byte) { c.Pause(true) }
			send(p.dialled, "1", "2", "3")
			for count := 1; count <= 3; count++ {
				p.server.awaitFrames(count)
				s.T.Sleep(settle)
				s.That(len(p.server.frames) == count, "frames %q", p.server.frames)
				p.accepted.Pause(false)
			}
			p.done()
		}),
		one("pause and resume in one turn", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "a")
			p.accepted.Pause(true)
			p.accepted.Pause(false)
			p.accepted.Pause(false)
			p.server.received("a")
			p.done()
		}),
		one("a paused connection still sends", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Pause(true)
			send(p.accepted, "down")
			p.client.received("down")
			p.done()
		}),
		one("a paused connection holds only itself up", func(s *Scene) {
			p := s.connect(roomy())
			other := p.dial()
			p.server.awaitOpened(2)
			p.accepted.Pause(true)
			send(p.dialled, "waits")
			send(other, "passes")
			p.server.received("passes")
			p.accepted.Pause(false)
			p.server.received("passes", "waits")
			other.Close()
			p.client.awaitEnd(other)
			p.done()
		}),
	}
}

// boundCases are about the bounds of connections.
func boundCases() []Case {
	return []Case{
		one("a sender is held up by a receiver that pauses", func(s *Scene) {
			p := s.connect(roomy())
			p.accepted.Pause(true)
			send(p.dialled, pattern(1, 12<<20))
			s.T.Sleep(settle)
			s.That(p.dialled.Unsent() > 0, "12 MiB left for a receiver that doesn't read")
			p.accepted.Pause(false)
			p.server.received(pattern(1, 12<<20))
			s.until("everything to leave", func() bool { return p.dialled.Unsent() == 0 })
			p.done()
		}),
		one("a client that doesn't read gets no further frames in", unreadAnswers),
		one("a connection limit", func(s *Scene) {
			s.World.Network.LimitConnections(env.ConnectionLimits{Max: 2, PerHostMax: 100})
			p := s.connect(roomy())
			second := p.dial()
			p.server.awaitOpened(2)
			third := p.dial()
			s.closedOrReset(p.client.awaitEnd(third))
			send(p.dialled, "a")
			send(second, "b")
			p.server.awaitFrames(2)
			s.That(len(p.server.opened) == 2, "%d opened", len(p.server.opened))
			second.Close()
			s.Must(p.server.awaitEnd(p.server.opened[1]))
			fourth := p.dial()
			send(fourth, "c")
			p.server.awaitFrames(3)
			fourth.Close()
			p.client.awaitEnd(fourth)
			p.done()
		}),
		one("a connection limit for one host, and one that changes", changedLimits),
	}
}

// changedLimits lowers and raises limits under connections that are open. All of
// them come from this host.
func changedLimits(s *Scene) {
	limit := func(all, perHost int) {
		s.World.Network.LimitConnections(env.ConnectionLimits{Max: all, PerHostMax: perHost})
	}
	limit(100, 2)
	p := s.connect(roomy())
	second := p.dial()
	p.server.awaitOpened(2)
	s.closedOrReset(p.client.awaitEnd(p.dial()))
	limit(100, 3)
	third := p.dial()
	p.server.awaitOpened(3)
	limit(1, 100) // those that are open stay
	s.closedOrReset(p.client.awaitEnd(p.dial()))
	for _, c := range []env.Conn{p.dialled, second, third} {
		send(c, "a")
	}
	p.server.awaitFrames(3)
	second.Close()
	third.Close()
	s.Must(p.server.awaitEnd(p.server.opened[1]))
	s.Must(p.server.awaitEnd(p.server.opened[2]))
	s.closedOrReset(p.client.awaitEnd(p.dial())) // one is left, and one is the limit
	limit(2, 100)
	fourth := p.dial()
	send(fourth, "b")
	p.server.awaitFrames(4)
	fourth.Close()
	p.client.awaitEnd(fourth)
	p.done()
}

// bufferedCases are about the bound of buffered bytes.
func bufferedCases() []Case {
	return []Case{
		one("a limit of buffered bytes", bufferedBytes),
		one("one frame over the limit of buffered bytes is let in", func(s *Scene) {
			options := roomy()
			options.BufferedBytesMax = 1000
			p := s.connect(options)
			send(p.dialled, pattern(1, 5000), "next")
			p.server.received(pattern(1, 5000), "next")
			p.done()
		}),
		one("a half received frame holds its bytes", func(s *Scene) {
			options := roomy()
			options.BufferedBytesMax = 1000
			p := s.connect(options)
			whole := framed(pattern(1, 900))
			p.dialled.Send([]env.Chunk{{Bytes: whole[:500]}})
			s.T.Sleep(settle)
			other := p.dial()
			send(other, pattern(2, 900))
			p.dialled.Send([]env.Chunk{{Bytes: whole[500:]}})
			p.server.awaitFrames(2)
			slices.Sort(p.server.frames)
			want := []string{pattern(1, 900), pattern(2, 900)}
			slices.Sort(want)
			s.That(slices.Equal(p.server.frames, want), "other frames")
			other.Close()
			p.client.awaitEnd(other)
			p.done()
		}),
		one("a connection that ends gives its buffered bytes back", func(s *Scene) {
			options := roomy()
			options.BufferedBytesMax = 1000
			p := s.connect(options)
			p.dialled.Send([]env.Chunk{{Bytes: framed(pattern(1, 900))[:500]}})
			s.T.Sleep(settle)
			p.dialled.Close()
			s.closedOrReset(p.server.awaitEnd(p.accepted))
			other := p.dial()
			send(other, pattern(2, 900))
			p.server.received(pattern(2, 900))
			other.Close()
			p.client.awaitEnd(other)
			p.done()
		}),
	}
}

// unreadAnswers has a client that asks and never reads: once more than
// UnsentBytesMax waits for it, no further question is delivered.
func unreadAnswers(s *Scene) {
	options := roomy()
	options.UnsentBytesMax = 1 << 20
	p := s.connect(options)
	answer := pattern(9, 512<<10)
	p.server.onFrame = func(c env.Conn, _ []byte) { send(c, answer) }
	p.dialled.Pause(true)
	const questions = 100
	for range questions {
		send(p.dialled, "question")
	}
	s.until("answers to pile up", func() bool { return p.accepted.Unsent() > 1<<20 })
	asked := s.settled(func() int { return len(p.server.frames) })
	s.T.Sleep(settle)
	s.That(asked < questions, "all questions were delivered to a client that doesn't read")
	s.That(len(p.server.frames) == asked, "questions are still delivered")
	s.That(p.accepted.Unsent() <= 1<<20+int64(len(answer))+4, "%d bytes wait", p.accepted.Unsent())
	p.dialled.Pause(false)
	p.client.awaitFrames(questions)
	s.That(p.client.frames[questions-1] == answer, "the last answer is another")
	p.done()
}

// settled waits until a count has stood still for a while: on a busy machine the
// kernel may still be filling its buffers.
func (s *Scene) settled(count func() int) int {
	for {
		before := count()
		s.T.Sleep(5 * settle)
		if count() == before {
			return before
		}
	}
}

// bufferedBytes has five connections bring 600 bytes each to a shard that
// buffers 1000 and releases nothing until told: one frame is in, a second may
// be, since a world may look at the bound before it reads or after.
func bufferedBytes(s *Scene) {
	options := roomy()
	options.BufferedBytesMax = 1000
	p := s.listen(options)
	p.server.hold = true
	var all []env.Conn
	for i := range 5 {
		c := p.dial()
		all = append(all, c)
		send(c, pattern(i, 600))
	}
	for got := 1; got <= 5; got++ {
		s.until("a frame", func() bool { return len(p.server.frames) >= got })
		s.T.Sleep(settle)
		held := len(p.server.held)
		s.That(held == 1 || held == 2, "%d frames of 600 bytes held within 1000", held)
		p.server.release()
	}
	for _, c := range all {
		send(c, "after")
	}
	p.server.awaitFrames(10)
	for len(p.server.held) > 0 {
		p.server.release()
	}
	for _, c := range all {
		c.Close()
		p.client.awaitEnd(c)
	}
	p.listener.Close()
}

// sendCases are about Unsent.
func sendCases() []Case {
	return []Case{
		one("everything leaves in the end", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "x", pattern(1, 100000))
			p.server.awaitFrames(2)
			s.until("unsent bytes to leave", func() bool { return p.dialled.Unsent() == 0 })
			p.done()
		}),
		one("unsent counts file ranges", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", pattern(1, 1<<20))
			p.accepted.Pause(true)
			for range 12 {
				p.dialled.Send([]env.Chunk{
					{Bytes: framed(zeros(1 << 20))[:4]},
					{File: f, Position: 0, Length: 1 << 20},
				})
			}
			s.T.Sleep(settle)
			s.That(p.dialled.Unsent() > 0, "12 MiB of ranges left for a receiver that doesn't read")
			p.accepted.Pause(false)
			p.server.awaitFrames(12)
			s.until("unsent bytes to leave", func() bool { return p.dialled.Unsent() == 0 })
			s.close(f)
			p.done()
		}),
		one("answers and questions cross", func(s *Scene) {
			p := s.connect(roomy())
			for i := range 200 {
				send(p.dialled, fmt.Sprint("up ", i))
				send(p.accepted, fmt.Sprint("down ", i))
			}
			p.server.awaitFrames(200)
			p.client.awaitFrames(200)
			s.That(p.server.frames[199] == "up 199" && p.client.frames[199] == "down 199", "order")
			p.done()
		}),
	}
}

// rangeCases are about file ranges among the bytes.
func rangeCases() []Case {
	return slices.Concat(mixCases(), outliveCases(), lostRangeCases())
}

// mixCases are about ranges among bytes.
func mixCases() []Case {
	return []Case{
		one("a frame of a file range", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", "0123456789")
			p.dialled.Send([]env.Chunk{{Bytes: framed("xxxx")[:4]}, {File: f, Position: 3, Length: 4}})
			p.server.received("3456")
			s.close(f)
			p.done()
		}),
		one("ranges and bytes mixed", func(s *Scene) {
			p := s.connect(roomy())
			f, g := s.file("a", "aaaabbbb"), s.file("b", "ccccdddd")
			p.dialled.Send([]env.Chunk{
				{Bytes: framed(zeros(22))[:4]}, {Bytes: []byte("<")}, {File: f, Position: 2, Length: 4},
				{Bytes: []byte("><")}, {File: g, Position: 0, Length: 8}, {Bytes: []byte(">")},
				{File: f, Position: 0, Length: 2}, {File: g, Position: 4, Length: 4},
			})
			send(p.dialled, "next")
			p.server.received("<aabb><ccccdddd>aadddd", "next")
			s.close(f, g)
			p.done()
		}),
		one("an empty range", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", "abc")
			p.dialled.Send([]env.Chunk{
				{File: f, Position: 1, Length: 0}, {Bytes: framed("x")}, {File: f, Position: 3, Length: 0},
			})
			p.server.received("x")
			s.close(f)
			p.done()
		}),
		one("a large range", func(s *Scene) {
			p := s.connect(roomy())
			content := pattern(5, 7<<20+123)
			f := s.file("a", content)
			p.dialled.Send([]env.Chunk{
				{Bytes: framed(content)[:4]}, {File: f, Length: int64(len(content))},
			})
			p.server.received(content)
			s.close(f)
			p.done()
		}),
	}
}

// outliveCases are about ranges and the lives of their files.
func outliveCases() []Case {
	return []Case{
		one("many ranges of one file", func(s *Scene) {
			p := s.connect(roomy())
			content := pattern(6, 100000)
			f := s.file("a", content)
			var want []string
			for i := range 300 {
				at, length := i*331, 1+i
				want = append(want, content[at:at+length])
				p.dialled.Send([]env.Chunk{
					{Bytes: framed(want[i])[:4]},
					{File: f, Position: kafka.Position(at), Length: int64(length)},
				})
			}
			p.server.received(want...)
			s.close(f)
			p.done()
		}),
		one("a queued range outlives close and remove of its file", func(s *Scene) {
			p := s.connect(roomy())
			content := pattern(7, 6<<20)
			f := s.file("a", content)
			p.accepted.Pause(true)
			p.dialled.Send([]env.Chunk{
				{Bytes: framed(content)[:4]}, {File: f, Length: int64(len(content))},
			})
			s.close(f)
			s.Must(s.disk().Remove("a"))
			p.accepted.Pause(false)
			p.server.received(content)
			p.done()
		}),
		one("a range of a file that was renamed", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", "moved bytes")
			p.dialled.Send([]env.Chunk{{Bytes: framed(zeros(11))[:4]}, {File: f, Length: 11}})
			s.Must(s.disk().Rename("a", "b"))
			p.server.received("moved bytes")
			s.close(f)
			p.done()
		}),
	}
}

// lostRangeCases are about ranges that never leave.
func lostRangeCases() []Case {
	return []Case{
		one("a range past the end of its file ends the connection", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", "short")
			send(p.dialled, "before")
			p.dialled.Send([]env.Chunk{{Bytes: framed(zeros(10))[:4]}, {File: f, Length: 10}})
			s.That(p.client.awaitEnd(p.dialled) != nil, "a clean end")
			s.closedOrReset(p.server.awaitEnd(p.accepted))
			s.That(len(p.server.frames) <= 1, "a frame that can't be: %q", p.server.frames)
			s.close(f)
			p.done()
		}),
		one("a closed connection gives its ranges up", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", pattern(8, 8<<20))
			p.accepted.Pause(true)
			p.dialled.Send([]env.Chunk{
				{Bytes: framed(zeros(8 << 20))[:4]}, {File: f, Length: 8 << 20},
			})
			p.dialled.Close()
			p.client.awaitEnd(p.dialled)
			s.Must(f.Truncate(0))
			s.close(f)
			p.done()
		}),
		one("a range sent after close is not kept", func(s *Scene) {
			p := s.connect(roomy())
			f := s.file("a", "abc")
			p.dialled.Close()
			p.dialled.Send([]env.Chunk{{File: f, Length: 3}})
			p.client.awaitEnd(p.dialled)
			s.Must(f.Truncate(0))
			s.close(f)
			p.done()
		}),
	}
}
