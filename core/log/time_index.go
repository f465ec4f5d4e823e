package log

import (
	"encoding/binary"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// timeEntrySize is the size of an entry of a .timeindex file:
//
//	0                      8             12
//	+----------------------+-------------+
//	| the newest timestamp | offset of   |   big-endian; int64, and int32 less
//	| up to the offset     | its batch   |   the segment's base; both rise
//	+----------------------+-------------+
const timeEntrySize = 12

// timeIndex finds about where in a segment records become as new as asked.
type timeIndex struct {
	index
	base kafka.Offset
	// last is the timestamp of the last entry, NoTimestamp when there is none.
	last kafka.Timestamp
}

func newTimeIndex(disk env.Disk, dir string, base kafka.Offset) timeIndex {
	name := fileName(dir, base, timeIndexSuffix)
	index := index{disk: disk, name: name, entrySize: timeEntrySize}
	return timeIndex{index, base, kafka.NoTimestamp}
}

// add appends an entry unless its timestamp says nothing new.
func (x *timeIndex) add(timestamp kafka.Timestamp, offset kafka.Offset) {
	if timestamp <= x.last {
		return
	}
	x.last = timestamp
	var entry [timeEntrySize]byte
	binary.BigEndian.PutUint64(entry[0:], uint64(timestamp))
	binary.BigEndian.PutUint32(entry[8:], uint32(offset-x.base))
	x.append(entry[:])
}

func (x *timeIndex) decode(entry []byte) (kafka.Timestamp, kafka.Offset) {
	return kafka.Timestamp(binary.BigEndian.Uint64(entry)),
		x.base + kafka.Offset(binary.BigEndian.Uint32(entry[8:]))
}

// at returns entry i.
func (x *timeIndex) at(t *task.Task, i int) (kafka.Timestamp, kafka.Offset, error) {
	entry, err := x.entry(t, i)
	if err != nil {
		return 0, 0, err
	}
	timestamp, offset := x.decode(entry)
	return timestamp, offset, nil
}

// before returns an offset such that no record before it is as new as
// timestamp, and the newest timestamp up to it: the last entry's that is not newer,
// or the segment's base and NoTimestamp.
func (x *timeIndex) before(
	t *task.Task, timestamp kafka.Timestamp,
) (kafka.Timestamp, kafka.Offset, error) {
	i, err := x.search(t, func(entry []byte) bool {
		at, _ := x.decode(entry)
		return at > timestamp
	})
	if err != nil || i == 0 {
		return kafka.NoTimestamp, x.base, err
	}
	return x.at(t, i-1)
}

// countBelow is how many entries are of offsets below offset.
func (x *timeIndex) countBelow(t *task.Task, offset kafka.Offset) (int, error) {
	return x.search(t, func(entry []byte) bool {
		_, at := x.decode(entry)
		return at >= offset
	})
}

// cut removes the entries of offsets from offset on.
func (x *timeIndex) cut(t *task.Task, offset kafka.Offset) error {
	n, err := x.countBelow(t, offset)
	if err != nil {
		return err
	}
	if err := x.truncate(n); err != nil {
		return err
	}
	return x.reloadLast(t)
}

// reloadLast reads the last entry again.
func (x *timeIndex) reloadLast(t *task.Task) (err error) {
	x.last = kafka.NoTimestamp
	if n := x.count(); n > 0 {
		x.last, _, err = x.at(t, n-1)
	}
	return err
}
