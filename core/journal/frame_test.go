package journal

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// A frame's checksum is that of the salt's bytes and then the header's, and costs
// no allocation.
func TestHeaderChecksum(t *testing.T) {
	header := make([]byte, 64)
	for i := range header {
		header[i] = byte(i * 37)
	}
	for _, salt := range []uint64{0, 1, 0x0102030405060708, 1 << 63, 0xff00} {
		whole := append(binary.LittleEndian.AppendUint64(nil, salt), header[:60]...)
		want := crc32.Checksum(whole, castagnoli())
		if got := headerChecksum(header, salt); got != want {
			t.Errorf("salt %x: %08x, want %08x", salt, got, want)
		}
	}
	if got := testing.AllocsPerRun(100, func() { headerChecksum(header, 4711) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
