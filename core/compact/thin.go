package compact

import (
	"math"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
)

// Note puts the keys of a batch's records in [from, to) into the map. It returns the
// offset up to which the map has taken note of the batch: where that or the range
// ends, or less when the map is full. A batch of a transaction, or of control records,
// has nothing to note. The error wraps one of package batch's: the batch can't be read.
func (m *KeyMap) Note(
	b batch.Batch, from, to kafka.Offset, codecs *batch.Codecs,
) (end kafka.Offset, err error) {
	end = min(b.NextOffset(), to)
	if b.IsControl() || b.IsTransactional() {
		return end, nil
	}
	records := b.Records(batch.Limits{Codecs: codecs})
	for records.Next() {
		r := records.Record()
		offset := b.Offset(r)
		if r.Key != nil && offset >= from && offset < to && !m.Put(r.Key, offset) {
			return offset, nil
		}
	}
	return end, records.Err()
}

// Stats count what a Thinning has seen and left.
type Stats struct {
	RecordsRead, RecordsKept int64
	BytesRead, BytesKept     int64
	// Keyless are the records without a key, which are dropped: a topic that became
	// a compacted one may have them.
	Keyless int64
}

// Thinning takes records out of the batches of a log, from its first on. What it
// was told of time and of the map holds for all of one pass.
type Thinning struct {
	// Keys holds the newest offset of each key in the dirty part below End.
	Keys *KeyMap
	// End is the first offset that the map knows nothing of: records from there on
	// stay.
	End kafka.Offset
	// Now is the wall time of the pass.
	Now kafka.Timestamp
	// DeleteRetentionMs is delete.retention.ms.
	DeleteRetentionMs int64
	// Codecs is working memory.
	Codecs *batch.Codecs

	Stats        Stats
	transactions transactions
	// kept says of each record of the batch at hand whether it stays.
	kept []bool
}

// Batch is what stays of the log's next batch: the batch itself, one with fewer
// records or another base time in memory of its own, or nil. With stays it is never
// nil: a batch that would go is emptied. The error wraps one of package batch's: the
// batch can't be read, and nothing may be made of it.
//
// Source: Kafka's MemoryRecords.filterTo, Cleaner.shouldRetainRecord.
func (t *Thinning) Batch(b batch.Batch, stays bool) (batch.Batch, error) {
	var left batch.Batch
	var err error
	if b.IsControl() {
		left, err = t.control(b)
	} else {
		left, err = t.data(b)
	}
	if err != nil {
		return nil, err
	}
	if left == nil && stays {
		left = b.Emptied()
	}
	t.Stats.RecordsRead += int64(b.RecordCount())
	t.Stats.BytesRead += int64(len(b))
	if left != nil {
		assert.That(left.BaseOffset() == b.BaseOffset() && left.LastOffset() == b.LastOffset(),
			"compaction leaves a batch its offsets")
		t.Stats.RecordsKept += int64(left.RecordCount())
		t.Stats.BytesKept += int64(len(left))
	}
	return left, nil
}

// control is what stays of a batch of control records.
func (t *Thinning) control(b batch.Batch) (batch.Batch, error) {
	if b.RecordCount() == 0 {
		return nil, nil // its records went before
	}
	records := b.Records(batch.Limits{Codecs: t.Codecs})
	if !records.Next() {
		return nil, records.Err()
	}
	kind, err := batch.ReadControl(records.Record())
	if err != nil {
		return nil, err
	}
	if kind != batch.Commit && kind != batch.Abort || !t.transactions.ended(b.ProducerID()) {
		return b, nil
	}
	horizon, begun := b.DeleteHorizon()
	if begun && t.Now >= horizon {
		return nil, nil
	}
	if begun {
		return b, nil
	}
	t.kept = append(t.kept[:0], true)
	return t.rebuild(b, b.Records(batch.Limits{Codecs: t.Codecs}), t.horizon())
}

// data is what stays of a batch of a client's records.
func (t *Thinning) data(b batch.Batch) (batch.Batch, error) {
	if b.IsTransactional() {
		t.transactions.saw(b.ProducerID())
	}
	records := b.Records(batch.Limits{Codecs: t.Codecs})
	again := records
	horizon, begun := b.DeleteHorizon()
	over := begun && t.Now >= horizon
	t.kept = t.kept[:0]
	count, tombstones := 0, false
	for records.Next() {
		r := records.Record()
		keeps, tombstone := t.keeps(b, &r, over)
		t.kept = append(t.kept, keeps)
		if keeps {
			count++
			tombstones = tombstones || tombstone
		}
	}
	switch {
	case records.Err() != nil:
		return nil, records.Err()
	case count == 0:
		return nil, nil
	case count == len(t.kept) && (begun || !tombstones):
		return b, nil
	case !begun && tombstones:
		return t.rebuild(b, again, t.horizon())
	case begun:
		return t.rebuild(b, again, horizon)
	}
	return t.rebuild(b, again, kafka.NoTimestamp)
}

// keeps reports whether a record stays, and whether it stays as a tombstone that has
// done its work. over is set when the time of the batch's tombstones is. A tombstone of
// a transaction has done nothing: what it would delete is still there.
func (t *Thinning) keeps(b batch.Batch, r *batch.Record, over bool) (keeps, tombstone bool) {
	offset := b.Offset(*r)
	if offset >= t.End {
		return true, false
	}
	if r.Key == nil {
		t.Stats.Keyless++
		return false, false
	}
	if offset < t.Keys.Newest(r.Key) {
		return false, false
	}
	tombstone = r.Value == nil && !b.IsTransactional()
	return !tombstone || !over, tombstone
}

// horizon is the delete horizon of what is found to be due now.
func (t *Thinning) horizon() kafka.Timestamp {
	if int64(t.Now) > math.MaxInt64-t.DeleteRetentionMs {
		return math.MaxInt64
	}
	return t.Now + kafka.Timestamp(t.DeleteRetentionMs)
}

// rebuild makes a batch of the records kept, with a delete horizon unless that is
// NoTimestamp.
func (t *Thinning) rebuild(
	b batch.Batch, records batch.Records, horizon kafka.Timestamp,
) (batch.Batch, error) {
	builder := batch.NewBuilder().Working(t.Codecs).Like(b)
	if horizon != kafka.NoTimestamp {
		builder.Until(horizon)
	}
	for i := 0; records.Next(); i++ {
		if r := records.Record(); t.kept[i] {
			builder.AppendAt(r.OffsetDelta, b.Timestamp(r), r)
		}
	}
	if err := records.Err(); err != nil {
		return nil, err
	}
	return builder.Build(), nil
}

// openMax bounds the producers whose transactions are followed at a time: some
// megabytes. Beyond it no marker is taken for one of nothing any more.
const openMax = 1 << 16

// transactions follows which producers have left records of a transaction that no
// marker has ended yet.
type transactions struct {
	open map[kafka.ProducerID]struct{}
	// lost is set when there were too many to follow.
	lost bool
}

// saw takes note of a producer's batch in a transaction.
func (t *transactions) saw(id kafka.ProducerID) {
	if t.open == nil {
		t.open = map[kafka.ProducerID]struct{}{}
	}
	if _, known := t.open[id]; !known && len(t.open) == openMax {
		t.lost = true
		return
	}
	t.open[id] = struct{}{}
}

// ended takes note of a marker, and reports whether nothing is left of the
// transaction that it ends.
func (t *transactions) ended(id kafka.ProducerID) (ofNothing bool) {
	_, open := t.open[id]
	delete(t.open, id)
	return !open && !t.lost
}
