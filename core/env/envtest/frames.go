package envtest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"odradek/core/env"
)

// frameCases are about cutting a stream into frames.
func frameCases() []Case {
	return slices.Concat(pieceCases(), wholeCases(), lengthCases(), ownerCases())
}

// pieceCases are about frames that come in pieces.
func pieceCases() []Case {
	return []Case{
		one("one frame", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "hello")
			p.server.received("hello")
			p.done()
		}),
		one("frames both ways", func(s *Scene) {
			p := s.connect(roomy())
			p.server.onFrame = func(c env.Conn, payload []byte) { send(c, "re: "+string(payload)) }
			send(p.dialled, "a", "b")
			p.client.received("re: a", "re: b")
			p.done()
		}),
		one("an empty frame", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, "", "x", "", "")
			p.server.received("", "x", "", "")
			p.done()
		}),
		one("a frame byte by byte", func(s *Scene) {
			p := s.connect(roomy())
			for _, b := range framed("byte by byte") {
				sendRaw(p.dialled, b)
			}
			p.server.received("byte by byte")
			p.done()
		}),
		one("a frame byte by byte over time", func(s *Scene) {
			p := s.connect(roomy())
			for _, b := range framed("slowly") {
				sendRaw(p.dialled, b)
				s.T.Sleep(200 * time.Microsecond)
			}
			p.server.received("slowly")
			p.done()
		}),
		one("a frame in two chunks of one send", func(s *Scene) {
			p := s.connect(roomy())
			whole := framed("in two chunks")
			p.dialled.Send([]env.Chunk{{Bytes: whole[:7]}, {Bytes: whole[7:]}})
			p.server.received("in two chunks")
			p.done()
		}),
		one("several frames in one chunk", func(s *Scene) {
			p := s.connect(roomy())
			var all []byte
			for _, payload := range []string{"one", "two", "", "three"} {
				all = append(all, framed(payload)...)
			}
			p.dialled.Send([]env.Chunk{{Bytes: all}})
			p.server.received("one", "two", "", "three")
			p.done()
		}),
		one("frames cut at every place", cutEverywhere),
	}
}

// wholeCases are about frames in order.
func wholeCases() []Case {
	return []Case{
		one("empty sends", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Send(nil)
			p.dialled.Send([]env.Chunk{{}})
			p.dialled.Send([]env.Chunk{{Bytes: []byte{}}, {Bytes: framed("x")}, {}})
			p.server.received("x")
			p.done()
		}),
		one("the sender keeps its bytes", func(s *Scene) {
			p := s.connect(roomy())
			raw := framed("unchanged")
			p.dialled.Send([]env.Chunk{{Bytes: raw}})
			copy(raw[4:], "CHANGED!!")
			p.server.received("unchanged")
			p.done()
		}),
		one("frames of every size in order", func(s *Scene) {
			p := s.connect(roomy())
			var want []string
			for _, size := range []int{1, 3, 4, 5, 1023, 1024, 1448, 4096, 16384, 65535, 65536, 200000} {
				want = append(want, pattern(size, size))
			}
			send(p.dialled, want...)
			p.server.received(want...)
			p.done()
		}),
		one("a frame much larger than a socket's buffer", func(s *Scene) {
			p := s.connect(roomy())
			send(p.dialled, pattern(1, 8<<20), "after")
			p.server.received(pattern(1, 8<<20), "after")
			p.done()
		}),
		one("many frames in order", func(s *Scene) {
			p := s.connect(roomy())
			for i := range 5000 {
				send(p.dialled, fmt.Sprint(i))
			}
			p.server.awaitFrames(5000)
			for i, got := range p.server.frames {
				s.That(got == fmt.Sprint(i), "frame %d is %q", i, got)
			}
			p.done()
		}),
	}
}

