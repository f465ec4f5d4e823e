package broker

import (
	"time"

	"odradek/broker/fetchsession"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
	"odradek/core/wire"
)

// Fetch (key 1) returns whole batches of some partitions, from the page cache
// to the socket without a copy.
//
// A response begins with the batch that holds the offset asked for; the first
// batch of a response is whole whatever its size (KIP-74). One partition gives
// one contiguous range of one segment at a time. A fetch waits until there are
// min_bytes, max_wait is over, the log goes on in a later segment than that of what
// was found, the response is full, or a partition has an error to tell; one that
// nobody knows does not keep a fetch from waiting for the others. Nothing at or above
// the highWatermark is ever sent.
//
// Not done: followers (replica ids get NOT_LEADER_OR_FOLLOWER) and preferred
// read replicas: there is one broker. No transactions are written yet, so
// read_committed gets an empty list of aborted ones.
//
// Versions: 7 sessions (KIP-227); 9 leader epoch fencing (KIP-320); 12
// diverging epochs (KIP-595); 13 topic ids (KIP-516); 15 replica state; 16
// leader hints, never needed with one broker.

// fetch is one request from its arrival to its answer, on the shard of its
// connection. It is used again for later ones.
type fetch struct {
	shard    *Shard
	ticket   ticket
	held     heldRequest
	request  wire.FetchRequest
	response wire.FetchResponse
	splices  []wire.Splice
	chunks   []env.Chunk

	session *fetchsession.Session
	// incremental responses name only what changed.
	incremental bool
	entries     []fetchEntry
	names       []fetchName
	legs        []fetchLeg
	away        int
	deadline    kafka.Instant
	timer       *task.Timer
	bytesMax    int64
	// number tells this use of the fetch from others, for messages that may
	// come late.
	number uint64
	// waiting is set while the fetch watches its partitions; woken when it is
	// on the shard's list of those to look again; over when time is.
	waiting, woken, over bool
}

// fetchName is how the client names an entry, and the session's memory of it.
type fetchName struct {
	topic     []byte
	id        kafka.TopicID
	partition kafka.Partition
	member    *fetchsession.Partition
}

// fetchLeg is the part of a fetch that one shard does. Between its sending and
// its return the leg and its entries belong to that shard.
type fetchLeg struct {
	fetch   *fetch
	shard   *Shard
	entries []int
	limits  fetchLimits
}

// beginFetch takes a request in; what has to wait is kept in the fetch.
func (s *Shard) beginFetch(k ticket, held *heldRequest) {
	f := s.takeFetch()
	f.ticket, f.held = k, *held
	if err := f.request.Parse(held.header.Version, held.body); err != nil {
		s.recycleFetch(f)
		k.hangUp()
		return
	}
	f.deadline = s.world.Loop.Now().Plus(time.Duration(f.request.MaxWaitMillis) * time.Millisecond)
	f.bytesMax = min(int64(f.request.MaxBytes), s.fetchBytesMax())
	if f.request.IsolationLevel < 0 || f.request.IsolationLevel > 1 {
		f.refuseEach(kafka.ErrUnknownServerError) // as Kafka answers it
		return
	}
	if code := f.openSession(); code != kafka.None {
		f.refuse(code)
		return
	}
	f.route()
	f.look()
}

// refuse answers with an error of the whole request.
func (f *fetch) refuse(code kafka.ErrorCode) {
	f.entries, f.names = f.entries[:0], f.names[:0]
	f.response.Reset()
	f.response.Error = code
	f.send()
}

// refuseEach is refuse for an error that versions without topic ids are told
// for each partition, too. No session is opened or looked at.
func (f *fetch) refuseEach(code kafka.ErrorCode) {
	if f.held.header.Version >= 13 {
		f.refuse(code)
		return
	}
	f.listRequest()
	for i := range f.entries {
		f.entries[i].outcome = failedFetch(code)
		f.entries[i].outcome.unread = true
	}
	f.respond()
	f.response.Error = code
	f.send()
}

// route finds where each entry's partition is.
func (f *fetch) route() {
	for i := range f.entries {
		e, name := &f.entries[i], &f.names[i]
		route, code := f.routeOf(name)
		if name.member != nil && name.member.Resolve(code == kafka.None) &&
			code == kafka.ErrUnknownTopicID {
			code = kafka.ErrUnknownTopicOrPartition // the session has seen its name
		}
		if code == kafka.None && f.request.ReplicaID >= 0 {
			code = kafka.ErrNotLeaderOrFollower
		}
		var place *partitionRoute
		if code == kafka.None {
			if place = route.partition(name.partition); place == nil {
				code = kafka.ErrUnknownTopicOrPartition
			}
		}
		if code != kafka.None {
			e.outcome = failedFetch(code)
			e.outcome.unread = code != kafka.ErrNotLeaderOrFollower
			continue
		}
		name.topic, name.id = route.nameBytes, route.id
		e.id = kafka.TopicPartition{Topic: route.id, Partition: name.partition}
		e.shard, e.host = place.shard, place.host
		f.legs[e.shard].entries = append(f.legs[e.shard].entries, i)
	}
}

