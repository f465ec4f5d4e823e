package campaign

import (
	"time"

	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/jepsen/check"
	"odradek/sim/chance"
	"odradek/sim/client"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// inFlightMax is how many requests an idempotent producer may have open: the
	// broker remembers so many batches of each producer.
	inFlightMax = 5
	// unackedMax bounds what waits to be sent or acknowledged.
	unackedMax = 12
	// deliveryPatience is how long a batch is sent again before its producer
	// gives up, and with it its producer id.
	deliveryPatience = 15 * time.Second
)

// idempotent is a producer as Kafka's clients are by default: batches of a
// partition are numbered, several requests are under way at a time, and a batch
// whose outcome is not known is sent again, byte for byte and in order, until it
// is. A producer that has to give a batch up takes a new id.
type idempotent struct {
	*actor
	id      kafka.ProducerID
	epoch   kafka.ProducerEpoch
	streams []*stream
	flights []*flight
	unacked int
	// broken: no more batches under this id.
	broken bool
}

// stream is what a producer sends to one partition.
type stream struct {
	topic     *topic
	partition int32
	next      kafka.Sequence
	// begun: the first batch was acknowledged. Until then the broker takes any
	// sequence for the first one, as Kafka does, so a later batch may overtake.
	begun bool
	// unacked are the batches without a final outcome, in order.
	unacked []*parcel
}

// parcel is a batch on its way.
type parcel struct {
	stream *stream
	bytes  batch.Batch
	record *produced
	// flying: it is in a request that has no answer.
	flying bool
	// doubtful: some time that it was sent may have had an effect.
	doubtful bool
	// told is where the broker said that it is when it timed out on a connection,
	// toldBy; nil when it did not.
	told   int64
	toldBy *client.Conn
	since  kafka.Instant
}

// flight is a request under way.
type flight struct {
	conn     *client.Conn
	call     *client.Call
	parcels  []*parcel
	deadline kafka.Instant
}

func newIdempotent(a *actor) role { return &idempotent{actor: a, id: kafka.NoProducerID} }

// step makes some batches, and moves everything a bit further.
func (p *idempotent) step(t *task.Task, op *chance.Stream) {
	if p.id == kafka.NoProducerID && !p.begin(t, op) {
		return
	}
	for range 1 + op.Below(3) {
		if p.unacked < unackedMax && !p.broken {
			p.make(t, op)
		}
	}
	p.advance(t, op)
}

// finish sends until everything has an outcome, in a healed world.
func (p *idempotent) finish(t *task.Task) {
	op := chance.New(uint64(p.process), "finish")
	for p.unacked > 0 {
		p.advance(t, &op)
		t.Sleep(p.run.shape.think)
	}
}

// begin gets a producer id.
func (p *idempotent) begin(t *task.Task, op *chance.Stream) bool {
	request := kmsg.NewPtrInitProducerIDRequest()
	request.SetVersion(between(op, 0, 5))
	_, response := p.call(t, request)
	answer, ok := response.(*kmsg.InitProducerIDResponse)
	if !ok || answer.ErrorCode != 0 {
		return false
	}
	p.id, p.epoch = kafka.ProducerID(answer.ProducerID), kafka.ProducerEpoch(answer.ProducerEpoch)
	p.streams, p.broken = nil, false
	p.run.checkProducerID(p.actor, p.id)
	return true
}

// make makes a batch for some partition.
func (p *idempotent) make(t *task.Task, op *chance.Stream) {
	target, partition := p.drawTarget(op)
	if target == nil {
		return
	}
	s := p.stream(target, partition)
	p.count++
	shape := p.drawBatch(op, target)
	bytes, contents := client.Build(p.codecs,
		client.Origin{Client: uint32(p.process), Operation: p.count}, shape,
		client.Producer{ID: p.id, Epoch: p.epoch, Sequence: s.next})
	s.next = s.next.Plus(int32(len(contents)))
	record := p.run.record.produce(p.process, 0, target, partition, contents)
	record.ProducerID = p.id
	record.Call = check.Never
	s.unacked = append(s.unacked, &parcel{stream: s, bytes: bytes, record: record, since: t.Now()})
	p.unacked++
}

func (p *idempotent) stream(target *topic, partition int32) *stream {
	for _, s := range p.streams {
		if s.topic == target && s.partition == partition {
			return s
		}
	}
	s := &stream{topic: target, partition: partition}
	p.streams = append(p.streams, s)
	return s
}

// advance takes in the answers that are there, and sends what may be sent.
func (p *idempotent) advance(t *task.Task, op *chance.Stream) {
	p.land(t)
	if p.broken && len(p.flights) == 0 {
		p.giveUp()
		return
	}
	for !p.broken && p.hasWaiting() && len(p.flights) < inFlightMax {
		if !p.connect(t) {
			return
		}
		p.launch(t, op)
	}
	if len(p.flights) > 0 && (p.broken || p.run.stopping || op.OneIn(3)) {
		// Waiting has no deadline of its own: land looks at the flight's.
		_, _ = p.flights[0].call.Await(t, min(p.flights[0].deadline, t.Now().Plus(50*time.Millisecond)))
		p.land(t)
	}
}

