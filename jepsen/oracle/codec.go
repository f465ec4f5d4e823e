package oracle

//tidy:allow module-import an oracle that unpacked with core/batch would share its mistakes
import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codecNames holds the codec of attribute value n at index n.
var codecNames = [...]string{"none", "gzip", "snappy", "lz4", "zstd"}

const (
	codecNone = iota
	codecGzip
	codecSnappy
	codecLZ4
	codecZstd
)

// xerialHeader starts the block framing that Java's snappy streams have: magic,
// then a version and the oldest compatible version, both int32.
const xerialHeader = "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"

// largestPlain bounds what is decompressed for a transcript.
const largestPlain = 64 << 20

func compress(codec int64, raw bool, plain []byte) ([]byte, error) {
	var out bytes.Buffer
	switch codec {
	case codecNone:
		return plain, nil
	case codecGzip:
		writer := gzip.NewWriter(&out)
		_, err := writer.Write(plain)
		return closeInto(&out, writer, err)
	case codecSnappy:
		block := snappy.Encode(nil, plain)
		if raw {
			return block, nil
		}
		framed := binary.BigEndian.AppendUint32([]byte(xerialHeader), uint32(len(block)))
		return append(framed, block...), nil
	case codecLZ4:
		writer := lz4.NewWriter(&out)
		_, err := writer.Write(plain)
		return closeInto(&out, writer, err)
	case codecZstd:
		writer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return writer.EncodeAll(plain, nil), nil
	}
	return nil, fmt.Errorf("no codec %d", codec)
}

func closeInto(out *bytes.Buffer, writer io.Closer, err error) ([]byte, error) {
	if err == nil {
		err = writer.Close()
	}
	return out.Bytes(), err
}

func decompress(codec int, packed []byte) ([]byte, error) {
	switch codec {
	case codecNone:
		return packed, nil
	case codecGzip:
		reader, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(io.LimitReader(reader, largestPlain))
	case codecSnappy:
		return unpackSnappy(packed)
	case codecLZ4:
		return io.ReadAll(io.LimitReader(lz4.NewReader(bytes.NewReader(packed)), largestPlain))
	case codecZstd:
		reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(largestPlain))
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		return reader.DecodeAll(packed, nil)
	}
	return nil, fmt.Errorf("no codec %d", codec)
}

func unpackSnappy(packed []byte) ([]byte, error) {
	if len(packed) < len(xerialHeader) || !bytes.HasPrefix(packed, []byte(xerialHeader[:8])) {
		return snappy.Decode(nil, packed)
	}
	var plain []byte
	for rest := packed[len(xerialHeader):]; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		length := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(length) > uint64(len(rest)) {
			return nil, io.ErrUnexpectedEOF
		}
		block, err := snappy.Decode(nil, rest[:length])
		if err != nil {
			return nil, err
		}
		plain, rest = append(plain, block...), rest[length:]
	}
	return plain, nil
}
