package broker

import (
	"time"

	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/wire"
	"odradek/replica"
)

// Produce (key 0) appends one batch to each of some partitions.
//
// What is acknowledged is on disk: acks=1 and acks=all both wait until the
// batch is below the highWatermark, which is flushed. With
// flush.policy=background the page cache is enough, as in Kafka. acks=0 has no
// answer; an error then closes the connection.
//
// Requests of one connection overlap, and share a group commit; appends of one
// partition are in the order of the connection's requests. Batches are not
// decoded on the way unless the topic's configuration asks for it.
//
// Not done: transactions. A transactional batch gets INVALID_TXN_STATE, and
// TRANSACTIONAL_ID_AUTHORIZATION_FAILED if the request names no transactional id.
//
// Versions: 3 batch format v2 only; 7 zstd (KIP-110); 8 per-record errors
// (KIP-467); 10 leader hints (KIP-951), never needed with one broker; 13 topic
// ids (KIP-516). 0 to 2 are advertised and refused, see wire.Table.

// produce is one request from its arrival to its answer, on the shard of its
// connection. It is used again for later ones.
type produce struct {
	shard   *Shard
	ticket  ticket
	header  wire.RequestHeader
	frame   *env.Frame
	request wire.ProduceRequest
	// response has the outcome of entry i as its partition i. What the shard of a
	// leg says is written there: between the leg's sending and its return, that is
	// the other shard's memory.
	response wire.ProduceResponse
	entries  []produceEntry
	// legs has one place a shard; those without entries take no part.
	legs []produceLeg
	// away is how many legs have not come back.
	away     int
	answered bool
	deadline kafka.Instant
	// the list of requests that wait, for the sweep
	prev, next *produce
}

// produceEntry is one partition of a request.
type produceEntry struct {
	shard int
	// id is zero for a partition that is not known.
	id kafka.TopicPartition
	// host is the partition when it is on the connection's own shard.
	host    *partition
	records []byte
	// pending is set until the batch is acknowledged or refused. If it has been
	// appended, the rest of its outcome is known already.
	pending bool
	// roomWanted is not zero when nothing was done since the journal has no room:
	// the bytes to wait for.
	roomWanted int
}

// produceLeg is the part of a request that one shard does. Between its sending
// and its return the leg and its entries belong to that shard.
type produceLeg struct {
	produce *produce
	shard   *Shard
	entries []int
	// waiting is how many entries are appended and not acknowledged, plus one
	// while the leg is being begun.
	waiting int
	// place is where the leg is in the list of its shard's guests; noGuest if it is
	// not. It has a deadline of its own, since every shard has a clock of its own;
	// told is set when its own shard was told that its time is over.
	place    int
	deadline kafka.Instant
	told     bool
	// back is set, by the connection's shard only, when the leg has come home; late
	// holds what it had come to when the request's time was over.
	back bool
	late []lateOutcome
}

// beginProduce takes a request in. It never waits: what has to wait is kept in
// the produce.
func (s *Shard) beginProduce(k ticket, held *heldRequest) {
	p := s.takeProduce()
	p.ticket, p.header, p.frame = k, held.header, held.frame
	p.answered = false
	if err := p.request.Parse(held.header.Version, held.body); err != nil {
		s.recycleProduce(p)
		k.hangUp()
		return
	}
	p.collect()
	p.deadline = s.world.Loop.Now().Plus(time.Duration(p.request.TimeoutMillis) * time.Millisecond)
	p.away = 1 // keeps the answer back until every leg has been sent
	for i := range p.legs {
		if len(p.legs[i].entries) > 0 {
			p.away++
		}
	}
	for i := range p.legs {
		leg := &p.legs[i]
		leg.back, leg.told, leg.late, leg.place = false, false, nil, noGuest
		switch {
		case len(leg.entries) == 0:
		case i == s.index():
			leg.begin(s)
		default:
			s.world.Shards.Send(i, leg)
		}
	}
	p.legIsHome()
	if !p.answered {
		s.waitProduce(p)
	}
}

