package campaign

import (
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// sendsMax is how often a plain producer sends a batch at most.
const sendsMax = 4

// plain is a producer without idempotence: what it sends again may be in the
// log twice.
type plain struct{ *actor }

func newPlain(a *actor) role { return &plain{a} }

func (p *plain) finish(*task.Task) {}

// sending is a batch that a plain producer is sending.
type sending struct {
	topic     *topic
	partition int32
	bytes     batch.Batch
	record    *produced
	// doubtful: some time that it was sent may have had an effect.
	doubtful bool
}

// step sends one request with some batches, and again what may not be there.
func (p *plain) step(t *task.Task, op *chance.Stream) {
	acks := []int16{check.AcksAll, check.AcksAll, check.AcksLeader, check.AcksNone}[op.Below(4)]
	request := newProduceRequest(acks)
	var all []*sending
	for range 1 + op.Below(3) {
		target, partition := p.drawTarget(op)
		if target == nil || request.has(target, partition) {
			continue
		}
		p.count++
		b, contents := client.Build(p.codecs,
			client.Origin{Client: uint32(p.process), Operation: p.count},
			p.drawBatch(op, target), client.Anonymous())
		record := p.run.record.produce(p.process, 0, target, partition, contents)
		record.Call = check.Never
		if acks == check.AcksNone {
			record.Acks = acks
		}
		request.add(target, partition, b)
		all = append(all, &sending{topic: target, partition: partition, bytes: b, record: record})
	}
	for sends := 1; len(all) > 0 && sends <= sendsMax; sends++ {
		if !p.connect(t) {
			continue
		}
		if acks == check.AcksNone {
			p.begin(p.conn.Send(request.pick(op), false), all)
			return
		}
		all = p.send(t, request, op, all)
		request = newProduceRequest(acks)
		for _, one := range all {
			request.add(one.topic, one.partition, one.bytes)
		}
	}
}

// begin enters that batches were sent.
func (p *plain) begin(call *client.Call, all []*sending) {
	for _, one := range all {
		one.record.Sends++
		if one.record.Call == check.Never {
			one.record.Call = check.Event(call.Called)
		}
	}
}

// send sends a request once, and returns what is to be sent again.
func (p *plain) send(t *task.Task, request *produceRequest, op *chance.Stream,
	all []*sending) (again []*sending) {
	call := p.conn.Send(request.pick(op), true)
	p.begin(call, all)
	response, err := call.Await(t, p.deadline(t))
	if err != nil {
		if err == task.ErrDeadline {
			p.unanswered(call.Request)
		}
		p.conn.Close()
		for _, one := range all {
			one.doubtful = true
		}
		return all
	}
	answer := response.(*kmsg.ProduceResponse)
	for _, one := range all {
		if p.settle(one, call, produceAnswer(answer, one.topic, one.partition)) {
			again = append(again, one)
		}
	}
	return again
}

// settle takes in what the broker says of one batch, and reports whether to send
// it again.
func (p *plain) settle(one *sending, call *client.Call,
	answer *kmsg.ProduceResponseTopicPartition) (again bool) {
	if answer == nil {
		p.complain("the answer to Produce leaves out partition %d of %s", one.partition, one.topic.name)
		return false
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	switch {
	case code == kafka.None:
		one.record.Outcome, one.record.Return = check.OK, check.Event(call.Returned)
		one.record.Base = kafka.Offset(answer.BaseOffset)
		p.sawCodec(one.topic, one.bytes.Codec())
		p.note("acked", one.topic.name, int64(one.partition), answer.BaseOffset)
		return false
	case refusesProduce(code):
		p.run.checkRefusal(p.actor, one.topic, call.Called, code)
		if !one.doubtful {
			one.record.Outcome, one.record.Return = check.Failed, check.Event(call.Returned)
		}
		return false
	case !retriesProduce(code):
		p.complain("%s-%d: Produce is answered with %v", one.topic.name, one.partition, code)
	}
	one.doubtful = true
	return true
}