// lengthCases are about lengths out of bounds.
func lengthCases() []Case {
	return []Case{
		one("a frame of the largest length", func(s *Scene) {
			options := roomy()
			options.FrameBytesMax = 1000
			p := s.connect(options)
			send(p.dialled, pattern(1, 1000), "next")
			p.server.received(pattern(1, 1000), "next")
			p.done()
		}),
		one("a frame over the largest length", func(s *Scene) {
			options := roomy()
			options.FrameBytesMax = 1000
			p := s.connect(options)
			send(p.dialled, "before", pattern(1, 1001))
			s.Want(p.server.awaitEnd(p.accepted), env.ErrFrameTooLarge)
			p.server.received("before")
			s.closedOrReset(p.client.awaitEnd(p.dialled))
			p.done()
		}),
		one("a length of 2 GiB", func(s *Scene) { badLength(s, 0x7fffffff) }),
		one("a negative length", func(s *Scene) { badLength(s, 0xffffffff) }),
		one("the most negative length", func(s *Scene) { badLength(s, 0x80000000) }),
		one("text of another protocol", func(s *Scene) {
			p := s.connect(roomy())
			p.dialled.Send([]env.Chunk{{Bytes: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}})
			s.Want(p.server.awaitEnd(p.accepted), env.ErrFrameTooLarge)
			s.closedOrReset(p.client.awaitEnd(p.dialled))
			p.done()
		}),
	}
}

// ownerCases are about who owns what.
func ownerCases() []Case {
	return []Case{
		one("other connections outlive a bad frame", func(s *Scene) {
			p := s.connect(roomy())
			other := p.dial()
			p.server.awaitOpened(2)
			sendRaw(p.dialled, 0xff, 0xff, 0xff, 0xff)
			s.Want(p.server.awaitEnd(p.accepted), env.ErrFrameTooLarge)
			send(other, "still here")
			p.server.received("still here")
			other.Close()
			p.client.awaitEnd(other)
			p.done()
		}),
		one("the receiver may write to a frame", func(s *Scene) {
			p := s.connect(roomy())
			p.server.onFrame = func(c env.Conn, payload []byte) {
				copy(payload, "CHANGED")
				send(c, string(payload))
			}
			send(p.dialled, "changed", "changed too")
			p.client.received("CHANGED", "CHANGED too")
			p.done()
		}),
		one("held frames keep their bytes", heldFrames),
		one("a frame with two holders", func(s *Scene) {
			p := s.connect(roomy())
			p.server.hold = true
			send(p.dialled, "first")
			p.server.awaitFrames(1)
			f := p.server.held[0]
			f.Retain()
			f.Release()
			send(p.dialled, "SECOND", "THIRD")
			p.server.awaitFrames(3)
			s.That(string(f.Payload) == "first", "the frame became %q", f.Payload)
			for _, f := range p.server.held {
				f.Release()
			}
			p.done()
		}),
	}
}

func badLength(s *Scene, length uint32) {
	p := s.connect(roomy())
	sendRaw(p.dialled, binary.BigEndian.AppendUint32(nil, length)...)
	s.Want(p.server.awaitEnd(p.accepted), env.ErrFrameTooLarge)
	s.That(len(p.server.frames) == 0, "a frame came in")
	s.closedOrReset(p.client.awaitEnd(p.dialled))
	p.done()
}

// cutEverywhere sends three frames, cut in two at each place of the stream.
func cutEverywhere(s *Scene) {
	p := s.connect(roomy())
	var stream []byte
	for _, payload := range []string{"alpha", "", "omega!"} {
		stream = append(stream, framed(payload)...)
	}
	for cut := range len(stream) + 1 {
		p.dialled.Send([]env.Chunk{{Bytes: stream[:cut]}})
		s.T.Yield()
		p.dialled.Send([]env.Chunk{{Bytes: stream[cut:]}})
	}
	p.server.awaitFrames(3 * (len(stream) + 1))
	for i, got := range p.server.frames {
		want := []string{"alpha", "", "omega!"}[i%3]
		s.That(got == want, "frame %d is %q, want %q", i, got, want)
	}
	p.done()
}

// heldFrames keeps 200 frames of various sizes while others come and go.
func heldFrames(s *Scene) {
	p := s.connect(roomy())
	p.server.hold = true
	var want []string
	for i := range 200 {
		want = append(want, pattern(i, i*37))
		send(p.dialled, want[i])
	}
	p.server.awaitFrames(200)
	for i, f := range p.server.held {
		s.That(string(f.Payload) == want[i], "frame %d changed", i)
	}
	for i := 0; i < 200; i += 2 {
		p.server.held[i].Release()
	}
	send(p.dialled, want...)
	p.server.awaitFrames(400)
	for i := 1; i < 200; i += 2 {
		s.That(string(p.server.held[i].Payload) == want[i], "frame %d changed", i)
		p.server.held[i].Release()
	}
	for _, f := range p.server.held[200:] {
		f.Release()
	}
	p.done()
}
