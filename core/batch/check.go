package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrShort is returned where the bytes end before the batch does: the rest of
// a fetch that was cut at its size limit, or a torn write.
var ErrShort = errors.New("the bytes end before the batch does")

// ErrCorrupt is wrapped by every error that means: these bytes are not what
// somebody wrote on purpose.
var ErrCorrupt = errors.New("corrupt record batch")

// ErrTooLarge is wrapped where records would decompress to more than allowed.
var ErrTooLarge = errors.New("the records decompress to more than is allowed")

// Next cuts the first whole batch off b. The batch aliases b and ends exactly
// where its length field says, so that writing to it cannot run into rest. Only
// the length is looked at: Check does the rest.
//
// ErrShort means that b, which may be empty, ends before its first batch does;
// ErrCorrupt that the length field cannot be true.
func Next(b []byte) (batch Batch, rest []byte, err error) {
	if len(b) < PrefixSize {
		return nil, b, ErrShort
	}
	length := int64(int32(binary.BigEndian.Uint32(b[lengthAt:])))
	if length < HeaderSize-PrefixSize {
		return nil, b, fmt.Errorf("%w: length field is %d, a header alone has %d",
			ErrCorrupt, length, HeaderSize-PrefixSize)
	}
	size := PrefixSize + length
	if size > int64(len(b)) {
		return nil, b, ErrShort
	}
	return Batch(b[:size:size]), b[size:], nil
}

// Check finds out whether the batch is what was once written: its length, its
// format, its checksum, and counts that can be true. It is for bytes from a
// disk, a journal or another broker; what a client sends is for Validate,
// which asks for more. It reads all of the batch once and allocates nothing
// unless it fails. Every error wraps ErrCorrupt.
//
// A batch may hold fewer records than offsets, even none: compaction removes
// records and keeps the offsets.
func (b Batch) Check() error {
	if len(b) < HeaderSize {
		return fmt.Errorf("%w: %d bytes, a header alone has %d", ErrCorrupt, len(b), HeaderSize)
	}
	if b.lengthField() != int64(len(b)-PrefixSize) {
		return fmt.Errorf("%w: length field is %d in %d bytes",
			ErrCorrupt, b.lengthField(), len(b))
	}
	if b.Magic() != MagicV2 {
		return fmt.Errorf("%w: magic is %d, only %d is kept", ErrCorrupt, b.Magic(), MagicV2)
	}
	if computed := b.checksum(); computed != b.CRC() {
		return fmt.Errorf("%w: CRC-32C is %08x, the header says %08x",
			ErrCorrupt, computed, b.CRC())
	}
	count, delta := b.RecordCount(), b.LastOffsetDelta()
	if delta < 0 || count < 0 || int64(count) > int64(delta)+1 {
		return fmt.Errorf("%w: %d records in %d offsets", ErrCorrupt, count, int64(delta)+1)
	}
	return nil
}

// lengthField is the length that the header holds: all but the prefix.
func (b Batch) lengthField() int64 {
	return int64(int32(binary.BigEndian.Uint32(b[lengthAt:])))
}
