package network

import (
	"encoding/binary"

	"odradek/core/env"
)

// arrivals is what the kernel holds for the program.
type arrivals struct {
	list  []segment
	first int
	taken int // of the first segment
}

func (a *arrivals) len() int { return len(a.list) - a.first }

func (a *arrivals) add(g segment) { a.list = append(a.list, g) }

// read takes bytes into p, stopping at the end of what there is.
func (a *arrivals) read(p []byte, buffers *bufferPool) (n int) {
	for n < len(p) && a.len() > 0 {
		g := &a.list[a.first]
		if g.mark != none {
			break
		}
		m := copy(p[n:], g.data[a.taken:])
		n += m
		a.taken += m
		if a.taken == len(g.data) {
			a.pop(buffers)
		}
	}
	return n
}

// atEnd reports whether the stream's clean end is next.
func (a *arrivals) atEnd() bool { return a.len() > 0 && a.list[a.first].mark == fin }

func (a *arrivals) pop(buffers *bufferPool) {
	buffers.give(a.list[a.first].data)
	a.list[a.first] = segment{}
	a.first++
	a.taken = 0
	if a.first == len(a.list) {
		a.list, a.first = a.list[:0], 0
	}
}

func (a *arrivals) drop(buffers *bufferPool) {
	for a.len() > 0 {
		a.pop(buffers)
	}
}

// lengthSize is the length before each frame.
const lengthSize = 4

// partial is a frame that is coming in:
//
//	byte 0..3   length, big-endian, then length bytes
type partial struct {
	head   [lengthSize]byte
	known  int // bytes of head
	frame  *held
	filled int
}

func (p *partial) drop() {
	if p.frame != nil {
		p.frame.frame.Release()
	}
	*p = partial{}
}

// mayTake reports whether the program lets frames in.
func (e *endpoint) mayTake() bool {
	if e.paused {
		return false
	}
	if e.unsent > int64(e.options.UnsentBytesMax) {
		e.heldByUnsent = true
		return false
	}
	return true
}

// takeFrame takes bytes until a frame is whole, and delivers it. It reports
// whether it is worth trying again.
func (e *endpoint) takeFrame() bool {
	p := &e.frame
	if p.known < lengthSize {
		p.known += e.take(p.head[p.known:])
		if p.known < lengthSize {
			return e.seeEnd()
		}
	}
	if p.frame == nil && !e.admit(int(int32(binary.BigEndian.Uint32(p.head[:])))) {
		return false
	}
	payload := p.frame.frame.Payload
	p.filled += e.take(payload[p.filled:])
	if p.filled < len(payload) {
		return e.seeEnd()
	}
	whole := &p.frame.frame
	*p = partial{}
	e.door.Received(e, whole)
	return true
}

// take reads arrived bytes; the sender's window opens by them.
func (e *endpoint) take(p []byte) int {
	n := e.arrivals.read(p, &e.network().buffers)
	e.peer.out.taken(n)
	return n
}

// seeEnd ends the connection if the stream has ended.
func (e *endpoint) seeEnd() bool {
	if e.arrivals.atEnd() {
		e.say(fin)
		e.end(nil)
	}
	return false
}

// admit makes room for a frame of a length, or holds the connection until there
// is, or ends it if the length is out of bounds.
func (e *endpoint) admit(length int) bool {
	if length < 0 || length > e.options.FrameBytesMax {
		e.say(rst)
		e.end(env.ErrFrameTooLarge)
		return false
	}
	s := e.stack
	most := e.options.BufferedBytesMax
	if most > 0 && s.buffered > 0 && s.buffered+int64(length) > most ||
		len(s.waiting) > 0 && s.waiting[0] != e {
		s.wait(e)
		return false
	}
	s.unwait(e)
	e.frame.frame = s.frames.take(length, s)
	s.buffered += int64(length)
	return true
}

// wait holds a connection until frames are released; the one that has waited
// longest is let in first.
func (s *Stack) wait(e *endpoint) {
	if !e.heldByBytes {
		e.heldByBytes = true
		s.waiting = append(s.waiting, e)
	}
}

func (s *Stack) unwait(e *endpoint) {
	if !e.heldByBytes {
		return
	}
	e.heldByBytes = false
	for i, w := range s.waiting {
		if w == e {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			break
		}
	}
	s.wakeWaiting()
}

func (s *Stack) wakeWaiting() {
	if len(s.waiting) > 0 {
		s.waiting[0].post()
	}
}

// held is a frame in a pooled buffer that counts against its shard's limit.
type held struct {
	frame  env.Frame
	stack  *Stack
	length int
	buffer []byte
}

// poison is what a released frame's buffer is filled with, so that a program
// that reads it later reads nonsense.
const poison = 0xDB

func spoil(p []byte) {
	if len(p) == 0 {
		return
	}
	p[0] = poison
	for done := 1; done < len(p); done *= 2 {
		copy(p[done:], p[:done])
	}
}

// Recycle takes a frame back.
func (h *held) Recycle(*env.Frame) {
	spoil(h.buffer[:h.length])
	s := h.stack
	s.buffered -= int64(h.length)
	s.frames.give(h)
	s.wakeWaiting()
}

// framePool keeps frames with their buffers, by the power of two of their size.
type framePool struct{ free [33][]*held }

func (p *framePool) take(length int, s *Stack) *held {
	class := classOf(length)
	list := p.free[class]
	n := len(list)
	if n == 0 {
		h := &held{stack: s, length: length, buffer: make([]byte, 1<<class)}
		h.frame = *env.NewFrame(h.buffer[:length], h)
		return h
	}
	h := list[n-1]
	list[n-1] = nil
	p.free[class] = list[:n-1]
	h.length = length
	h.frame.Renew(h.buffer[:length])
	return h
}

func (p *framePool) give(h *held) {
	class := classOf(h.length)
	if len(p.free[class]) < keptBuffersMax {
		p.free[class] = append(p.free[class], h)
	}
}
