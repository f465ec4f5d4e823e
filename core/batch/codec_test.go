package batch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"odradek/core/batch"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"pgregory.net/rapid"
)

func TestWhatIsCompressedIsDecompressed(t *testing.T) {
	var reused batch.Codecs
	rapid.Check(t, func(t *rapid.T) {
		codec, level := drawCodec(t), rapid.IntRange(-7, 22).Draw(t, "level")
		plain := append(drawBytes(t, "head"), drawBytes(t, "tail")...)
		before := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "before")
		packed := reused.Compress(bytes.Clone(before), codec, level, plain)
		if !bytes.HasPrefix(packed, before) {
			t.Fatal("what was there before is gone")
		}
		packed = packed[len(before):]
		got, err := reused.Decompress(bytes.Clone(before), codec, packed, len(plain))
		if err != nil || !bytes.Equal(got, append(bytes.Clone(before), plain...)) {
			t.Fatalf("%v of %d bytes: got %d, %v", codec, len(plain), len(got), err)
		}
		if len(plain) == 0 {
			return
		}
		if _, err := reused.Decompress(nil, codec, packed, len(plain)-1); !errors.Is(err,
			batch.ErrTooLarge) {
			t.Fatalf("%v of %d bytes into one less: %v", codec, len(plain), err)
		}
	})
}

// What comes out may not depend on what the working memory did before, or a
// restarted node would write other bytes than one that went on.
func TestWorkingMemoryDoesNotShow(t *testing.T) {
	var reused batch.Codecs
	for i, plain := range [][]byte{
		bytes.Repeat([]byte("abcdefgh"), 3000), []byte("x"),
		bytes.Repeat([]byte("abcdefghi"), 30000), bytes.Repeat([]byte("abcdefgh"), 3000),
	} {
		for codec := batch.Uncompressed; codec <= batch.Zstd; codec++ {
			got := reused.Compress(nil, codec, batch.DefaultLevel, plain)
			if !bytes.Equal(got, batch.Compress(codec, batch.DefaultLevel, plain)) {
				t.Errorf("%v of text %d depends on what came before", codec, i)
			}
		}
	}
}

// otherWriters are what other clients send and this package does not write.
func otherWriters(t testing.TB, plain []byte) map[string][]byte {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var twoMembers, large, streamed bytes.Buffer
	half := len(plain) / 2
	for _, part := range [][]byte{plain[:half], plain[half:]} {
		w := gzip.NewWriter(&twoMembers)
		_, err := w.Write(part)
		must(err)
		must(w.Close())
	}
	l := lz4.NewWriter(&large)
	must(l.Apply(lz4.BlockSizeOption(lz4.Block4Mb), lz4.ChecksumOption(true),
		lz4.BlockChecksumOption(true), lz4.SizeOption(uint64(len(plain)))))
	_, err := l.Write(plain)
	must(err)
	must(l.Close())
	z, err := zstd.NewWriter(&streamed, zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(8<<20))
	must(err)
	_, err = z.Write(plain)
	must(err)
	must(z.Close())
	return map[string][]byte{
		"gzip of two members": twoMembers.Bytes(),
		"snappy, bare":        snappy.Encode(nil, plain),
		"lz4 with everything": large.Bytes(),
		"zstd without a size": streamed.Bytes(),
	}
}

