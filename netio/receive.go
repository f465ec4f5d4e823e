package netio

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
)

// How a connection is read.
const (
	// scratchBytes is the shard's buffer that small frames are read into, many
	// at a time. It fits the first- and second-level caches.
	scratchBytes = 64 << 10
	// bulkFrameBytes: a connection that sends frames of this size and more reads
	// bulkScratchBytes at first, so that only the head of its next frame is
	// copied.
	bulkFrameBytes   = 2 * scratchBytes
	bulkScratchBytes = 8 << 10
	// directBytesMin: when this much of a frame is missing, it is read into the
	// frame's own buffer; less is read together with what follows.
	directBytesMin = 16 << 10
	// readBytesPerTurnMax is what one connection may read in a turn, so that a
	// fast sender does not keep the others waiting.
	readBytesPerTurnMax = 256 << 10
	// workPerTurnMax is what all connections of a shard may read in a turn, in
	// bytes, where each frame counts for frameWork more: two milliseconds or so.
	// What is left over is read in the next turn.
	workPerTurnMax = 8 << 20
	frameWork      = 2 << 10
	// unprovenBytesMax is the buffer of a frame of which little has arrived;
	// it grows by growthFactor as the bytes come.
	unprovenBytesMax = 32 << 10
	growthFactor     = 4
	// provenBytesMax: a connection that once sent a whole frame of a size gets
	// a buffer of that size at once, up to this.
	provenBytesMax = 4 << 20
)

// receiving is the half of a connection that takes bytes in.
//
//	stream  | length (4) | payload (length) | length | payload ...
//	held in   lengthBytes  body               or whole in shard.scratch
type receiving struct {
	lengthBytes [4]byte
	lengthHave  int
	// body holds the frame that is being received, of size bytes, have of them
	// here. Its bytes are nil between frames. It may be whole: then it waits
	// for delivery to go on.
	body buffer
	size int
	have int
	// stash holds bytes behind a frame that could not be delivered:
	// stash.bytes[stashFrom:stashTo]. Nothing is read while there are any.
	stash     buffer
	stashFrom int
	stashTo   int
	// charged is what the body counts for in shard.bufferedBytes: its buffer.
	charged int64
	// largest is the longest frame that was received whole, latest the last.
	largest int
	latest  int
	paused  bool
	// starved is set while it waits on shard.starved for room.
	starved bool
	// resuming is set while it is on shard.resumed.
	resuming bool
}

// readable reads until the socket is empty, the turn's share is used up, or
// delivery stops.
func (c *conn) readable(events uint32) {
	for budget := readBytesPerTurnMax; budget > 0 && c.shard.workLeft > 0; {
		if !c.mayRead() {
			if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 && c.state != connEnded {
				c.end(causeOf(pendingError(c.fd)))
			} else if c.isReading() {
				c.watch(false)
			}
			return
		}
		into, direct := c.readInto(budget)
		if into == nil {
			c.end(errNoMemory)
			return
		}
		n, errno := rawRead(c.fd, into)
		switch {
		case errno == unix.EAGAIN || errno == unix.EINTR:
			return
		case errno != 0:
			c.end(causeOf(errno))
			return
		case n == 0:
			c.endOfStream()
			return
		case direct:
			c.have += n
			c.keep(c.take(nil))
		default:
			c.keep(c.take(into[:n]))
		}
		if n < len(into) {
			return // the socket was emptied
		}
		budget -= n
		c.shard.workLeft -= n
	}
}

// readInto chooses where the next bytes go: the rest of a large frame to its
// own buffer, anything else to the scratch.
func (c *conn) readInto(budget int) (into []byte, direct bool) {
	if c.body.bytes != nil && c.size-c.have >= directBytesMin {
		if !c.makeRoom() {
			return nil, false
		}
		end := min(c.size, len(c.body.bytes), c.have+budget)
		return c.body.bytes[c.have:end], true
	}
	if c.latest >= bulkFrameBytes {
		return c.shard.scratch[:bulkScratchBytes], false
	}
	return c.shard.scratch, false
}

