package journal

import (
	"encoding/binary"
	"hash/crc32"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
)

// frameHeaderSize is the size of a frame's header; doc.go draws it.
const frameHeaderSize = 64

// frameMagic begins every frame.
const frameMagic = 0x6c6e726a_6b646f00

// frameHeader is what a frame says of itself.
type frameHeader struct {
	run        uint64
	generation uint64
	// sequence is that of the first entry.
	sequence Sequence
	// oldest is the lowest generation that replay still needs.
	oldest  uint64
	shard   uint32
	entries uint32
	// length is the size of the entries in bytes, without header and padding.
	length     uint32
	payloadCRC uint32
	// next is 0 but in the mark that ends a file: there it is the number in the
	// name of the file that goes on.
	next uint32
}

func (h *frameHeader) put(dst []byte, salt uint64) {
	_ = dst[frameHeaderSize-1]
	binary.LittleEndian.PutUint64(dst[0:], frameMagic)
	binary.LittleEndian.PutUint64(dst[8:], h.run)
	binary.LittleEndian.PutUint64(dst[16:], h.generation)
	binary.LittleEndian.PutUint64(dst[24:], uint64(h.sequence))
	binary.LittleEndian.PutUint64(dst[32:], h.oldest)
	binary.LittleEndian.PutUint32(dst[40:], h.shard)
	binary.LittleEndian.PutUint32(dst[44:], h.entries)
	binary.LittleEndian.PutUint32(dst[48:], h.length)
	binary.LittleEndian.PutUint32(dst[52:], h.payloadCRC)
	binary.LittleEndian.PutUint32(dst[56:], h.next)
	binary.LittleEndian.PutUint32(dst[60:], headerChecksum(dst, salt))
}

// isFrame reports whether a block begins as a frame of any run does.
func isFrame(block []byte) bool { return binary.LittleEndian.Uint64(block) == frameMagic }

// parseFrameHeader reads a header; ok is false when these bytes are not one
// that was written under this salt.
func parseFrameHeader(b []byte, salt uint64) (h frameHeader, ok bool) {
	if len(b) < frameHeaderSize || binary.LittleEndian.Uint64(b) != frameMagic {
		return h, false
	}
	if binary.LittleEndian.Uint32(b[60:]) != headerChecksum(b, salt) {
		return h, false
	}
	h.run = binary.LittleEndian.Uint64(b[8:])
	h.generation = binary.LittleEndian.Uint64(b[16:])
	h.sequence = Sequence(binary.LittleEndian.Uint64(b[24:]))
	h.oldest = binary.LittleEndian.Uint64(b[32:])
	h.shard = binary.LittleEndian.Uint32(b[40:])
	h.entries = binary.LittleEndian.Uint32(b[44:])
	h.length = binary.LittleEndian.Uint32(b[48:])
	h.payloadCRC = binary.LittleEndian.Uint32(b[52:])
	h.next = binary.LittleEndian.Uint32(b[56:])
	return h, true
}

// headerChecksum covers the salt and the header. The salt is the run's secret:
// a client that puts a forged frame into its records cannot know it, so bytes
// of records are never taken for a frame.
//
// The salt is taken byte by byte, lowest first: crc32.Update would have its
// eight bytes allocated, once a commit.
func headerChecksum(header []byte, salt uint64) uint32 {
	table := castagnoli()
	sum := ^uint32(0)
	for shift := 0; shift < 64; shift += 8 {
		sum = table[byte(sum)^byte(salt>>shift)] ^ sum>>8
	}
	return crc32.Update(^sum, table, header[:60])
}

// castagnoli returns the shared CRC-32C table, which the hardware path asks for.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// size is how many bytes of a file the frame takes.
func (h *frameHeader) size() int64 {
	return int64(padded(frameHeaderSize + int(h.length)))
}

// padded rounds up to whole blocks.
func padded(n int) int { return (n + env.BlockSize - 1) &^ (env.BlockSize - 1) }

// frame is one group commit while it is gathered and written.
type frame struct {
	// bytes came from Disk.Buffer.
	bytes []byte
	used  int
	// number tells one use of the frame from the next.
	number  uint64
	first   Sequence
	entries uint32
	// events are the entries that are not Nothing.
	events uint32
	crc    uint32
	// touched are the logs that have entries in the frame, each with its end.
	touched []touch
}

type touch struct {
	writer *Writer
	end    kafka.Offset
}

// begin empties the frame for a new use.
func (f *frame) begin(number uint64, first Sequence) {
	f.used, f.number, f.first = frameHeaderSize, number, first
	f.entries, f.events, f.crc = 0, 0, 0
	clear(f.touched)
	f.touched = f.touched[:0]
}

// fits reports whether an entry with so much data goes in.
func (f *frame) fits(dataBytes int) bool {
	return f.used+entryHeaderSize+dataBytes <= len(f.bytes)
}

// add copies an entry in. The checksum runs over it while it is in the cache.
func (f *frame) add(e *Entry, table *crc32.Table) {
	assert.That(f.fits(len(e.Data)), "an entry fits into its frame")
	start := f.used
	putEntryHeader(f.bytes[start:], e)
	copy(f.bytes[start+entryHeaderSize:], e.Data)
	f.used = start + entryHeaderSize + len(e.Data)
	f.crc = crc32.Update(f.crc, table, f.bytes[start:f.used])
	f.entries++
	if e.Kind != Nothing {
		f.events++
	}
}

// seal pads the frame and puts its header; it returns the blocks to write.
func (f *frame) seal(h frameHeader, salt uint64) []byte {
	h.sequence, h.entries, h.payloadCRC = f.first, f.entries, f.crc
	h.length = uint32(f.used - frameHeaderSize)
	end := padded(f.used)
	clear(f.bytes[f.used:end])
	h.put(f.bytes, salt)
	return f.bytes[:end]
}

// last is the sequence of the frame's last entry.
func (f *frame) last() Sequence { return f.first + Sequence(f.entries) - 1 }
