package batch

import (
	"errors"
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

// decompressZstd reads zstd frames, with or without a content size. The
// library decodes into the room it is given and no further, so the room is
// grown by this package: it starts from what the input makes likely, and a
// frame's own claim only counts within maxBytes.
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
	start := len(dst)
	room := min(maxBytes, max(4*len(src), readStep, cap(dst)-start))
	for {
		dst = grow(dst, room)
		out, err := c.zstdReader.DecodeAll(src, dst[:start:start+room])
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
		case room >= maxBytes:
			return dst, ErrTooLarge
		}
		room = min(maxBytes, 4*room)
	}
}