// mayRead reports whether more of the stream is wanted now.
func (c *conn) mayRead() bool {
	if c.state != connOpen || !c.mayDeliver() || c.stashTo > 0 {
		c.shard.unfavour(c)
		return false
	}
	if c.shard.admits(c) {
		return true
	}
	if !c.starved {
		c.starved = true
		c.shard.starved = append(c.shard.starved, c)
	}
	return false
}

// mayDeliver reports whether the door wants another frame of the connection.
func (c *conn) mayDeliver() bool {
	return c.state == connOpen && !c.paused && !c.last && !c.shard.closing &&
		c.unsent <= int64(c.options.UnsentBytesMax)
}

// take cuts frames out of the stream's next bytes and delivers them. It returns
// what it left because delivery stopped.
func (c *conn) take(in []byte) (rest []byte) {
	for c.state == connOpen {
		if c.body.bytes != nil && c.have == c.size {
			if !c.mayDeliver() {
				return in
			}
			c.deliverBody()
			continue
		}
		if len(in) == 0 {
			return nil
		}
		if c.body.bytes != nil {
			if !c.makeRoom() {
				c.end(errNoMemory)
				return nil
			}
			n := copy(c.body.bytes[c.have:min(c.size, len(c.body.bytes))], in)
			c.have += n
			in = in[n:]
			continue
		}
		if !c.mayDeliver() {
			return in
		}
		in = c.takeNext(in)
	}
	return nil
}

// takeNext takes a frame's length and, when they are all there, its bytes; else
// it begins a body.
func (c *conn) takeNext(in []byte) (rest []byte) {
	size, rest, ok := c.takeLength(in)
	if !ok {
		return nil
	}
	if size < 0 || size > c.options.FrameBytesMax {
		c.end(env.ErrFrameTooLarge)
		return nil
	}
	if len(rest) >= size {
		b := c.shard.memory.take(size)
		if b.bytes == nil {
			c.end(errNoMemory)
			return nil
		}
		copy(b.bytes, rest[:size])
		c.shard.bufferedBytes += int64(size)
		c.deliver(b, size)
		return rest[size:]
	}
	c.size, c.have = size, 0
	if !c.swapBody(c.roomFor(len(rest))) {
		c.end(errNoMemory)
		return nil
	}
	c.have = copy(c.body.bytes, rest)
	return nil
}

// takeLength completes the 4-byte length in front of a frame.
func (c *conn) takeLength(in []byte) (size int, rest []byte, ok bool) {
	if c.lengthHave == 0 && len(in) >= 4 {
		return int(int32(binary.BigEndian.Uint32(in))), in[4:], true
	}
	n := copy(c.lengthBytes[c.lengthHave:], in)
	c.lengthHave += n
	if c.lengthHave < 4 {
		return 0, nil, false
	}
	c.lengthHave = 0
	return int(int32(binary.BigEndian.Uint32(c.lengthBytes[:]))), in[n:], true
}

// roomFor is how large a body's buffer should be when have bytes of it are here
// or about to be. A length alone buys little: whoever announces much must send
// much, or have done so before.
func (c *conn) roomFor(have int) int {
	proven := min(c.largest, provenBytesMax)
	return min(c.size, max(unprovenBytesMax, growthFactor*have, proven))
}

// makeRoom makes the body's buffer larger when it is full. It reports false
// when there is no memory.
func (c *conn) makeRoom() bool {
	if c.have < len(c.body.bytes) {
		return true
	}
	return c.swapBody(c.roomFor(c.have))
}

func (c *conn) swapBody(room int) bool {
	s := c.shard
	b := s.memory.take(room)
	if b.bytes == nil {
		return false
	}
	if c.body.bytes != nil {
		copy(b.bytes, c.body.bytes[:c.have])
		s.memory.give(c.body)
	}
	c.body = b
	c.charge(int64(room))
	return true
}

// charge sets what the body counts for in the shard's limit.
func (c *conn) charge(bytes int64) {
	c.shard.bufferedBytes += bytes - c.charged
	c.charged = bytes
}

