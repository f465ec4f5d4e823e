package campaign

import (
	"encoding/binary"
	"fmt"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// With flush.policy=background the broker's word is Kafka's: what it acknowledged
// outlives its process, and not its machine. So a loss of power ends one life of
// the partitions and begins another. Each is held against every promise on its
// own, and between the two stands what Kafka does promise:
//
//	before   0 ......... logStart ............................ end
//	after    0 ................ logStart .......... end
//	                               the same records    gone
//
// A log may lose its end, but nothing from its midst; its start may not fall back,
// as a reader who was told of it would see what was deleted; and what is there is
// what was there. In the second life clients write on, the process is killed, and
// again nothing of what it acknowledged may be missing.

// forgets reports whether the broker's end may take acknowledged records with it.
func (s *shape) forgets() bool { return s.background && s.ending == endsWithPowerLoss }

// liveAgain is the second life of a run.
func (r *Run) liveAgain() {
	first := r.record
	r.first = &first
	r.record = recorder{events: first.events, operations: first.operations}
	r.lookOnce()
	if r.world.Failure() != nil {
		return
	}
	r.inherit(&first.kept, &r.record.kept, false)
	r.inherit(&first.retained, &r.record.retained, true)
	r.stopping = false
	r.addActor("heir-idempotent", newIdempotent)
	r.addActor("heir-plain", newPlain)
	r.addActor("heir-consumer", newConsumer)
	r.world.RunFor(calmLasts)
	r.stopping = true
	r.await("the clients of the second life end", endPatience, r.allDone)
	r.lookOnce()
	r.endBy(endsWithKill)
}

// inherit holds what the second life found against what the first one left, and
// enters it as what the second begins with.
func (r *Run) inherit(first, second *check.History, retention bool) {
	last := map[kafka.TopicPartition]*check.Scan{}
	for i := range first.Scans {
		last[first.Scans[i].Partition] = &first.Scans[i]
	}
	for i := range second.Scans {
		after := &second.Scans[i]
		before := last[after.Partition]
		if before == nil {
			continue // nobody could read it, and the first life's verdict says so
		}
		if wrong := check.Remains(before, after, retention); wrong != "" {
			r.world.Fail("check", fmt.Sprintf("%s-%d after a power loss: %s",
				r.ledger.byID[after.Partition.Topic].name, after.Partition.Partition, wrong))
			return
		}
		r.scan.world.Trace.Sometimes(recordsLost, after.End < before.End)
		r.bequeath(second, after)
	}
}

// bequeath enters what a partition begins its second life with: one batch that was
// acknowledged before anything else, and the deletion of what had gone of it. Of
// that nobody knows the contents, but for the beginning of a batch that is still
// sent whole since its end is there.
func (r *Run) bequeath(h *check.History, found *check.Scan) {
	records := make([]check.Hash, found.LogStart, int(found.LogStart)+len(found.Records))
	for i := range records {
		records[i] = check.HashOf([]byte("gone"), binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	for _, early := range r.scan.early[found.Partition] {
		records[early.Offset] = early.Hash
	}
	for i := range found.Records {
		records = append(records, found.Records[i].Hash)
	}
	done := func(call check.Event) check.Operation {
		o := r.record.operation(0, int64(call))
		o.Return, o.Outcome = call+1, check.OK
		return o
	}
	if len(records) > 0 {
		h.Produces = append(h.Produces, check.Produce{Operation: done(1),
			Partition: found.Partition, Records: records, Acks: check.AcksAll,
			ProducerID: kafka.NoProducerID, Sends: 1})
	}
	if found.LogStart > 0 {
		h.Deletes = append(h.Deletes, check.DeleteRecords{Operation: done(3),
			Partition: found.Partition, Before: found.LogStart, LogStart: found.LogStart})
	}
}
