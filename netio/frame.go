package netio

import "odradek/core/env"

// framesKeptMax bounds how many frame structs a shard keeps for reuse.
const framesKeptMax = 4096

// frameHome is a frame together with the buffer it lives in. It is the frame's
// FramePool, so that the buffer is found even when the owner re-sliced the
// payload. Both structs are used again and again.
type frameHome struct {
	shard  *Shard
	frame  *env.Frame
	buffer buffer
	size   int64
}

// wrap makes a frame of the first size bytes of a buffer.
func (s *Shard) wrap(b buffer, size int) *env.Frame {
	s.framesOut++
	s.deliveredBytes += int64(size)
	payload := b.bytes[:size:size]
	if n := len(s.frames); n > 0 {
		home := s.frames[n-1]
		s.frames = s.frames[:n-1]
		home.buffer, home.size = b, int64(size)
		home.frame.Renew(payload)
		return home.frame
	}
	home := &frameHome{shard: s, buffer: b, size: int64(size)}
	home.frame = env.NewFrame(payload, home)
	return home.frame
}

// Recycle is called by the last Frame.Release.
func (h *frameHome) Recycle(f *env.Frame) {
	s := h.shard
	s.framesOut--
	s.deliveredBytes -= h.size
	s.bufferedBytes -= h.size
	s.memory.give(h.buffer)
	h.buffer, h.size = buffer{}, 0
	f.Payload = nil
	if len(s.frames) < framesKeptMax {
		s.frames = append(s.frames, h)
	}
}