func (c *conn) deliverBody() {
	b, size := c.body, c.size
	c.body, c.size, c.have = buffer{}, 0, 0
	c.charge(0)
	c.shard.bufferedBytes += int64(size)
	c.deliver(b, size)
}

func (c *conn) deliver(b buffer, size int) {
	c.largest, c.latest = max(c.largest, size), size
	c.shard.workLeft -= frameWork
	c.shard.unfavour(c)
	c.door.Received(c, c.shard.wrap(b, size))
}

// keep stashes what could not be delivered.
func (c *conn) keep(rest []byte) {
	if len(rest) == 0 || c.state != connOpen {
		return
	}
	assert.That(c.stashTo == 0, "nothing is read while a stash waits")
	b := c.shard.memory.take(len(rest))
	if b.bytes == nil {
		c.end(errNoMemory)
		return
	}
	c.stash, c.stashFrom = b, 0
	c.stashTo = copy(b.bytes, rest)
	c.shard.bufferedBytes += int64(c.stashTo)
}

// Pause stops or resumes the delivery of frames.
func (c *conn) Pause(paused bool) {
	c.paused = paused
	c.reconsider()
}

// reconsider has delivery go on, before the next poll, if it can.
func (c *conn) reconsider() {
	if c.resuming || !c.mayDeliver() {
		return
	}
	if c.stashTo > 0 || !c.isReading() || c.body.bytes != nil && c.have == c.size {
		c.resuming = true
		c.shard.resumed = append(c.shard.resumed, c)
	}
}

// resume delivers what was held back, then asks for more of the stream.
func (c *conn) resume() {
	c.resuming = false
	if c.state != connOpen {
		return
	}
	rest := c.take(c.stash.bytes[c.stashFrom:c.stashTo])
	if c.state != connOpen {
		return // ending gave the stash back
	}
	if c.stashFrom = c.stashTo - len(rest); len(rest) == 0 {
		c.dropStash()
	}
	if !c.isReading() && c.mayRead() {
		c.watch(true)
	}
}

// endOfStream notes that the peer sends no more. What this turn answers is
// still sent; then the door is told.
func (c *conn) endOfStream() {
	if c.body.bytes != nil || c.lengthHave > 0 {
		c.end(env.ErrReset) // in the midst of a frame: not a clean end
		return
	}
	c.state = connEnding
	c.watch(false)
	c.shard.ending = append(c.shard.ending, c)
}

func (c *conn) dropReceiving() {
	s := c.shard
	s.unfavour(c)
	if c.body.bytes != nil {
		s.memory.give(c.body)
	}
	c.charge(0)
	c.body = buffer{}
	c.dropStash()
}

func (c *conn) dropStash() {
	if c.stash.bytes != nil {
		c.shard.memory.give(c.stash)
		c.shard.bufferedBytes -= int64(c.stashTo)
	}
	c.stash, c.stashFrom, c.stashTo = buffer{}, 0, 0
}

// admits reports whether a connection may be read although frames wait to be
// released. Over the limit nobody is, but for one case: when what fills it are
// frames in part, of which none will ever be released, one connection goes on.
// If its peer stalls, the others wait until whoever looks after idle connections
// ends it.
func (s *Shard) admits(c *conn) bool {
	limit := c.options.BufferedBytesMax
	if limit == 0 || s.bufferedBytes < limit {
		return true
	}
	if s.deliveredBytes > 0 {
		return false
	}
	if s.favourite == nil {
		s.favourite = c
	}
	return s.favourite == c
}

// unfavour lets another connection go on over the limit.
func (s *Shard) unfavour(c *conn) {
	if s.favourite == c {
		s.favourite = nil
	}
}

// feed resumes connections that waited for room, oldest first.
func (s *Shard) feed() {
	for len(s.starved) > 0 && s.admits(s.starved[0]) {
		c := s.starved[0]
		s.starved[0] = nil
		s.starved = s.starved[1:]
		c.starved = false
		if c.state != connOpen {
			s.unfavour(c)
			continue
		}
		c.reconsider()
		if !c.resuming {
			s.unfavour(c)
		}
	}
}