// collect lists the request's partitions and divides them among the shards.
// What is wrong with the request as a whole is answered for each partition.
func (p *produce) collect() {
	refusal := p.refusal()
	for t := range p.request.Topics {
		topic := &p.request.Topics[t]
		if len(topic.Partitions) == 0 {
			continue // Kafka leaves it out of the answer, too
		}
		route, code := p.route(topic)
		if refusal != kafka.None {
			code = refusal
		}
		p.response.AddTopic(topic.Name, topic.TopicID)
		for i := range topic.Partitions {
			asked := &topic.Partitions[i]
			outcome := p.response.AddPartition(asked.Partition)
			e := p.addEntry()
			e.records = asked.Records
			if code != kafka.None {
				outcome.Error = code
				continue
			}
			place := route.partition(asked.Partition)
			if place == nil {
				outcome.Error = kafka.ErrUnknownTopicOrPartition
				continue
			}
			if route.internal && string(p.header.ClientID) != adminClientID {
				outcome.Error = kafka.ErrInvalidTopicException
				continue
			}
			e.shard, e.host = place.shard, place.host
			e.id.Topic, e.id.Partition = route.id, asked.Partition
			e.pending = true
			p.legs[e.shard].entries = append(p.legs[e.shard].entries, len(p.entries)-1)
		}
	}
}

// adminClientID is the client.id by which Kafka knows those who may write to its own
// topics: its tools that repair them.
const adminClientID = "__admin_client"

// addEntry lengthens the list of entries by one, which is empty: recycleProduce
// has cleared it. Appending a whole entry would move it through memory twice.
func (p *produce) addEntry() *produceEntry {
	n := len(p.entries)
	if n == cap(p.entries) {
		p.entries = append(p.entries, produceEntry{})
	}
	p.entries = p.entries[:n+1]
	return &p.entries[n]
}

// route finds a topic as the request's version names it.
func (p *produce) route(topic *wire.ProduceTopic) (*topicRoute, kafka.ErrorCode) {
	routes, known := &p.shard.routes, &p.ticket.session.produced
	if p.header.Version >= 13 {
		if route := routes.findID(known, topic.TopicID); route != nil {
			return route, kafka.None
		}
		return nil, kafka.ErrUnknownTopicID
	}
	if route := routes.findName(known, topic.Name); route != nil {
		return route, kafka.None
	}
	return nil, kafka.ErrUnknownTopicOrPartition
}

// refusal is what is wrong with the whole request. Transactional batches need a
// transactional id, which only those may use who are authorized for it; nobody
// is for none.
func (p *produce) refusal() kafka.ErrorCode {
	if p.request.TransactionalID == nil && p.hasTransactional() {
		return kafka.ErrTransactionalIDAuthorizationFailed
	}
	if p.request.Acks < -1 || p.request.Acks > 1 {
		return kafka.ErrInvalidRequiredAcks
	}
	return kafka.None
}

// hasTransactional reports whether any partition's batch is transactional. What
// is not a batch is found out later.
func (p *produce) hasTransactional() bool {
	for t := range p.request.Topics {
		for i := range p.request.Topics[t].Partitions {
			b := batch.Batch(p.request.Topics[t].Partitions[i].Records)
			if len(b) >= batch.HeaderSize && b.Magic() == batch.MagicV2 && b.IsTransactional() {
				return true
			}
		}
	}
	return false
}

// begin does a leg's appends, on the shard that owns the partitions.
func (leg *produceLeg) begin(s *Shard) {
	leg.shard = s
	leg.waiting = 1
	for _, i := range leg.entries {
		if len(s.delayed) > 0 || s.isCongested(leg, i) || !leg.appendEntry(s, i) {
			s.delayProduce(leg, i)
		}
	}
	if leg.waiting > 1 && s != leg.produce.shard {
		s.takeGuest(leg)
	}
	leg.entryIsDone()
}

// isCongested reports whether an entry has to wait for room in the journal.
func (s *Shard) isCongested(leg *produceLeg, entry int) bool {
	return s.node.FlushDurable &&
		s.journal.Ready(len(leg.produce.entries[entry].records)) == journal.ErrCongested
}

