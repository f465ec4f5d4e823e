package log

import (
	"errors"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/task"
)

// errStop ends a scan that has found what it was looking for.
var errStop = errors.New("found")

// Found is a record found by its timestamp.
type Found struct {
	Offset    kafka.Offset
	Timestamp kafka.Timestamp
	// Epoch is the leader epoch of the record's batch.
	Epoch kafka.LeaderEpoch
	// Found is false where there is no such record; the rest is then -1.
	Found bool
}

func nothingFound() Found {
	return Found{kafka.NoOffset, kafka.NoTimestamp, kafka.NoLeaderEpoch, false}
}

// OffsetForTimestamp finds the first record below upTo whose timestamp is at
// least timestamp. It decodes the records of a batch. Source: KIP-79.
func (l *Log) OffsetForTimestamp(
	t *task.Task, timestamp kafka.Timestamp, upTo kafka.Offset,
) (Found, error) {
	if err := l.Failed(); err != nil {
		return nothingFound(), err
	}
	// Segments may come and go while this waits, and one may take the place of several:
	// so what was searched is known by its offsets.
	for next := l.logStartOffset; l.failed == nil && next < upTo; {
		s := l.chain.from(next)
		if s == nil || s.base >= upTo {
			break
		}
		from, searched := max(next, l.logStartOffset), s.next
		if s.maxTimestamp >= timestamp {
			found, err := l.searchSegment(t, s, func(r recordAt) bool {
				return r.offset >= from && r.timestamp >= timestamp
			}, timestamp, from)
			if err != nil || found.Found {
				return found.below(upTo), err
			}
		}
		next = searched
	}
	return nothingFound(), l.failed
}

// OffsetOfMaxTimestamp finds the first record that is as new as any, if that is
// below upTo. As Kafka's, it speaks of what the segments hold, so the record may
// lie before logStartOffset. Source: KIP-734.
func (l *Log) OffsetOfMaxTimestamp(t *task.Task, upTo kafka.Offset) (Found, error) {
	if err := l.Failed(); err != nil {
		return nothingFound(), err
	}
	newest := l.chain.segments[0]
	for _, s := range l.chain.segments {
		if s.maxTimestamp > newest.maxTimestamp {
			newest = s
		}
	}
	timestamp := newest.maxTimestamp
	if timestamp < 0 {
		return nothingFound(), nil
	}
	found, err := l.searchSegment(t, newest, func(r recordAt) bool {
		return r.timestamp == timestamp
	}, timestamp, 0)
	return found.below(upTo), err
}

func (f Found) below(upTo kafka.Offset) Found {
	if f.Found && f.Offset >= upTo {
		return nothingFound()
	}
	return f
}

// recordAt is a record's place and time.
type recordAt struct {
	offset    kafka.Offset
	timestamp kafka.Timestamp
}

// searchSegment finds the first record of a segment that matches, from where
// the time index says that records become as new as atLeast, and not in batches
// that end before an offset.
func (l *Log) searchSegment(t *task.Task, s *segment, match func(recordAt) bool,
	atLeast kafka.Timestamp, start kafka.Offset) (Found, error) {
	s.acquire()
	defer s.release()
	position, err := s.positionOlder(t, atLeast)
	if err != nil {
		return nothingFound(), err
	}
	found := nothingFound()
	err = s.scan(t, position, func(b scanned) error {
		if found.Found || b.batch.MaxTimestamp() < atLeast || b.batch.LastOffset() < start {
			return nil
		}
		var err error
		found, err = searchBatch(b.batch, match)
		if err == nil && found.Found {
			err = errStop
		}
		return err
	})
	if err == errStop {
		err = nil
	}
	return found, err
}

// positionOlder is where a batch begins before which no record is as new as
// timestamp. As positionBefore, it believes an entry of the index only if the batch
// that it speaks of has the timestamp that it says.
func (s *segment) positionOlder(t *task.Task, timestamp kafka.Timestamp) (int64, error) {
	newest, offset, err := s.times.before(t, timestamp)
	if err != nil || offset == s.base {
		return 0, err
	}
	w := walker{segment: s, task: t, scratch: make([]byte, scratchBytes)}
	position, err := s.positionBefore(&w, max(offset, s.base))
	for err == nil && position < s.size {
		var h header
		if h, err = w.at(position); err == nil && h.next > offset {
			if h.timestamp == newest {
				return position, nil
			}
			return 0, nil
		}
		position += h.size
	}
	return 0, err
}

func searchBatch(b batch.Batch, match func(recordAt) bool) (Found, error) {
	records := b.Records(batch.Limits{})
	for records.Next() {
		r := records.Record()
		at := recordAt{b.Offset(r), b.Timestamp(r)}
		if match(at) {
			return Found{at.offset, at.timestamp, b.LeaderEpoch(), true}, nil
		}
	}
	return nothingFound(), records.Err()
}
