package network

import (
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
)

// source is what the simulated disk's files offer beyond env.File.
type source interface {
	// PinRange and UnpinRange note what is queued, so that cutting it is caught.
	PinRange(position kafka.Position, length int64)
	UnpinRange(position kafka.Position, length int64)
	// Pull reads what leaves now, and tells how long the device took.
	Pull(p []byte, position kafka.Position) (n int, waited time.Duration)
}

// chunk is a queued piece: bytes, or what is left of a file range.
type chunk struct {
	bytes    []byte // in a pooled buffer
	sent     int
	file     env.File
	position kafka.Position
	length   int64
	// whole is the range as it was pinned.
	whole env.Chunk
}

// chunks is a queue of pieces.
type chunks struct {
	list  []chunk
	first int
}

// add queues a chunk and returns how many bytes it has. Bytes are copied into
// the last buffer if there is room.
func (q *chunks) add(c *env.Chunk, buffers *bufferPool) int64 {
	if c.File == nil {
		if len(c.Bytes) > 0 {
			q.addBytes(c.Bytes, buffers)
		}
		return int64(len(c.Bytes))
	}
	if c.Length <= 0 {
		return 0
	}
	c.File.Pin()
	if s, ok := c.File.(source); ok {
		s.PinRange(c.Position, c.Length)
	}
	q.list = append(q.list, chunk{file: c.File, position: c.Position, length: c.Length, whole: *c})
	return c.Length
}

func (q *chunks) addBytes(p []byte, buffers *bufferPool) {
	if last := len(q.list) - 1; last >= q.first {
		b := &q.list[last]
		if b.file == nil && len(p) <= cap(b.bytes)-len(b.bytes) {
			b.bytes = append(b.bytes, p...)
			return
		}
	}
	b := buffers.take(len(p))
	copy(b, p)
	q.list = append(q.list, chunk{bytes: b})
}

// pop takes the first piece, which has left or is given up.
func (q *chunks) pop(buffers *bufferPool) {
	c := &q.list[q.first]
	if c.file == nil {
		buffers.give(c.bytes)
	} else {
		if s, ok := c.file.(source); ok {
			s.UnpinRange(c.whole.Position, c.whole.Length)
		}
		c.file.Unpin()
	}
	*c = chunk{}
	q.first++
	if q.first == len(q.list) {
		q.list, q.first = q.list[:0], 0
	}
}

func (q *chunks) drop(buffers *bufferPool) {
	for q.first < len(q.list) {
		q.pop(buffers)
	}
}

// gather fills p from the queue: this is the moment at which the bytes leave.
// It stops early where a file range can't be read to its end.
func (e *endpoint) gather(p []byte) (filled int) {
	buffers := &e.network().buffers
	for filled < len(p) && e.queue.first < len(e.queue.list) {
		c := &e.queue.list[e.queue.first]
		var n int
		if c.file == nil {
			n = copy(p[filled:], c.bytes[c.sent:])
			c.sent += n
			filled += n
			e.unsent -= int64(n)
			if c.sent == len(c.bytes) {
				e.queue.pop(buffers)
			}
			continue
		}
		want := int(min(c.length, int64(len(p)-filled)))
		n = e.pull(c, p[filled:filled+want])
		filled += n
		e.unsent -= int64(n)
		c.position += kafka.Position(n)
		c.length -= int64(n)
		if n < want {
			return filled
		}
		if c.length == 0 {
			e.queue.pop(buffers)
		}
	}
	return filled
}

// pull reads a part of a file range. A cold range keeps the lane, as sendfile
// keeps a thread.
func (e *endpoint) pull(c *chunk, p []byte) int {
	s, ok := c.file.(source)
	if !ok {
		n, err := c.file.ReadNow(p, c.position)
		if err != nil {
			return 0
		}
		return n
	}
	n, waited := s.Pull(p, c.position)
	if waited > 0 {
		e.stack.lane.Busy(e.network().scheduler.Now().Plus(waited))
	}
	return n
}