// appendEntry appends one entry, and waits for its acknowledgement if the
// request does. It reports false if the entry has to wait for room in the
// journal: a batch may have become longer when it was rebuilt.
func (leg *produceLeg) appendEntry(s *Shard, i int) (done bool) {
	p := leg.produce
	e := &p.entries[i]
	host := e.host
	if host == nil {
		host = s.hosts[e.id]
	}
	outcome := &p.response.Partitions[i]
	if host == nil || host.retired {
		outcome.Error, e.pending = s.absentCode(e.id), false
		return true
	}
	var next kafka.Offset
	next, e.roomWanted = host.produce(s, e.records, p.header.Version, p.request.Acks, outcome)
	if e.roomWanted > 0 {
		return false
	}
	e.pending = outcome.Error == kafka.None && p.request.Acks != 0 && next > host.HighWatermark()
	if e.pending {
		leg.waiting++
		host.AwaitHighWatermark(next, leg, i)
	}
	return true
}

// Acknowledged implements replica.AckWaiter.
func (leg *produceLeg) Acknowledged(tag int) {
	leg.produce.entries[tag].pending = false
	leg.entryIsDone()
}

// Abandoned implements replica.AckWaiter: the partition was deleted, or its
// disk failed, before the batch was flushed. It may have survived or not.
func (leg *produceLeg) Abandoned(tag int) {
	leg.produce.response.Partitions[tag].Fail(kafka.ErrNotLeaderOrFollower)
	leg.produce.entries[tag].pending = false
	leg.entryIsDone()
}

var _ replica.AckWaiter = (*produceLeg)(nil)

func (leg *produceLeg) entryIsDone() {
	assert.That(leg.waiting > 0, "a leg waits for what is not done")
	leg.waiting--
	if leg.waiting > 0 {
		return
	}
	home := leg.produce.shard
	if leg.shard == home {
		leg.back = true
		leg.produce.legIsHome()
		return
	}
	leg.shard.letGuestGo(leg)
	leg.shard.world.Shards.Send(home.index(), produceLegDone{leg})
}

// produceLegDone brings a leg home from another shard.
type produceLegDone struct{ leg *produceLeg }

func (d produceLegDone) arrive() {
	d.leg.back = true
	d.leg.produce.legIsHome()
}

func (p *produce) legIsHome() {
	p.away--
	if p.away > 0 {
		return
	}
	if !p.answered {
		p.answer()
	}
	p.shard.forgetProduce(p)
	p.shard.recycleProduce(p)
}

// answer sends the response: every leg is home.
func (p *produce) answer() {
	p.answered = true
	if p.request.Acks != 0 {
		p.send(&p.response)
		return
	}
	for i := range p.response.Partitions {
		if p.response.Partitions[i].Error != kafka.None {
			p.ticket.hangUp()
			return
		}
	}
	p.ticket.answerNothing()
}

func (p *produce) send(response *wire.ProduceResponse) {
	s, header := p.shard, &p.header
	s.scratch = response.AppendFrame(s.scratch[:0], header.Version, header.CorrelationID)
	s.answerScratch(p.ticket)
}

// takeProduce returns a produce to use, an old one where there is one.
func (s *Shard) takeProduce() *produce {
	if n := len(s.idleProduces); n > 0 {
		p := s.idleProduces[n-1]
		s.idleProduces = s.idleProduces[:n-1]
		return p
	}
	p := &produce{shard: s, legs: make([]produceLeg, s.world.Shards.Count())}
	for i := range p.legs {
		p.legs[i].produce = p
	}
	return p
}

func (s *Shard) recycleProduce(p *produce) {
	p.frame.Release()
	p.frame, p.header, p.ticket = nil, wire.RequestHeader{}, ticket{}
	p.response.Reset()
	clear(p.entries)
	p.entries = p.entries[:0]
	for i := range p.legs {
		p.legs[i].entries = p.legs[i].entries[:0]
	}
	if len(s.idleProduces) < idleRequestsMax && cap(p.entries) <= keptEntriesMax {
		s.idleProduces = append(s.idleProduces, p)
	}
}
