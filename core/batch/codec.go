package batch

import (
	"errors"
	"fmt"

	"odradek/core/assert"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codec is how a batch's records are compressed, as the attributes number it.
type Codec int8

// The codecs, under Kafka's numbers.
const (
	Uncompressed Codec = 0
	Gzip         Codec = 1
	Snappy       Codec = 2
	LZ4          Codec = 3
	Zstd         Codec = 4 // KIP-110
)

// ErrCodec is wrapped where a codec's number or name is not one of Kafka's.
var ErrCodec = errors.New("not a compression codec")

// Valid reports whether c is a codec: the attributes have room for eight.
func (c Codec) Valid() bool { return c >= Uncompressed && c <= Zstd }

// String returns Kafka's name of the codec, as clients configure it.
func (c Codec) String() string {
	switch c {
	case Uncompressed:
		return "none"
	case Gzip:
		return "gzip"
	case Snappy:
		return "snappy"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return fmt.Sprintf("codec-%d", int8(c))
}

// ParseCodec reads what String writes; a topic's "uncompressed" is "none".
func ParseCodec(name string) (Codec, error) {
	switch name {
	case "none", "uncompressed":
		return Uncompressed, nil
	case "gzip":
		return Gzip, nil
	case "snappy":
		return Snappy, nil
	case "lz4":
		return LZ4, nil
	case "zstd":
		return Zstd, nil
	}
	return 0, fmt.Errorf("%w: %q; take none, gzip, snappy, lz4 or zstd", ErrCodec, name)
}

// DefaultLevel stands for each codec's own default level. No codec of Kafka's
// has a level 0 that means anything else. Snappy has no levels.
const DefaultLevel = 0

// DefaultDecompressedMax bounds what a batch may decompress to where the
// caller knows no better, in bytes: the default socket.request.max.bytes, so
// whatever could have been sent plain is accepted compressed.
const DefaultDecompressedMax = 100 << 20

// Codecs is the working memory of the codecs: what they would otherwise
// allocate each time. The zero value is ready. It belongs to one shard, and
// never affects what comes out: each call stands for itself.
type Codecs struct {
	gzipReader *gzip.Reader
	gzipWriter *gzip.Writer
	gzipLevel  int
	lz4Reader  *lz4.Reader
	lz4Writer  *lz4.Writer
	zstdReader *zstd.Decoder
	zstdWriter *zstd.Encoder
	zstdLevel  zstd.EncoderLevel
	// plain is where Validate decompresses to.
	plain []byte
}

// Compress appends src to dst, compressed as Kafka's clients expect it. The
// codec must be valid. level is the codec's own, as Kafka's compression.*.level
// number it, or DefaultLevel; levels beyond the codec's range become the
// nearest one.
func (c *Codecs) Compress(dst []byte, codec Codec, level int, src []byte) []byte {
	switch codec {
	case Uncompressed:
		return append(dst, src...)
	case Gzip:
		return c.compressGzip(dst, level, src)
	case Snappy:
		return compressSnappy(dst, src)
	case LZ4:
		return c.compressLZ4(dst, level, src)
	case Zstd:
		return c.compressZstd(dst, level, src)
	}
	assert.Unreachable("only a valid codec is asked to compress")
	return nil
}

// Decompress appends what src decompresses to to dst. It never makes more than
// maxBytes of it, whatever src claims: ErrTooLarge. ErrCorrupt means that src is
// not what the codec writes, ErrCodec that there is no such codec.
func (c *Codecs) Decompress(dst []byte, codec Codec, src []byte, maxBytes int) ([]byte, error) {
	out, err := c.decompress(dst, codec, src, maxBytes)
	if err != nil {
		return dst, fmt.Errorf("decompress %d bytes of %v: %w", len(src), codec, err)
	}
	return out, nil
}

func (c *Codecs) decompress(dst []byte, codec Codec, src []byte, maxBytes int) ([]byte, error) {
	switch codec {
	case Uncompressed:
		if len(src) > maxBytes {
			return dst, ErrTooLarge
		}
		return append(dst, src...), nil
	case Gzip:
		return c.decompressGzip(dst, src, maxBytes)
	case Snappy:
		return decompressSnappy(dst, src, maxBytes)
	case LZ4:
		return c.decompressLZ4(dst, src, maxBytes)
	case Zstd:
		return c.decompressZstd(dst, src, maxBytes)
	}
	return dst, ErrCodec
}

// Compress is Codecs.Compress without working memory to reuse.
func Compress(codec Codec, level int, src []byte) []byte {
	return new(Codecs).Compress(nil, codec, level, src)
}

// Decompress is Codecs.Decompress without working memory to reuse.
func Decompress(codec Codec, src []byte, maxBytes int) ([]byte, error) {
	return new(Codecs).Decompress(nil, codec, src, maxBytes)
}