// routeOf finds an entry's topic as the request's version names it.
func (f *fetch) routeOf(name *fetchName) (*topicRoute, kafka.ErrorCode) {
	routes, known := &f.shard.routes, &f.ticket.session.fetched
	if f.held.header.Version >= 13 {
		if route := routes.findID(known, name.id); route != nil {
			return route, kafka.None
		}
		return nil, kafka.ErrUnknownTopicID
	}
	if route := routes.findName(known, name.topic); route != nil {
		return route, kafka.None
	}
	return nil, kafka.ErrUnknownTopicOrPartition
}

// look has every shard look at its partitions, and goes on in legIsHome.
func (f *fetch) look() {
	here := f.shard.index()
	f.away = 1
	for i := range f.legs {
		leg := &f.legs[i]
		if len(leg.entries) == 0 {
			continue
		}
		f.away++
		leg.limits = fetchLimits{bytesLeft: f.bytesMax, committed: f.request.IsolationLevel == 1}
		if i == here {
			leg.begin(f.shard)
		} else {
			f.shard.world.Shards.Send(i, leg)
		}
	}
	f.legIsHome()
}

// begin looks at a leg's partitions, on the shard that owns them.
func (leg *fetchLeg) begin(s *Shard) {
	leg.shard = s
	cold := false
	left := leg.limits
	for _, i := range leg.entries {
		e := &leg.fetch.entries[i]
		host := leg.host(e)
		if host == nil {
			e.outcome = failedFetch(s.absentCode(e.id))
			continue
		}
		host.look(e, left, left.bytesLeft == leg.limits.bytesLeft)
		left.bytesLeft -= e.outcome.bytes()
		cold = cold || e.outcome.cold
	}
	if cold {
		leg.pin()
		s.world.Loop.Spawn("cold fetch", leg.warm)
		return
	}
	leg.goHome()
}

func (leg *fetchLeg) host(e *fetchEntry) *partition {
	host := e.host
	if host == nil {
		host = leg.shard.hosts[e.id]
	}
	if host == nil || host.retired {
		return nil
	}
	return host
}

// warm brings into memory what a leg's partitions have to send, then goes home.
func (leg *fetchLeg) warm(t *task.Task) {
	left := leg.limits
	for _, i := range leg.entries {
		e := &leg.fetch.entries[i]
		if e.outcome.cold {
			first := left.bytesLeft == leg.limits.bytesLeft
			if host := leg.host(e); host != nil {
				host.lookAgain(t, e, left, first)
			} else {
				e.outcome.drop()
				e.outcome = failedFetch(kafka.ErrUnknownTopicOrPartition)
			}
		}
		left.bytesLeft -= e.outcome.bytes()
	}
	leg.goHome()
}

// goHome returns the leg to the connection's shard. Files are pinned unless they are
// sent at once: retention or compaction may close them meanwhile.
func (leg *fetchLeg) goHome() {
	f := leg.fetch
	if !leg.alone() {
		leg.pin()
	}
	if leg.shard == f.shard {
		f.legIsHome()
		return
	}
	leg.shard.world.Shards.Send(f.shard.index(), fetchLegDone{leg})
}

// alone reports whether the fetch has no other legs, and this one is at home.
func (leg *fetchLeg) alone() bool {
	for i := range leg.fetch.legs {
		if other := &leg.fetch.legs[i]; other != leg && len(other.entries) > 0 {
			return false
		}
	}
	return leg.shard == leg.fetch.shard
}

// pin keeps the files of what was found open until it was sent.
func (leg *fetchLeg) pin() {
	for _, i := range leg.entries {
		leg.fetch.entries[i].outcome.pin()
	}
}

// fetchLegDone brings a leg home from another shard.
type fetchLegDone struct{ leg *fetchLeg }

func (d fetchLegDone) arrive() { d.leg.fetch.legIsHome() }

// legIsHome answers or waits once no leg is away.
func (f *fetch) legIsHome() {
	f.away--
	if f.away > 0 {
		return
	}
	if f.isReady() {
		f.finish()
		return
	}
	f.unpin()
	f.wait()
}

// isReady reports whether what was found is to be sent now.
func (f *fetch) isReady() bool {
	total, known := int64(0), false
	for i := range f.entries {
		o := &f.entries[i].outcome
		if o.urgent() {
			return true
		}
		total += o.bytesThere
		known = known || !o.unread
	}
	return total >= int64(f.request.MinBytes) || f.over || !known ||
		f.deadline <= f.shard.world.Loop.Now() || f.ticket.session.closed
}

// finish sends what was found.
func (f *fetch) finish() {
	f.trim()
	f.respond()
	f.send()
}

