package batch

import (
	"fmt"

	"odradek/core/assert"

	"github.com/klauspost/compress/zstd"
)

// zstdWindowMax is the largest window a frame may ask for, in bytes: what
// libzstd takes by default, since a Java producer at level 22 asks for it even
// in a small batch. Decoding a whole buffer needs no window's memory.
const zstdWindowMax = 128 << 20

// zstdDefaultLevel is Kafka's default for compression.zstd.level. Source: KIP-390.
const zstdDefaultLevel = 3

// zstdBlockMax is the most that one block of a frame makes, in bytes.
// Source: RFC 8878, 3.1.1.2.4.
const zstdBlockMax = 128 << 10

// compressZstd writes one zstd frame without a checksum: the batch has its own.
func (c *Codecs) compressZstd(dst []byte, level int, src []byte) []byte {
	if level == DefaultLevel {
		level = zstdDefaultLevel
	}
	effort := zstd.EncoderLevelFromZstd(level)
	if c.zstdWriter == nil || c.zstdLevel != effort {
		writer, err := zstd.NewWriter(nil,
			zstd.WithEncoderConcurrency(1), // no goroutine of the library's
			zstd.WithEncoderLevel(effort),
			zstd.WithEncoderCRC(false),
			zstd.WithLowerEncoderMem(true),
			zstd.WithZeroFrames(true))
		assert.That(err == nil, "the options of the zstd writer are legal")
		c.zstdWriter, c.zstdLevel = writer, effort
	}
	return c.zstdWriter.EncodeAll(src, dst)
}

// decompressZstd reads zstd frames, with or without a content size. The room for
// them is made beforehand, and the library goes no further. Where the frames
// might, and need not, make more than maxBytes, and then cannot be decoded into
// that, the answer is ErrTooLarge.
func (c *Codecs) decompressZstd(dst, src []byte, maxBytes int) ([]byte, error) {
	if c.zstdReader == nil {
		reader, err := zstd.NewReader(nil,
			zstd.WithDecoderConcurrency(1), // no goroutine of the library's
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindowMax),
			zstd.WithDecodeAllCapLimit(true))
		assert.That(err == nil, "the options of the zstd reader are legal")
		c.zstdReader = reader
	}
	most, err := zstdMost(src)
	if err != nil {
		return dst, err
	}
	room := min(most, maxBytes)
	dst = grow(dst, room)
	start := len(dst)
	out, err := c.zstdReader.DecodeAll(src, dst[start:start:start+room])
	switch {
	case err == nil && len(out) <= room:
		if len(out) > 0 && &out[0] != &dst[:start+1][start] {
			// The library found its own room after all.
			copy(dst[start:start+len(out)], out)
		}
		return dst[:start+len(out)], nil
	case most > maxBytes:
		return dst, ErrTooLarge
	case err == nil:
		return dst, fmt.Errorf("%w: zstd frames make more than their blocks say", ErrCorrupt)
	}
	return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// zstdMost is the most that the frames in src can decompress to, by the headers
// of their blocks:
//
//	23                3 2     1    0
//	+------------------+------+------+
//	|       size       | type | last |   three bytes, the lowest first
//	+------------------+------+------+
//	type 0 raw: size bytes follow and come out; 1 repeated: one follows, size
//	come out; 2 compressed: size follow, 128 KiB come out at most; 3 is not used
func zstdMost(src []byte) (int, error) {
	total := 0
	for len(src) > 0 {
		var frame zstd.Header
		rest, err := frame.DecodeAndStrip(src)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if frame.Skippable {
			if uint64(frame.SkippableSize) > uint64(len(rest)) {
				return 0, fmt.Errorf("%w: skippable zstd frame is cut", ErrCorrupt)
			}
			src = rest[frame.SkippableSize:]
			continue
		}
		size, rest, ok := zstdBlocks(src[frame.HeaderSize:])
		if frame.HasCheckSum {
			ok = ok && len(rest) >= 4
			rest = rest[min(4, len(rest)):]
		}
		if !ok || frame.HasFCS && frame.FrameContentSize > uint64(size) {
			return 0, fmt.Errorf("%w: zstd frame is cut, or claims too much", ErrCorrupt)
		}
		if frame.HasFCS {
			size = int(frame.FrameContentSize)
		}
		total += size
		src = rest
	}
	return total, nil
}

// zstdBlocks adds up the blocks of one frame, and returns what is behind them.
func zstdBlocks(b []byte) (size int, rest []byte, ok bool) {
	for last := false; !last; {
		if len(b) < 3 {
			return 0, nil, false
		}
		head := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		b = b[3:]
		last = head&1 != 0
		kind, stored := head>>1&3, head>>3
		made := stored
		switch kind {
		case 1:
			stored = 1
		case 2:
			made = zstdBlockMax
		case 3:
			return 0, nil, false
		}
		if made > zstdBlockMax || stored > len(b) {
			return 0, nil, false
		}
		b = b[stored:]
		size += made
	}
	return size, b, true
}
