package batch

import (
	"bytes"
	"fmt"
	"io"

	"odradek/core/assert"

	"github.com/klauspost/compress/gzip"
	"github.com/pierrec/lz4/v4"
)

// readStep is how much a decompressed stream's buffer grows by at first. It
// doubles from there, so a claim in a header never decides an allocation.
const readStep = 16 << 10

// readBounded appends all that r gives to dst, or fails with ErrTooLarge once
// that is more than maxBytes.
func readBounded(dst []byte, r io.Reader, maxBytes int) ([]byte, error) {
	start := len(dst)
	for {
		if cap(dst)-len(dst) == 0 {
			grown := make([]byte, len(dst), 2*len(dst)+readStep)
			copy(grown, dst)
			dst = grown
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if len(dst)-start > maxBytes {
			return dst, ErrTooLarge
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
}

// appender collects what a compressor writes.
type appender struct{ bytes []byte }

// Write appends p. It cannot fail.
func (a *appender) Write(p []byte) (int, error) {
	a.bytes = append(a.bytes, p...)
	return len(p), nil
}

// gzipLevel maps Kafka's levels, -1 for the default and 1 to 9, to the library's.
func gzipLevel(level int) int {
	if level == DefaultLevel || level == gzip.DefaultCompression {
		return gzip.DefaultCompression
	}
	return min(max(level, gzip.BestSpeed), gzip.BestCompression)
}

// compressGzip writes one gzip member, as Java's GZIPOutputStream does.
func (c *Codecs) compressGzip(dst []byte, level int, src []byte) []byte {
	level = gzipLevel(level)
	out := &appender{dst}
	if c.gzipWriter == nil || c.gzipLevel != level {
		writer, err := gzip.NewWriterLevel(out, level)
		assert.That(err == nil, "a level within gzip's range makes a writer")
		c.gzipWriter, c.gzipLevel = writer, level
	} else {
		c.gzipWriter.Reset(out)
	}
	_, err := c.gzipWriter.Write(src)
	assert.That(err == nil, "writing gzip to memory cannot fail")
	assert.That(c.gzipWriter.Close() == nil, "closing gzip in memory cannot fail")
	return out.bytes
}

// decompressGzip reads one gzip member or several in a row.
func (c *Codecs) decompressGzip(dst, src []byte, maxBytes int) ([]byte, error) {
	input := bytes.NewReader(src)
	if c.gzipReader == nil {
		c.gzipReader = new(gzip.Reader)
	}
	if err := c.gzipReader.Reset(input); err != nil {
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return readBounded(dst, c.gzipReader, maxBytes)
}

// lz4DefaultLevel is Kafka's default for compression.lz4.level, which means the
// fast compressor; every other level means the thorough one. Source: KIP-390.
const lz4DefaultLevel = 9

// compressLZ4 writes one LZ4 frame of independent 64 KiB blocks without
// checksums of the content, which is what Kafka's own writer makes and the
// least that every client's reader takes.
func (c *Codecs) compressLZ4(dst []byte, level int, src []byte) []byte {
	out := &appender{dst}
	if c.lz4Writer == nil {
		c.lz4Writer = lz4.NewWriter(out)
	} else {
		c.lz4Writer.Reset(out)
	}
	err := c.lz4Writer.Apply(
		lz4.BlockSizeOption(lz4.Block64Kb),
		lz4.ChecksumOption(false),
		lz4.ConcurrencyOption(1),
		lz4.CompressionLevelOption(lz4Level(level)),
	)
	assert.That(err == nil, "the options of the LZ4 writer are legal")
	_, err = c.lz4Writer.Write(src)
	assert.That(err == nil, "writing LZ4 to memory cannot fail")
	assert.That(c.lz4Writer.Close() == nil, "closing LZ4 in memory cannot fail")
	return out.bytes
}

// lz4Level maps Kafka's levels, 1 to 17, to the library's: fast, and nine of
// rising effort, which it numbers by powers of two.
func lz4Level(level int) lz4.CompressionLevel {
	if level == DefaultLevel || level == lz4DefaultLevel {
		return lz4.Fast
	}
	return lz4.Level1 << (min(max(level, 1), 9) - 1)
}

// decompressLZ4 reads LZ4 frames, with or without checksums and content size.
// The library's block buffer, 4 MiB at most, comes on top of maxBytes.
func (c *Codecs) decompressLZ4(dst, src []byte, maxBytes int) ([]byte, error) {
	input := bytes.NewReader(src)
	if c.lz4Reader == nil {
		c.lz4Reader = lz4.NewReader(input)
	} else {
		c.lz4Reader.Reset(input)
	}
	return readBounded(dst, c.lz4Reader, maxBytes)
}