// trim keeps the response within its limit: legs of several shards each had all
// of it, and each gave its first batch whole, since which of them is the
// response's first shows only now. What doesn't fit is left for the next fetch.
func (f *fetch) trim() {
	left := f.bytesMax
	some := false
	for i := range f.entries {
		o := &f.entries[i].outcome
		if some && o.bytes() > min(left, int64(f.entries[i].bytesMax)) {
			o.drop()
		}
		left -= o.bytes()
		some = some || o.bytes() > 0
	}
}

// respond copies the entries' outcomes into the response.
func (f *fetch) respond() {
	r := &f.response
	r.Reset()
	if f.session != nil {
		r.SessionID = f.session.ID()
	}
	var topic *fetchName
	for i := range f.entries {
		name, o := &f.names[i], &f.entries[i].outcome
		if topic == nil || topic.id != name.id || string(topic.topic) != string(name.topic) {
			topic = name
			r.AddTopic(name.topic, name.id)
		}
		p := r.AddPartition(name.partition)
		p.Error = o.code
		p.HighWatermark, p.LastStableOffset = o.highWatermark, o.lastStableOffset
		p.LogStartOffset = o.logStartOffset
		p.RecordsBytes = int32(o.bytes())
		if o.unread || f.request.IsolationLevel == 1 && o.code == kafka.None {
			p.Aborted = noneAborted()
		}
		if o.diverging {
			p.DivergingEpoch = wire.EpochEndOffset{Epoch: o.divergingEpoch, EndOffset: o.divergingEnd}
		}
		if name.member != nil {
			include := f.session.Tell(name.member, fetchsession.Answered{Error: o.code,
				HighWatermark: o.highWatermark, LogStartOffset: o.logStartOffset,
				Bytes: o.bytes(), Always: o.diverging})
			p.Omit = f.incremental && !include
		}
	}
}

// noneAborted is the empty list, which is not null. It costs no allocation.
func noneAborted() []wire.AbortedTransaction { return []wire.AbortedTransaction{} }

// send encodes the response around its records and gives it to the connection.
func (f *fetch) send() {
	s, header := f.shard, f.held.header
	s.scratch, f.splices = f.response.AppendFrame(
		s.scratch[:0], f.splices[:0], header.Version, header.CorrelationID)
	f.chunks = f.chunks[:0]
	at := 0
	for _, splice := range f.splices {
		records := &f.entries[splice.Partition].outcome.records
		f.chunks = append(f.chunks, env.Chunk{Bytes: s.scratch[at:splice.At]},
			env.Chunk{File: records.File, Position: records.Position, Length: records.Length})
		at = splice.At
	}
	if at < len(s.scratch) {
		f.chunks = append(f.chunks, env.Chunk{Bytes: s.scratch[at:]})
	}
	f.ticket.answer(f.chunks)
	s.trimScratch()
	f.unpin()
	s.recycleFetch(f)
}

// unpin lets go of the files.
func (f *fetch) unpin() {
	for i := range f.entries {
		f.entries[i].outcome.unpin()
	}
}

func (o *fetchOutcome) pin() {
	if !o.pinned && o.records.Length > 0 {
		o.records.File.Pin()
		o.pinned = true
	}
}

func (o *fetchOutcome) unpin() {
	if o.pinned {
		o.pinned = false
		o.records.File.Unpin()
	}
}

// drop takes the records out of an outcome.
func (o *fetchOutcome) drop() {
	o.unpin()
	o.records = log.Range{}
}

// takeFetch returns a fetch to use, an old one where there is one.
func (s *Shard) takeFetch() *fetch {
	var f *fetch
	if n := len(s.idleFetches); n > 0 {
		f = s.idleFetches[n-1]
		s.idleFetches = s.idleFetches[:n-1]
	} else {
		f = &fetch{shard: s, legs: make([]fetchLeg, s.world.Shards.Count())}
		for i := range f.legs {
			f.legs[i].fetch = f
		}
		f.timer = s.world.Loop.NewTimer(f.timeIsOver)
	}
	s.fetches++
	f.number = s.fetches
	return f
}

func (s *Shard) recycleFetch(f *fetch) {
	f.timer.Stop()
	f.held.frame.Release()
	f.held, f.ticket, f.session = heldRequest{}, ticket{}, nil
	f.incremental, f.waiting, f.woken, f.over = false, false, false, false
	clear(f.entries)
	clear(f.names)
	clear(f.chunks)
	f.entries, f.names, f.chunks = f.entries[:0], f.names[:0], f.chunks[:0]
	for i := range f.legs {
		f.legs[i].entries = f.legs[i].entries[:0]
	}
	f.number = 0
	if len(s.idleFetches) < idleRequestsMax && cap(f.entries) <= keptEntriesMax {
		s.idleFetches = append(s.idleFetches, f)
	}
}
