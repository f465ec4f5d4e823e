package replica

import (
	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/log"
)

// Leader is the leading replica of a partition, on the shard that owns it.
type Leader struct {
	Topic     string
	Partition kafka.TopicPartition
	Log       *log.Log

	epoch kafka.LeaderEpoch
	self  kafka.BrokerID
	// isr are the in-sync replicas. With one broker it is the leader itself.
	isr []kafka.BrokerID
	// highWatermark is the first offset not yet flushed by every member of the
	// isr. Invariant: logStartOffset <= highWatermark <= logEndOffset; it only
	// moves up.
	highWatermark kafka.Offset

	acks     ackQueue
	watchers watchList
}

// NewLeader makes the leader of a partition from its recovered log. Everything
// recovered is flushed, so the highWatermark begins at its end.
func NewLeader(topic string, l *log.Log, id kafka.TopicPartition, epoch kafka.LeaderEpoch,
	self kafka.BrokerID) *Leader {
	r := &Leader{Topic: topic, Partition: id, Log: l, epoch: epoch, self: self,
		isr: []kafka.BrokerID{self}, highWatermark: l.FlushedEndOffset()}
	l.OnFlushed(r.advance)
	l.BeginEpoch(epoch)
	return r
}

// Epoch is the leader epoch that batches are stamped with.
func (r *Leader) Epoch() kafka.LeaderEpoch { return r.epoch }

// SetEpoch begins a new leader epoch: what is appended from now on carries it.
func (r *Leader) SetEpoch(epoch kafka.LeaderEpoch) {
	assert.That(epoch >= r.epoch, "a leader epoch only rises")
	r.epoch = epoch
	r.Log.BeginEpoch(epoch)
}

// ISR are the in-sync replicas.
func (r *Leader) ISR() []kafka.BrokerID { return r.isr }

// HighWatermark is the first offset that consumers may not see yet.
func (r *Leader) HighWatermark() kafka.Offset { return r.highWatermark }

// LastStableOffset bounds what a read_committed consumer may see: no
// transaction is ever open yet, so it is the highWatermark.
func (r *Leader) LastStableOffset() kafka.Offset { return r.highWatermark }

// Append writes a validated batch under the leader's epoch, without waiting. The
// code is the client's fault (see log.Log.Append), err is the disk's.
func (r *Leader) Append(b batch.Batch) (log.Appended, kafka.ErrorCode, error) {
	appended, code, err := r.Log.Append(b, r.epoch)
	assert.That(r.highWatermark <= r.Log.LogEndOffset(), "the highWatermark is within the log")
	return appended, code, err
}

// advance moves the highWatermark to the least flushed end offset of the isr
// and tells who waited for it.
func (r *Leader) advance() {
	flushed := r.Log.FlushedEndOffset()
	assert.That(flushed >= r.highWatermark, "the highWatermark only moves up")
	if flushed == r.highWatermark {
		return
	}
	r.highWatermark = flushed
	r.acks.release(flushed)
	r.watchers.tell()
}

// AwaitHighWatermark has the waiter told, with its tag, once the highWatermark
// has reached an offset. It is for offsets that are above it now; waits are
// released in the order of their offsets.
func (r *Leader) AwaitHighWatermark(offset kafka.Offset, waiter AckWaiter, tag int) {
	assert.That(offset > r.highWatermark, "only what is not yet acknowledged is waited for")
	r.acks.push(ack{offset: offset, waiter: waiter, tag: tag})
}

// Watch has the watch's owner told of every move of the highWatermark until
// Unwatch.
func (r *Leader) Watch(w *Watch) { r.watchers.add(w) }

// Retire tells everybody who waits that the partition is gone from this
// broker: deleted, or moved.
func (r *Leader) Retire() {
	r.acks.abandon()
	r.watchers.tell()
}