func TestOtherWritersAreRead(t *testing.T) {
	plain := bytes.Repeat([]byte("a line of a log, and another one\n"), 40_000)
	codecs := map[string]batch.Codec{
		"gzip of two members": batch.Gzip, "snappy, bare": batch.Snappy,
		"lz4 with everything": batch.LZ4, "zstd without a size": batch.Zstd,
	}
	for name, packed := range otherWriters(t, plain) {
		got, err := batch.Decompress(codecs[name], packed, len(plain))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		_, err = batch.Decompress(codecs[name], packed, len(plain)-1)
		if !errors.Is(err, batch.ErrTooLarge) {
			t.Errorf("%s, one byte too much: %v", name, err)
		}
		_, err = batch.Decompress(codecs[name], packed[:len(packed)-9], len(plain))
		if !errors.Is(err, batch.ErrCorrupt) {
			t.Errorf("%s, cut: %v", name, err)
		}
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What little bytes may cost is bounded by the limit, whatever they claim and
// whatever they would become.
func TestBombsAreBounded(t *testing.T) {
	const limit, most = 1 << 20, 16 << 20
	zeros := make([]byte, 64<<20)
	var codecs batch.Codecs
	for codec := batch.Gzip; codec <= batch.Zstd; codec++ {
		packed := codecs.Compress(nil, codec, batch.DefaultLevel, zeros)
		used := allocated(func() {
			if _, err := batch.Decompress(codec, packed, limit); !errors.Is(err, batch.ErrTooLarge) {
				t.Errorf("%v: %v", codec, err)
			}
		})
		if used > most {
			t.Errorf("%v: %d bytes became %d", codec, len(packed), used)
		}
	}
}

func TestClaimsAreNotBelieved(t *testing.T) {
	const most = 10 << 20 // the LZ4 library's own buffers for blocks of 4 MiB
	for name, claim := range map[string]struct {
		codec  batch.Codec
		packed []byte
	}{
		"snappy": {batch.Snappy, binary.AppendUvarint(nil, 90<<20)},
		"snappy block": {batch.Snappy, append([]byte("\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"),
			0x7f, 0xff, 0xff, 0xff, 0)},
		// A frame header with a content size of eight bytes, and one raw block.
		"zstd": {batch.Zstd, append(binary.LittleEndian.AppendUint64(
			[]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}, 90<<20), 9, 0, 0, 'x')},
		"gzip": {batch.Gzip, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}},
		"lz4":  {batch.LZ4, []byte{0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73, 0xff, 0xff, 0xff, 0x7f}},
	} {
		used := allocated(func() {
			_, err := batch.Decompress(claim.codec, claim.packed, batch.DefaultDecompressedMax)
			if !errors.Is(err, batch.ErrCorrupt) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if used > most {
			t.Errorf("%s: %d bytes allocated for a claim", name, used)
		}
	}
}

func TestCodecsStartNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	var codecs batch.Codecs
	plain := bytes.Repeat([]byte("0123456789"), 1<<18)
	for codec := batch.Uncompressed; codec <= batch.Zstd; codec++ {
		packed := codecs.Compress(nil, codec, batch.DefaultLevel, plain)
		if _, err := codecs.Decompress(nil, codec, packed, len(plain)); err != nil {
			t.Fatal(err)
		}
		if now := runtime.NumGoroutine(); now > before {
			t.Fatalf("%v: %d goroutines, %d before", codec, now, before)
		}
	}
}

func TestCodecNames(t *testing.T) {
	for codec := batch.Uncompressed; codec <= batch.Zstd; codec++ {
		if got, err := batch.ParseCodec(codec.String()); got != codec || err != nil {
			t.Errorf("%v is read as %v, %v", codec, got, err)
		}
		compression := batch.CompressionOf(codec)
		got, err := batch.ParseCompression(compression.String())
		if got != compression || err != nil {
			t.Errorf("%v is read as %v, %v", compression, got, err)
		}
	}
	if got, err := batch.ParseCompression("producer"); got != batch.ProducerCompression || err != nil {
		t.Errorf("producer is read as %v, %v", got, err)
	}
	for _, bad := range []string{"", "none ", "GZIP", "lz5", "codec-5"} {
		_, err := batch.ParseCodec(bad)
		_, err2 := batch.ParseCompression(bad)
		if !errors.Is(err, batch.ErrCodec) || !errors.Is(err2, batch.ErrCodec) {
			t.Errorf("%q is taken: %v, %v", bad, err, err2)
		}
	}
	if _, err := batch.Decompress(5, []byte("x"), 9); !errors.Is(err, batch.ErrCodec) {
		t.Errorf("codec 5: %v", err)
	}
}

func FuzzDecompress(f *testing.F) {
	for i, plain := range []string{"", "x", string(bytes.Repeat([]byte("line of a log\n"), 300))} {
		for codec := batch.Gzip; codec <= batch.Zstd; codec++ {
			f.Add(byte(codec), batch.Compress(codec, i, []byte(plain)))
		}
	}
	for _, packed := range otherWriters(f, []byte("another client's")) {
		for codec := batch.Gzip; codec <= batch.Zstd; codec++ {
			f.Add(byte(codec), packed)
		}
	}
	const limit = 1 << 16
	var codecs batch.Codecs
	f.Fuzz(func(t *testing.T, codec byte, packed []byte) {
		out, err := codecs.Decompress(nil, batch.Codec(codec%8), packed, limit)
		switch {
		case len(out) > limit || err != nil && out != nil:
			t.Fatalf("%d bytes, %v", len(out), err)
		case err == nil, errors.Is(err, batch.ErrCorrupt), errors.Is(err, batch.ErrTooLarge),
			errors.Is(err, batch.ErrCodec):
		default:
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}
