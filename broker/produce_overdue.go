package broker

import (
	"slices"
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/wire"
)

// A Produce whose time is over is answered with REQUEST_TIMED_OUT for what is not
// acknowledged by then, and with the base offset where that was appended, as
// Kafka does: the client may look there. The appends stand.
//
// What a leg on another shard has come to belongs to that shard. It keeps a list of
// such guests, and tells their own shard when their time is over. The message
// comes before the leg itself, so that the request is still there.

const (
	// produceSweepInterval is how often unanswered requests are looked at for
	// time-outs; nothing is looked at while there are none.
	produceSweepInterval = 250 * time.Millisecond
	// noGuest is the place of a leg that is not in the list.
	noGuest = -1
)

// sweepProduces answers the requests whose time is over, and tells other shards of
// theirs. They are kept until their legs are home.
func (s *Shard) sweepProduces() {
	now := s.world.Loop.Now()
	for p := s.oldestProduce; p != nil; {
		next := p.next
		p.answerIfOverdue(now)
		p = next
	}
	for _, leg := range s.guests {
		if !leg.told && leg.produce.request.Acks != 0 && leg.deadline <= now {
			leg.told = true
			s.world.Shards.Send(leg.produce.shard.index(), produceLate{leg, leg.outcomes()})
		}
	}
	if s.sweepsProduces() {
		s.produceSweep.Set(now.Plus(produceSweepInterval))
	}
}

// sweepsProduces reports whether anything waits that may become overdue.
func (s *Shard) sweepsProduces() bool { return s.oldestProduce != nil || len(s.guests) > 0 }

// willSweepProduces is called before something begins to wait.
func (s *Shard) willSweepProduces() {
	if !s.sweepsProduces() {
		s.produceSweep.Set(s.world.Loop.Now().Plus(produceSweepInterval))
	}
}

// isOverdue reports whether a request is to be answered with what there is. With
// acks=0 there is nothing to answer, and whether to hang up is known only when the
// legs are home.
func (p *produce) isOverdue(now kafka.Instant) bool {
	return p.request.Acks != 0 && p.deadline <= now
}

// answerIfOverdue answers once it is known what every leg has come to.
func (p *produce) answerIfOverdue(now kafka.Instant) {
	if p.answered || !p.isOverdue(now) {
		return
	}
	for i := range p.legs {
		leg := &p.legs[i]
		if len(leg.entries) > 0 && i != p.shard.index() && !leg.back && leg.late == nil {
			return
		}
	}
	p.answerUnfinished()
}

// answerUnfinished answers although legs are still away. It makes a response of its
// own, as theirs goes on.
func (p *produce) answerUnfinished() {
	p.answered = true
	var response wire.ProduceResponse
	for t := range p.request.Topics {
		topic := &p.request.Topics[t]
		if len(topic.Partitions) == 0 {
			continue // as in collect
		}
		response.AddTopic(topic.Name, topic.TopicID)
		for i := range topic.Partitions {
			outcome := response.AddPartition(topic.Partitions[i].Partition)
			late := p.outcome(len(response.Partitions) - 1)
			*outcome = late.partition
			if late.pending {
				outcome.Error = kafka.ErrRequestTimedOut
			}
		}
	}
	p.send(&response)
}

// lateOutcome is what is known of an entry when the time is over.
type lateOutcome struct {
	pending   bool
	partition wire.ProduceResponsePartition
}

// outcome is what is known of an entry. Those of a leg that is away on another
// shard are not looked at, but what that shard told of them.
func (p *produce) outcome(entry int) lateOutcome {
	e := &p.entries[entry]
	if e.id == (kafka.TopicPartition{}) || e.shard == p.shard.index() || p.legs[e.shard].back {
		return lateOutcome{e.pending, p.response.Partitions[entry]}
	}
	leg := &p.legs[e.shard]
	return leg.late[slices.Index(leg.entries, entry)]
}

// outcomes is a copy of what a leg has come to, in the order of its entries.
func (leg *produceLeg) outcomes() []lateOutcome {
	all := make([]lateOutcome, len(leg.entries))
	for i, entry := range leg.entries {
		all[i] = lateOutcome{leg.produce.entries[entry].pending,
			leg.produce.response.Partitions[entry]}
	}
	return all
}

// produceLate tells a leg's own shard what it has come to, while it is still away.
type produceLate struct {
	leg      *produceLeg
	outcomes []lateOutcome
}

func (m produceLate) arrive() {
	assert.That(!m.leg.back, "what is told of a leg comes before it")
	m.leg.late = m.outcomes
	m.leg.produce.answerIfOverdue(m.leg.produce.shard.world.Loop.Now())
}

// takeGuest lists a leg of another shard's request, which waits here.
func (s *Shard) takeGuest(leg *produceLeg) {
	assert.That(leg.place == noGuest, "a leg is a guest once")
	s.willSweepProduces()
	patience := time.Duration(leg.produce.request.TimeoutMillis) * time.Millisecond
	leg.deadline = s.world.Loop.Now().Plus(patience)
	leg.place = len(s.guests)
	s.guests = append(s.guests, leg)
}

// letGuestGo takes a leg off the list, if it is there.
func (s *Shard) letGuestGo(leg *produceLeg) {
	if leg.place == noGuest {
		return
	}
	last := len(s.guests) - 1
	moved := s.guests[last]
	s.guests[leg.place], moved.place = moved, leg.place
	s.guests[last] = nil
	s.guests = s.guests[:last]
	leg.place = noGuest
	if !s.sweepsProduces() {
		s.produceSweep.Stop()
	}
}

func (s *Shard) waitProduce(p *produce) {
	s.willSweepProduces()
	p.prev, p.next = s.newestProduce, nil
	if s.newestProduce != nil {
		s.newestProduce.next = p
	} else {
		s.oldestProduce = p
	}
	s.newestProduce = p
}

func (s *Shard) forgetProduce(p *produce) {
	if p.prev == nil && s.oldestProduce != p {
		return // it never had to wait
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		s.oldestProduce = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		s.newestProduce = p.prev
	}
	p.prev, p.next = nil, nil
	if !s.sweepsProduces() {
		s.produceSweep.Stop()
	}
}
