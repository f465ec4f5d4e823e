package netio

import (
	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// How a connection sends.
const (
	// sendBytesPerTurnMax is about what one connection may send in a turn, and
	// allBytesPerTurnMax what all of a shard may: a few milliseconds.
	sendBytesPerTurnMax = 4 << 20
	allBytesPerTurnMax  = 16 << 20
	// vectorsMax is how many pieces leave in one system call.
	vectorsMax = 64
	// pieceBytesMin and pieceBytesMax are the sizes of the buffers that queued
	// bytes are copied to: small answers share one.
	pieceBytesMin = 2 << 10
	pieceBytesMax = 256 << 10
	// inlineRangeBytesMax: a file range up to this that is in memory is read
	// into a buffer and leaves with its neighbours: one call instead of two.
	inlineRangeBytesMax = 8 << 10
	// rangeStepBytes is how much of a file range is sent by one call.
	rangeStepBytes = 1 << 20
	// piecesKeptMax bounds how many piece structs a shard keeps for reuse.
	piecesKeptMax = 4096
)

// piece is a part of what a connection sends: bytes of a buffer, or a range of
// a pinned file.
type piece struct {
	next   *piece
	buffer buffer
	// from and to bound what is left of the buffer.
	from, to int
	file     realFile
	// position and left bound what is left of the file's range, of which sent
	// bytes have left.
	position int64
	left     int64
	sent     int64
}

// sending is the half of a connection that lets bytes out.
type sending struct {
	first, newest *piece
	// unsent is how many bytes the pieces hold.
	unsent int64
	// dirty is set while the connection is on shard.dirty.
	dirty bool
	// blocked is set while the socket is full: epoll will tell.
	blocked bool
	// warming is set while a task brings the next range into memory.
	warming bool
	// lagged is set once the socket was full while a range waited: what was in
	// memory when it was queued need not be when it leaves.
	lagged bool
}

// realFile is what a file of this machine can do and a simulated one can't. Its
// descriptor stays valid while something of it is pinned.
type realFile interface {
	env.File
	Descriptor() int
	// PinRange keeps a range readable until UnpinRange. Any shard may call them.
	PinRange(position kafka.Position, length int64)
	UnpinRange(position kafka.Position, length int64)
}

// Send queues chunks. They leave at the end of the turn.
func (c *conn) Send(chunks []env.Chunk) {
	if c.state == connEnded || c.last {
		return
	}
	for i := range chunks {
		chunk := &chunks[i]
		if chunk.File == nil {
			if !c.queueBytes(chunk.Bytes) {
				c.end(errNoMemory)
				return
			}
		} else if chunk.Length > 0 {
			c.queueRange(chunk)
		}
	}
	c.touch()
}

// Unsent is how many bytes wait to leave.
func (c *conn) Unsent() int64 { return c.unsent }

// touch has the connection flushed at the end of the turn.
func (c *conn) touch() {
	if !c.dirty && c.state != connEnded {
		c.dirty = true
		c.shard.dirty = append(c.shard.dirty, c)
	}
}

func (c *conn) queueBytes(bytes []byte) bool {
	c.unsent += int64(len(bytes))
	if p := c.newest; p != nil && p.file == nil {
		n := copy(p.buffer.bytes[p.to:], bytes)
		p.to += n
		bytes = bytes[n:]
	}
	for len(bytes) > 0 {
		b := c.shard.memory.take(min(max(len(bytes), pieceBytesMin), pieceBytesMax))
		if b.bytes == nil {
			return false
		}
		p := c.shard.takePiece()
		p.buffer = b
		p.to = copy(b.bytes, bytes)
		bytes = bytes[p.to:]
		c.push(p)
	}
	return true
}

func (c *conn) queueRange(chunk *env.Chunk) {
	file, ok := chunk.File.(realFile)
	assert.That(ok, "a real connection sends ranges of real files")
	file.PinRange(chunk.Position, chunk.Length)
	p := c.shard.takePiece()
	p.file, p.position, p.left = file, int64(chunk.Position), chunk.Length
	c.unsent += chunk.Length
	c.push(p)
}

func (c *conn) push(p *piece) {
	if c.newest == nil {
		c.first = p
	} else {
		c.newest.next = p
	}
	c.newest = p
}

// pop gives the first piece back.
func (c *conn) pop() {
	p := c.first
	c.first = p.next
	if c.first == nil {
		c.newest = nil
	}
	c.shard.givePiece(p)
}

func (s *Shard) takePiece() *piece {
	if n := len(s.pieces); n > 0 {
		p := s.pieces[n-1]
		s.pieces = s.pieces[:n-1]
		return p
	}
	return new(piece)
}

func (s *Shard) givePiece(p *piece) {
	if p.buffer.bytes != nil {
		s.memory.give(p.buffer)
	}
	if p.file != nil {
		p.unpin()
	}
	*p = piece{}
	if len(s.pieces) < piecesKeptMax {
		s.pieces = append(s.pieces, p)
	}
}

// unpin gives the file up.
func (p *piece) unpin() {
	p.file.UnpinRange(kafka.Position(p.position-p.sent), p.sent+p.left)
	p.file = nil
}

// flush sends until the queue is empty, the socket is full, or the turn's share
// is used up.
func (c *conn) flush() {
	c.dirty = false
	for budget := int64(sendBytesPerTurnMax); c.first != nil && !c.blocked && !c.warming; {
		if budget <= 0 {
			c.touch()
			break
		}
		var sent int64
		if c.first.file != nil && !c.inline(c.first) {
			sent = c.sendRange(c.first)
		} else {
			sent = c.sendPieces()
		}
		c.unsent -= sent
		budget -= sent
		c.shard.sendLeft -= sent
	}
	if c.state == connEnded {
		return
	}
	if c.first == nil {
		c.flushed()
	}
	c.reconsider()
}

// flushed is called when nothing waits to leave.
func (c *conn) flushed() {
	c.lagged = false
	if c.watched&unix.EPOLLOUT != 0 {
		c.watch(c.isReading())
	}
	if c.last {
		c.end(env.ErrClosed)
	}
}

// sendPieces sends the buffers up to the next file range, with one call.
func (c *conn) sendPieces() (sent int64) {
	s := c.shard
	count, total := 0, 0
	p := c.first
	for ; p != nil && count < vectorsMax && (p.file == nil || c.inline(p)); p = p.next {
		s.vectors[count].Base = &p.buffer.bytes[p.from]
		s.vectors[count].SetLen(p.to - p.from)
		count++
		total += p.to - p.from
	}
	flags := unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT
	if p != nil {
		flags |= unix.MSG_MORE // what follows should share the segment
	}
	var n int
	var errno unix.Errno
	if count == 1 {
		n, errno = rawSend(c.fd, c.first.buffer.bytes[c.first.from:c.first.to], flags)
	} else {
		s.message.Iov = &s.vectors[0]
		s.message.SetIovlen(count)
		n, errno = rawSendMessage(c.fd, &s.message, flags)
	}
	if !c.accepted(errno) {
		return 0
	}
	c.consume(n)
	if n < total {
		c.block()
	}
	return int64(n)
}

// consume drops the first n bytes of the queued buffers.
func (c *conn) consume(n int) {
	for n > 0 {
		p := c.first
		if left := p.to - p.from; n < left {
			p.from += n
			return
		} else {
			n -= left
			c.pop()
		}
	}
}

// sendRange sends a step of a file range straight from the page cache.
func (c *conn) sendRange(p *piece) (sent int64) {
	step := min(p.left, rangeStepBytes)
	if c.lagged && !p.file.Resident(kafka.Position(p.position), step) {
		c.warm(p, step)
		return 0
	}
	s := c.shard
	s.position = p.position
	n, errno := rawSendfile(c.fd, p.file.Descriptor(), &s.position, int(step))
	if !c.accepted(errno) {
		return 0
	}
	if n == 0 {
		// The file is shorter than the range: somebody cut it although it was
		// pinned. The stream can't be completed.
		c.end(env.ErrIO)
		return 0
	}
	p.position += int64(n)
	p.left -= int64(n)
	p.sent += int64(n)
	if p.left == 0 {
		c.pop()
	}
	return int64(n)
}

// accepted handles the errors of a send.
func (c *conn) accepted(errno unix.Errno) bool {
	switch errno {
	case 0:
		return true
	case unix.EAGAIN:
		c.block()
	case unix.EINTR:
	default:
		c.end(causeOf(errno))
	}
	return false
}

// block waits for room in the socket.
func (c *conn) block() {
	c.blocked = true
	c.lagged = true
	c.watch(c.isReading())
}

// inline turns a small range that is in memory into bytes.
func (c *conn) inline(p *piece) bool {
	if p.left > inlineRangeBytesMax {
		return false
	}
	b := c.shard.memory.take(int(p.left))
	if b.bytes == nil {
		return false
	}
	n, err := p.file.ReadNow(b.bytes[:p.left], kafka.Position(p.position))
	if err != nil || int64(n) < p.left {
		c.shard.memory.give(b)
		return false
	}
	p.unpin()
	p.buffer, p.from, p.to = b, 0, n
	return true
}

// warm brings a range that a slow reader has come to into memory, on a thread
// that may wait for the device, and goes on sending then.
func (c *conn) warm(p *piece, length int64) {
	c.warming = true
	file, position := p.file, kafka.Position(p.position)
	file.Pin()
	c.shard.loop.Spawn("warm a file range for a slow reader", func(t *task.Task) {
		defer file.Unpin()
		err := file.Prefetch(t, position, length)
		c.warming, c.lagged = false, false
		if err != nil {
			c.end(err)
			return
		}
		c.touch()
	})
}

func (c *conn) dropSending() {
	for c.first != nil {
		c.pop()
	}
	c.unsent = 0
}

// sendBuffers are a shard's arguments for sendmsg and sendfile: kept, so that no
// call allocates.
type sendBuffers struct {
	vectors  [vectorsMax]unix.Iovec
	message  unix.Msghdr
	position int64
}
