package campaign

import (
	"time"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// scanner reads everything there is, in a world that has healed.
type scanner struct {
	*actor
	// wanted is set while everything is to be read once more.
	wanted bool
	rounds int
}

func newScanner(r *Run) *scanner {
	s := &scanner{actor: &actor{run: r, name: "scanner", process: len(r.actors) + 1,
		codecs: new(batch.Codecs)}}
	s.node = r.world.AddClient(s.name, func(w *env.World) {
		s.world = w
		w.Loop.Spawn(s.name, s.live)
	})
	return s
}

// scanPoll is how often the scanner looks whether it is wanted.
const scanPoll = 10 * time.Millisecond

func (s *scanner) begin() { s.wanted = true }

func (s *scanner) live(t *task.Task) {
	for {
		for !s.wanted {
			t.Sleep(scanPoll)
		}
		s.rounds++
		op := chance.New(uint64(s.rounds), "scan")
		if s.conn != nil {
			s.conn.Close() // the last time's broker may be gone
			s.conn = nil
		}
		for !s.connect(t) {
		}
		s.describeTopics(t, &op)
		for _, one := range s.run.ledger.topics {
			if !one.id.IsZero() {
				s.scanTopic(t, &op, one)
			}
		}
		if s.conn != nil {
			s.conn.Close()
		}
		s.wanted = false
	}
}

func (s *scanner) scanTopic(t *task.Task, op *chance.Stream, target *topic) {
	if target.ending != check.Never && !s.present(t, target) {
		for partition := range target.partitionsMax {
			h := s.run.record.of(target)
			h.Gone = append(h.Gone, target.partition(partition))
		}
		return
	}
	for partition := range target.partitions {
		k := &cursor{topic: target, partition: partition}
		for tries := 0; !s.scanPartition(t, op, k); tries++ {
			if tries == scanTries {
				s.complain("%s-%d: its log start moves on and on", target.name, partition)
				return
			}
			t.Sleep(scanPoll)
		}
	}
	if !target.mayEnd {
		s.describeConfigsOf(t, op, target)
	}
}

// scanTries is how often a partition's start may move away under a scan.
const scanTries = 20

// present reports whether a topic that may have been deleted is there.
func (s *scanner) present(t *task.Task, target *topic) bool {
	request := kmsg.NewPtrMetadataRequest()
	request.SetVersion(12)
	one := kmsg.NewMetadataRequestTopic()
	one.TopicID = target.id
	request.Topics = append(request.Topics, one)
	_, response := s.call(t, request)
	answer, ok := response.(*kmsg.MetadataResponse)
	return ok && len(answer.Topics) == 1 && answer.Topics[0].ErrorCode == 0
}

// scanPartition reads a partition from its start to its end; it reports false if
// the start moved meanwhile.
func (s *scanner) scanPartition(t *task.Task, op *chance.Stream, k *cursor) bool {
	called := s.run.record.stamp()
	start := s.listOne(t, k, kafka.EarliestTimestamp, 1)
	end := s.listOne(t, k, kafka.LatestTimestamp, 1)
	if start == nil || end == nil {
		s.gone(k)
		return true
	}
	scan := check.Scan{Operation: s.run.record.operation(s.process, called),
		Partition: k.topic.partition(k.partition),
		LogStart:  kafka.Offset(start.Offset), End: kafka.Offset(end.Offset)}
	k.offset = scan.LogStart
	if k.topic.compacted {
		scan.Batches = []check.Batch{}
	}
	var all []client.Read
	for k.offset < scan.End {
		request := kmsg.NewPtrFetchRequest()
		request.SetVersion(between(op, fetchWithID, fetchMax))
		request.MaxBytes, request.SessionEpoch = 50<<20, -1
		addFetch(request, k, 1<<20)
		call, response := s.call(t, request)
		answer, ok := response.(*kmsg.FetchResponse)
		if !ok {
			return true // the complaint is made
		}
		part := fetchAnswer(answer, k)
		switch {
		case part != nil && kafka.ErrorCode(part.ErrorCode) == kafka.ErrOffsetOutOfRange:
			return !k.topic.retention
		case part == nil || part.ErrorCode != 0:
			s.checkStorageError(k.topic, k.partition, call)
			s.gone(k)
			return true
		}
		got, fine := s.read(k.topic, k.partition, part.RecordBatches)
		some := got.Records
		if fine && len(got.Batches) == 0 && k.topic.retention {
			return false // what is asked for is being deleted
		}
		if !fine || len(got.Batches) == 0 {
			s.nothing(k, fine)
			return true
		}
		if k.topic.compacted {
			scan.Batches = append(scan.Batches, heads(got.Batches, k.offset, scan.End)...)
		}
		for len(some) > 0 && some[0].Offset < k.offset {
			some = some[1:] // batches are sent whole
		}
		all = append(all, some...)
		k.offset = got.Next(k.offset)
	}
	for len(all) > 0 && all[len(all)-1].Offset >= scan.End {
		all = all[:len(all)-1] // a request that its client had given up came in meanwhile
	}
	scan.Records, scan.Outcome = records(all), check.OK
	scan.Return = check.Event(s.run.record.stamp())
	h := s.run.record.of(k.topic)
	h.Scans = append(h.Scans, scan)
	s.checkTimes(t, op, k, all, scan.LogStart)
	return true
}

// nothing is a fetch that gave no record where there should be some.
func (s *scanner) nothing(k *cursor, fine bool) {
	if fine {
		s.complainOfLoss("%s-%d: there is nothing at offset %d, below the end", k.topic.name,
			k.partition, k.offset)
	}
	s.gone(k)
}

// gone enters that a partition cannot be read: legal only where bits rot.
func (s *scanner) gone(k *cursor) {
	h := s.run.record.of(k.topic)
	h.Gone = append(h.Gone, k.topic.partition(k.partition))
}

// checkTimes asks for the offsets of some timestamps of what was read.
func (s *scanner) checkTimes(t *task.Task, op *chance.Stream, k *cursor, all []client.Read,
	start kafka.Offset) {
	if len(all) == 0 || k.topic.retention || k.topic.mayEnd || k.topic.compacted {
		return // what was read may be gone by now
	}
	for range 2 {
		at := all[op.Below(uint64(len(all)))].Timestamp
		want := kafka.NoOffset
		for i := range all {
			if all[i].Timestamp >= at {
				want = all[i].Offset
				break
			}
		}
		got := s.listOne(t, k, at, between(op, 1, 11))
		if got != nil && kafka.Offset(got.Offset) != want && start == 0 {
			s.complainOfLoss("%s-%d: the first offset from time %d on is %d, and ListOffsets says %d",
				k.topic.name, k.partition, at, want, got.Offset)
		}
	}
}