func (p *idempotent) hasWaiting() bool {
	for _, s := range p.streams {
		if s.waiting() != nil {
			return true
		}
	}
	return false
}

// waiting is the first batch of a stream that is not under way, or nil.
func (s *stream) waiting() *parcel {
	for _, one := range s.unacked {
		if !one.flying {
			return one
		}
	}
	return nil
}

// launch sends one request with a batch of some partitions.
func (p *idempotent) launch(t *task.Task, op *chance.Stream) {
	request := newProduceRequest(check.AcksAll)
	f := &flight{conn: p.conn, deadline: p.deadline(t)}
	partitions := 1 + int(op.Below(4))
	from := int(op.Below(uint64(len(p.streams))))
	for i := range p.streams {
		s := p.streams[(from+i)%len(p.streams)]
		one := s.waiting()
		if one == nil || len(f.parcels) == partitions {
			continue
		}
		one.flying = true
		request.add(s.topic, s.partition, one.bytes)
		f.parcels = append(f.parcels, one)
	}
	f.call = p.conn.Send(request.pick(op), true)
	for _, one := range f.parcels {
		one.record.Sends++
		if one.record.Call == check.Never {
			one.record.Call = check.Event(f.call.Called)
		}
	}
	p.flights = append(p.flights, f)
}

// land takes in every answer that has come, and gives up connections whose
// answers do not come.
func (p *idempotent) land(t *task.Task) {
	for len(p.flights) > 0 {
		f := p.flights[0]
		if !f.call.Done() {
			if t.Now() < f.deadline {
				break
			}
			p.unanswered(f.call.Request)
			p.conn.Close() // every call of the connection is done now
			continue
		}
		p.flights = p.flights[1:]
		response, err := f.call.Await(t, kafka.Never)
		answer, _ := response.(*kmsg.ProduceResponse)
		for _, one := range f.parcels {
			one.flying = false
			if err != nil || answer == nil {
				one.doubtful = true
				continue
			}
			p.settle(one, f, produceAnswer(answer, one.stream.topic, one.stream.partition))
		}
	}
	for _, s := range p.streams {
		if len(s.unacked) > 0 && t.Now() > s.unacked[0].since.Plus(deliveryPatience) &&
			(!p.run.calm || p.run.shape.rot) {
			p.broken = true
		}
	}
}

// settle takes in what the broker says of one batch.
func (p *idempotent) settle(one *parcel, f *flight, answer *kmsg.ProduceResponseTopicPartition) {
	s := one.stream
	if answer == nil {
		p.complain("the answer to Produce leaves out partition %d of %s", s.partition, s.topic.name)
		return
	}
	code := kafka.ErrorCode(answer.ErrorCode)
	first := len(s.unacked) > 0 && s.unacked[0] == one
	switch {
	case code == kafka.None:
		one.record.Outcome, one.record.Return = check.OK, check.Event(f.call.Returned)
		one.record.Base = kafka.Offset(answer.BaseOffset)
		s.begun = s.begun || first
		p.sawCodec(s.topic, one.bytes.Codec())
		p.note("acked", s.topic.name, int64(s.partition), answer.BaseOffset)
		if one.toldBy == f.conn && one.told != answer.BaseOffset {
			p.complain("%s-%d: a batch that timed out was told to be at offset %d, and is acknowledged "+
				"at %d", s.topic.name, s.partition, one.told, answer.BaseOffset)
		}
		p.drop(one)
		return
	case code == kafka.ErrRequestTimedOut && answer.BaseOffset >= 0:
		// It was appended, and stays there at least as long as the broker runs.
		one.told, one.toldBy = answer.BaseOffset, f.conn
	case code == kafka.ErrOutOfOrderSequenceNumber && first:
		if s.begun && s.topic.ending == check.Never {
			p.complainOfLoss("%s-%d: producer %d sends sequence %d, all before it is acknowledged, "+
				"and is told that it is out of order: the broker forgot it", s.topic.name,
				s.partition, p.id, one.bytes.BaseSequence())
		}
		p.broken = true
	case code == kafka.ErrOutOfOrderSequenceNumber:
		// What comes before it has to be sent again first.
	case refusesProduce(code):
		p.run.checkRefusal(p.actor, s.topic, f.call.Called, code)
		p.broken = true
	case !retriesProduce(code):
		p.complain("%s-%d: Produce is answered with %v", s.topic.name, s.partition, code)
	}
	one.doubtful = one.doubtful || !refusesProduce(code)
}

// drop takes a batch with an outcome out of its stream.
func (p *idempotent) drop(one *parcel) {
	s := one.stream
	for i := range s.unacked {
		if s.unacked[i] == one {
			s.unacked = append(s.unacked[:i], s.unacked[i+1:]...)
			p.unacked--
			return
		}
	}
}

// giveUp leaves what has no outcome, and the producer id with it.
func (p *idempotent) giveUp() {
	for _, s := range p.streams {
		for _, one := range s.unacked {
			if !one.doubtful {
				one.record.Outcome = check.Failed
			}
		}
	}
	p.streams, p.unacked, p.broken = nil, 0, false
	p.id = kafka.NoProducerID
}
