package campaign

import (
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Versions of Produce: zstd needs one, naming topics by id another.
const (
	produceMin    = 3
	produceZstd   = 7
	produceWithID = 13
)

// drawShape draws what a batch looks like. Most are small; a few are so large
// that they fill a good part of a journal file, and some are over the limit.
func (a *actor) drawBatch(op *chance.Stream, target *topic) client.Shape {
	s := client.Shape{
		Records: 1 + int(op.Below(4)), ValueBytes: 20 + int(op.Below(200)),
		Keys: op.OneIn(2), Headers: op.OneIn(4), Noisy: op.OneIn(2),
		Timestamp: a.world.Clock.Wall() - kafka.Timestamp(op.Below(50)),
	}
	if op.OneIn(3) {
		s.Codec = batch.Codec(op.Below(5))
	}
	switch {
	case op.OneIn(12):
		s.Records, s.ValueBytes = 1+int(op.Below(40)), 20+int(op.Below(400))
	case op.OneIn(40):
		s.Records, s.ValueBytes = 1, a.run.shape.messageBytesMax/2+int(op.Below(
			uint64(a.run.shape.messageBytesMax)))
		s.Noisy = true
	}
	more := op.Fork("more")
	s.NullValues = more.OneIn(16)
	s.Few = target.compacted
	return s
}

// drawTarget draws a partition to write to or read from; nil when there is none.
func (a *actor) drawTarget(op *chance.Stream) (*topic, int32) {
	usable := a.run.ledger.usable()
	if len(usable) == 0 {
		return nil, 0
	}
	t := usable[op.Below(uint64(len(usable)))]
	return t, int32(op.Below(uint64(max(1, t.partitions))))
}

// produceRequest puts batches into a request, in a version that all of them can
// be sent with. Topics that may end are named by id: the name may mean another
// one by then.
type produceRequest struct {
	kmsg.ProduceRequest
	versionMin int16
}

func newProduceRequest(acks int16) *produceRequest {
	p := &produceRequest{ProduceRequest: kmsg.NewProduceRequest(), versionMin: produceMin}
	p.Acks = acks
	p.TimeoutMillis = int32(patience.Milliseconds()) / 2
	return p
}

// has reports whether the request has a batch of a partition already: it may
// have one only.
func (p *produceRequest) has(t *topic, partition int32) bool {
	for i := range p.Topics {
		if p.Topics[i].TopicID != t.id {
			continue
		}
		for j := range p.Topics[i].Partitions {
			if p.Topics[i].Partitions[j].Partition == partition {
				return true
			}
		}
	}
	return false
}

func (p *produceRequest) add(t *topic, partition int32, b batch.Batch) {
	if t.mayEnd {
		p.versionMin = produceWithID
	}
	if b.Codec() == batch.Zstd {
		p.versionMin = max(p.versionMin, produceZstd)
	}
	one := kmsg.NewProduceRequestTopicPartition()
	one.Partition, one.Records = partition, b
	for i := range p.Topics {
		if p.Topics[i].TopicID == t.id {
			p.Topics[i].Partitions = append(p.Topics[i].Partitions, one)
			return
		}
	}
	group := kmsg.NewProduceRequestTopic()
	group.Topic, group.TopicID = t.name, t.id
	group.Partitions = append(group.Partitions, one)
	p.Topics = append(p.Topics, group)
}

// pick settles the version.
func (p *produceRequest) pick(op *chance.Stream) kmsg.Request {
	p.SetVersion(between(op, p.versionMin, produceWithID))
	return &p.ProduceRequest
}

// produceAnswer finds a partition's part of an answer, or nil.
func produceAnswer(
	r *kmsg.ProduceResponse, t *topic, partition int32,
) *kmsg.ProduceResponseTopicPartition {
	for i := range r.Topics {
		group := &r.Topics[i]
		if r.Version >= produceWithID && kafka.TopicID(group.TopicID) != t.id ||
			r.Version < produceWithID && group.Topic != t.name {
			continue
		}
		for j := range group.Partitions {
			if group.Partitions[j].Partition == partition {
				return &group.Partitions[j]
			}
		}
	}
	return nil
}
