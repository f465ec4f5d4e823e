package batch

import (
	"encoding/binary"
	"hash/crc32"
)

// besideBytes is how many bytes are taken at a time where more than one look at
// them is due: they are still in the first cache for the second look.
const besideBytes = 32 << 10

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// checksum is the CRC-32C of what the batch's CRC covers: everything from the
// attributes on.
func (b Batch) checksum() uint32 { return crc32.Checksum(b[attributesAt:], castagnoli()) }

// checksumBeside is checksum for a batch whose records a survey of is due: it
// takes the survey along, so that a large batch is brought into the cache once.
func (b Batch) checksumBeside(s *surveyor) (sum uint32) {
	for from := attributesAt; from < len(b); from += besideBytes {
		end := min(from+besideBytes, len(b))
		sum = crc32.Update(sum, castagnoli(), b[from:end])
		s.walk(end - HeaderSize)
	}
	return sum
}

// seal writes the CRC of the batch's bytes into its header.
func (b Batch) seal() { binary.BigEndian.PutUint32(b[crcAt:], b.checksum()) }

// headerSum is the CRC of those bytes of the header that the batch's CRC covers.
func (b Batch) headerSum() uint32 {
	return crc32.Checksum(b[attributesAt:HeaderSize], castagnoli())
}

// resealMin is from which size on reseal does without the records.
const resealMin = 16 << 10

// reseal writes the CRC into the header of a batch whose CRC was right with
// another header; before is what headerSum was then.
//
// A CRC is linear: the CRCs of two texts of one length differ by what the bits
// that differ, alone, contribute. Here those are in the header, so it is the
// difference of the headers' own CRCs, moved by the length of the records.
func (b Batch) reseal(before uint32) {
	if len(b) < resealMin {
		b.seal()
		return
	}
	sum := b.CRC() ^ moved(before^b.headerSum(), len(b)-HeaderSize)
	binary.BigEndian.PutUint32(b[crcAt:], sum)
}

// moved is what a CRC contributes when count zero bytes follow it: as a
// polynomial it is multiplied by x for each bit of them. x to the power of
// 8*count comes from the squares of x^8, so this takes a microsecond whatever
// the count.
func moved(sum uint32, count int) uint32 {
	const byOneByte = 1 << (31 - 8) // x^8
	for power := uint32(byOneByte); count > 0; count >>= 1 {
		if count&1 != 0 {
			sum = multiplied(sum, power)
		}
		power = multiplied(power, power)
	}
	return sum
}

// multiplied is the product of two polynomials over GF(2), modulo CRC-32C's. The
// highest bit is the coefficient of x^0, the lowest that of x^31.
func multiplied(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		product ^= b & -(a >> 31)
		b = b>>1 ^ crc32.Castagnoli&-(b&1) // times x
	}
	return product
}
