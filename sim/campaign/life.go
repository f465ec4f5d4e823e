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
	origins := first.origins()
	r.inherit(&first.kept, &r.record.kept, origins, false)
	r.inherit(&first.retained, &r.record.retained, origins, true)
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
func (r *Run) inherit(first, second *check.History, origins map[check.Hash]origin,
	retention bool) {
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
		if wrong := check.Remains(before, withoutLate(after, before, origins), retention); wrong != "" {
			r.world.Fail("check", fmt.Sprintf("%s-%d after a power loss: %s",
				r.ledger.byID[after.Partition.Topic].name, after.Partition.Partition, wrong))
			return
		}
		r.scan.world.Trace.Sometimes(recordsLost, after.End < before.End)
		r.bequeath(second, after, origins)
	}
}

// withoutLate is what a scan found but for batches that came in after the one before
// it: requests whose clients had given them up, or sent them again, may arrive late.
func withoutLate(after, before *check.Scan, origins map[check.Hash]origin) *check.Scan {
	early := *after
	for len(early.Records) > 0 {
		last := early.Records[len(early.Records)-1]
		from, known := origins[last.Hash]
		if last.Offset < before.End || !known ||
			from.batch.Outcome == check.OK && (from.batch.Idempotent() || from.batch.Sends == 1) {
			break
		}
		early.Records, early.End = early.Records[:len(early.Records)-1], last.Offset
	}
	return &early
}

// origin is which record of which batch of the first life has a hash.
type origin struct {
	batch *produced
	index int
}

// origins finds them all.
func (r *recorder) origins() map[check.Hash]origin {
	all := map[check.Hash]origin{}
	for _, p := range r.produces {
		for i, hash := range p.Records {
			all[hash] = origin{p, i}
		}
	}
	return all
}

// bequeath enters what a partition begins its second life with: the batches that
// are there, acknowledged before anything else, and one in the place of all that had
// gone before them, with its deletion.
func (r *Run) bequeath(h *check.History, found *check.Scan, origins map[check.Hash]origin) {
	acknowledged := func(records []check.Hash, base kafka.Offset) {
		o := r.record.operation(0, 1)
		o.Return, o.Outcome = 2, check.OK
		h.Produces = append(h.Produces, check.Produce{Operation: o, Partition: found.Partition,
			Records: records, Acks: check.AcksAll, Base: base, ProducerID: kafka.NoProducerID,
			Sends: 1})
	}
	begin := found.LogStart
	index := map[*produced]int{}
	for i, record := range found.Records {
		from, known := origins[record.Hash]
		if !known {
			continue // the first life's verdict says so
		}
		base := record.Offset - kafka.Offset(from.index)
		begin = min(begin, base)
		at, again := index[from.batch]
		switch {
		case !again:
			index[from.batch] = len(h.Produces)
			acknowledged(from.batch.Records, base)
		case i > 0 && from.index == 0:
			h.Produces[at].Sends++ // without idempotence it may be there twice
		}
	}
	start := firstStart(h, found)
	if found.LogStart == 0 {
		return
	}
	gone := make([]check.Hash, begin)
	for i := range gone {
		gone[i] = check.HashOf([]byte("gone"), binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	if begin > 0 {
		acknowledged(gone, 0)
	}
	if start == 0 {
		return // all that is gone went in the second life, by retention
	}
	o := r.record.operation(0, 3)
	o.Return, o.Outcome = 4, check.OK
	h.Deletes = append(h.Deletes, check.DeleteRecords{Operation: o, Partition: found.Partition,
		Before: start, LogStart: start})
}

// firstStart is where a partition began its second life: retention may have been at
// work by the time that the scan was through.
func firstStart(h *check.History, found *check.Scan) kafka.Offset {
	start := found.LogStart
	for i := range h.Lists {
		if l := &h.Lists[i]; l.Earliest && l.Partition == found.Partition {
			start = min(start, l.Offset)
		}
	}
	return start
}
