package log

import (
	"encoding/binary"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// offsetEntrySize is the size of an entry of an .index file:
//
//	0             4            8
//	+-------------+------------+
//	| lastOffset  | position   |   big-endian int32, the offset less the
//	| of a batch  | of a batch |   segment's base; both rise strictly
//	+-------------+------------+
const offsetEntrySize = 8

// offsetIndex finds about where in a segment an offset is.
type offsetIndex struct {
	index
	base kafka.Offset
}

func newOffsetIndex(disk env.Disk, dir string, base kafka.Offset) offsetIndex {
	name := fileName(dir, base, indexSuffix)
	return offsetIndex{index{disk: disk, name: name, entrySize: offsetEntrySize}, base}
}

func (x *offsetIndex) add(lastOffset kafka.Offset, position int64) {
	var entry [offsetEntrySize]byte
	binary.BigEndian.PutUint32(entry[0:], uint32(lastOffset-x.base))
	binary.BigEndian.PutUint32(entry[4:], uint32(position))
	x.append(entry[:])
}

func (x *offsetIndex) decode(entry []byte) (lastOffset kafka.Offset, position int64) {
	return x.base + kafka.Offset(binary.BigEndian.Uint32(entry)),
		int64(binary.BigEndian.Uint32(entry[4:]))
}

// at returns entry i.
func (x *offsetIndex) at(t *task.Task, i int) (kafka.Offset, int64, error) {
	entry, err := x.entry(t, i)
	if err != nil {
		return 0, 0, err
	}
	lastOffset, position := x.decode(entry)
	return lastOffset, position, nil
}

// before returns where a batch begins from which on an offset is found: the
// last entry's whose offset is not above it, or the start of the segment.
func (x *offsetIndex) before(t *task.Task, offset kafka.Offset) (int64, error) {
	i, err := x.search(t, func(entry []byte) bool {
		lastOffset, _ := x.decode(entry)
		return lastOffset > offset
	})
	if err != nil || i == 0 {
		return 0, err
	}
	_, position, err := x.at(t, i-1)
	return position, err
}

// floor returns the last batch start it knows that is not above limit and has
// every batch before it below upTo; 0 when it knows none.
func (x *offsetIndex) floor(t *task.Task, limit int64, upTo kafka.Offset) (int64, error) {
	i, err := x.search(t, func(entry []byte) bool {
		lastOffset, position := x.decode(entry)
		return position > limit || lastOffset >= upTo
	})
	if err != nil || i == 0 {
		return 0, err
	}
	_, position, err := x.at(t, i-1)
	return position, err
}

// countBelow is how many entries are of offsets below offset.
func (x *offsetIndex) countBelow(t *task.Task, offset kafka.Offset) (int, error) {
	return x.search(t, func(entry []byte) bool {
		lastOffset, _ := x.decode(entry)
		return lastOffset >= offset
	})
}

// cut removes the entries of offsets from offset on.
func (x *offsetIndex) cut(t *task.Task, offset kafka.Offset) error {
	n, err := x.countBelow(t, offset)
	if err != nil {
		return err
	}
	return x.truncate(n)
}
