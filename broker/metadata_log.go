package broker

import (
	"errors"
	"fmt"

	"odradek/controller"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
	"odradek/replica"
)

// recordsPerBatchMax is how many metadata records go into one batch. A larger
// change is written as several, within a transaction (KIP-868), so that it takes
// effect as a whole or not at all.
const recordsPerBatchMax = 10_000

// metadataLog is the cluster's one history: every change of topics and
// configurations is a record in __cluster_metadata before it is anything else.
// It lives on shard 0 and is the path that the quorum will use, with one voter.
type metadataLog struct {
	shard  *Shard
	leader *replica.Leader
	// ids is what the ids of topics are drawn from.
	ids env.Random
	// busy is set while a change is on its way: decided, written, taken in by
	// all shards. The next one is decided on its result.
	busy bool
	turn task.Signal
	// changes counts those that have come to their end.
	changes uint64
	// bytesSinceSnapshot is how much a start would have to replay.
	bytesSinceSnapshot int64
}

// metadataDecision is a function of package controller with its request and the place
// for its answer bound.
type metadataDecision func(v controller.View, random controller.Random) []metadata.Record

// change has shard 0 decide on the present metadata and bring the decision into
// effect. The function runs there while the caller waits, so it may fill in the
// caller's answer; of the caller's shard it must touch nothing else.
func (s *Shard) change(t *task.Task, name string, decide metadataDecision) (err error) {
	s.on(t, 0, name, func(t *task.Task, first *Shard) {
		err = first.controller.change(t, decide)
	})
	return err
}

// errStopping is returned for changes that come when the node is going down.
var errStopping = errors.New("the node is stopping")

// change decides on the present image and brings the decision into effect. It
// returns once every shard has taken it in, so what the caller then answers is
// true for whoever asks next. A decision without records costs nothing.
func (m *metadataLog) change(t *task.Task, decide metadataDecision) error {
	for m.busy {
		if err := m.turn.Wait(t, kafka.Never, "another metadata change"); err != nil {
			return err
		}
	}
	m.busy = true
	defer func() {
		m.busy = false
		m.changes++
		m.turn.Notify()
	}()
	if m.shard.stopping {
		return errStopping
	}
	records := decide(m.shard.view(m.shard.image), m.ids)
	if len(records) == 0 {
		return nil
	}
	return m.commit(t, records)
}

// settle waits for the change that is on its way, if there is one. It reports whether
// there was.
func (m *metadataLog) settle(t *task.Task) bool {
	if !m.busy {
		return false
	}
	for before := m.changes; m.busy && m.changes == before; {
		// Without a deadline the wait only ends by a notification.
		_ = m.turn.Wait(t, kafka.Never, "the metadata change under way")
	}
	m.turn.Notify() // it may have been another one's turn
	return true
}

// metadataSettles waits until every shard has taken in the change that is on its way. Of
// what that brings, some shards know already, and so do clients that asked them. It
// reports whether there was one: then what was unknown here may be known now.
func (s *Shard) metadataSettles(t *task.Task) (changed bool) {
	s.on(t, 0, "wait for metadata", func(t *task.Task, first *Shard) {
		changed = first.controller != nil && first.controller.settle(t)
	})
	return changed
}

// commit writes records, waits until they are durable, and publishes the image
// they make.
func (m *metadataLog) commit(t *task.Task, records []metadata.Record) error {
	delta := m.shard.image.Begin()
	for _, record := range records {
		if err := delta.Apply(record); err != nil {
			// The kernel decided something that contradicts its own image.
			assert.Unreachable(err.Error())
		}
	}
	last, err := m.write(t, records)
	if err != nil {
		return err
	}
	next, changes, err := delta.Finish(image.Provenance{LastOffset: last,
		LeaderEpoch: m.leader.Epoch(), Timestamp: m.shard.world.Clock.Wall()})
	if err != nil {
		assert.Unreachable(err.Error())
	}
	m.publish(t, next, changes)
	return m.snapshotIfDue(t)
}

// publish has every shard take in an image.
func (m *metadataLog) publish(t *task.Task, next *image.Image, changes image.Changes) {
	m.shard.onEach(t, m.shard.everywhere(), "take in metadata", func(t *task.Task, s *Shard) {
		s.takeIn(t, next, changes)
	})
}

// write appends records in as few batches as will do and waits until they are
// flushed. It returns the last one's offset.
func (m *metadataLog) write(t *task.Task, records []metadata.Record) (kafka.Offset, error) {
	if len(records) > recordsPerBatchMax {
		name := "a large change"
		begin := &metadata.BeginTransactionRecord{Name: &name}
		records = append([]metadata.Record{begin}, records...)
		records = append(records, &metadata.EndTransactionRecord{})
	}
	wall := m.shard.world.Clock.Wall()
	var next kafka.Offset
	for len(records) > 0 {
		n := min(len(records), recordsPerBatchMax)
		b := batch.NewBuilder()
		for _, record := range records[:n] {
			b.Append(wall, nil, metadata.Append(nil, record))
		}
		records = records[n:]
		end, err := m.append(t, b.Build())
		if err != nil {
			if next > 0 {
				// A transaction has begun and can't be ended: the next start
				// takes it back.
				m.shard.world.Halt(fmt.Errorf("a change of metadata was cut short: %w", err))
			}
			return 0, err
		}
		next = end
	}
	return next - 1, m.awaitFlushed(t, next)
}

func (m *metadataLog) append(t *task.Task, b batch.Batch) (next kafka.Offset, err error) {
	var appended log.Appended
	var code kafka.ErrorCode
	if err = m.shard.journal.AwaitReady(t, len(b), kafka.Never); err == nil {
		appended, code, err = m.leader.Append(b)
	}
	if err == nil && code != kafka.None {
		err = code
	}
	if err != nil {
		m.shard.diskFailed(err)
		return 0, fmt.Errorf("append to %s: %w", kafka.MetadataTopic, err)
	}
	m.bytesSinceSnapshot += int64(len(b))
	return appended.LastOffset + 1, nil
}

// awaitFlushed waits until the log is flushed up to an offset.
func (m *metadataLog) awaitFlushed(t *task.Task, next kafka.Offset) error {
	if next <= m.leader.HighWatermark() {
		return nil
	}
	w := &flushWaiter{}
	m.leader.AwaitHighWatermark(next, w, 0)
	_, err := w.future.Await(t, kafka.Never, "the metadata log to be flushed")
	return err
}

// flushWaiter is a task that waits for the highWatermark.
type flushWaiter struct{ future task.Future[struct{}] }

// Acknowledged implements replica.AckWaiter.
func (w *flushWaiter) Acknowledged(int) { w.future.Resolve(struct{}{}, nil) }

// Abandoned implements replica.AckWaiter.
func (w *flushWaiter) Abandoned(int) { w.future.Resolve(struct{}{}, env.ErrClosed) }

// begin opens a new leader's epoch, as every leader of a quorum does first, and
// takes back a transaction that a crash left open.
func (m *metadataLog) begin(t *task.Task, open bool) error {
	self := m.shard.node.NodeID
	voter := []metadata.Voter{{ID: self}}
	change := &metadata.LeaderChange{LeaderID: self, Voters: voter, GrantingVoters: voter}
	b := batch.NewBuilder().Control()
	b.Append(m.shard.world.Clock.Wall(), metadata.AppendControlKey(nil, change),
		metadata.AppendControl(nil, change))
	next, err := m.append(t, b.Build())
	if err != nil {
		return err
	}
	if open {
		_, err := m.write(t, []metadata.Record{&metadata.AbortTransactionRecord{}})
		return err
	}
	return m.awaitFlushed(t, next)
}
