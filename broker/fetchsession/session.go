package fetchsession

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

// Key names a partition within a session: by topic id from Fetch v13 on, by
// name before. The other half is zero.
type Key struct {
	Topic     kafka.TopicID
	Name      string
	Partition kafka.Partition
}

// Wanted is what a client asks of one partition.
type Wanted struct {
	Offset             kafka.Offset
	CurrentLeaderEpoch kafka.LeaderEpoch
	LastFetchedEpoch   kafka.LeaderEpoch
	// LogStartOffset is a follower's own, kafka.NoOffset from a consumer.
	LogStartOffset kafka.Offset
	// BytesMax bounds the records of this partition.
	BytesMax int32
}

// Partition is one partition of a fetch.
type Partition struct {
	Key
	Wanted
	// what the client was last told; kafka.NoOffset before the first time and
	// after an error, so that the next answer names the partition.
	highWatermark  kafka.Offset
	logStartOffset kafka.Offset
	// resolved is set once the topic was there.
	resolved bool

	prev, next *Partition
	session    *Session
}

// Session is one client's remembered list of partitions, in the order in which
// they will be served.
type Session struct {
	id       int32
	epoch    int32
	topicIDs bool
	index    map[Key]*Partition
	first    *Partition
	last     *Partition
	created  kafka.Instant
	lastUsed kafka.Instant
}

// ID is what the client names the session by; never zero.
func (s *Session) ID() int32 { return s.id }

// Len is the number of partitions.
func (s *Session) Len() int { return len(s.index) }

// First is the partition to serve first; Next follows it.
func (s *Session) First() *Partition { return s.first }

// Next is the partition to serve after p, nil at the end.
func (p *Partition) Next() *Partition { return p.next }

// Resolve takes note whether the partition's topic is there now, and reports
// whether it ever was: a topic id that a session has found once is a name to it,
// and a topic that is gone an unknown topic, not an unknown id. Source: Kafka,
// FetchSession.CachedPartition.maybeResolveUnknownName.
func (p *Partition) Resolve(there bool) (everThere bool) {
	p.resolved = p.resolved || there
	return p.resolved
}

// want adds a partition or updates what is asked of it.
func (s *Session) want(key Key, wanted Wanted) {
	if p := s.index[key]; p != nil {
		p.Wanted = wanted
		return
	}
	if key.Name != "" {
		key.Name = string(append([]byte(nil), key.Name...)) // it aliases a frame
	}
	p := &Partition{Key: key, Wanted: wanted, session: s,
		highWatermark: kafka.NoOffset, logStartOffset: kafka.NoOffset}
	s.index[key] = p
	s.append(p)
}

func (s *Session) forget(key Key) {
	if p := s.index[key]; p != nil {
		delete(s.index, key)
		s.unlink(p)
	}
}

func (s *Session) append(p *Partition) {
	p.prev, p.next = s.last, nil
	if s.last != nil {
		s.last.next = p
	} else {
		s.first = p
	}
	s.last = p
}

func (s *Session) unlink(p *Partition) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		s.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		s.last = p.prev
	}
	p.prev, p.next = nil, nil
}

// Answered is what a partition is answered with.
type Answered struct {
	Error          kafka.ErrorCode
	HighWatermark  kafka.Offset
	LogStartOffset kafka.Offset
	Bytes          int64
	// Diverging or redirected answers must always be sent.
	Always bool
}

// Tell decides whether an incremental response must name the partition, and
// remembers what the client then knows. A partition that got records goes to
// the end of the list, so that under a byte limit the others are served first
// next time.
//
// Source: Kafka, FetchSession.CachedPartition.maybeUpdateResponseData.
func (s *Session) Tell(p *Partition, a Answered) (include bool) {
	assert.That(p.session == s, "a session answers for its own partitions")
	include = a.Always || a.Bytes > 0 ||
		a.HighWatermark != p.highWatermark || a.LogStartOffset != p.logStartOffset
	p.highWatermark, p.logStartOffset = a.HighWatermark, a.LogStartOffset
	if a.Error != kafka.None {
		// Whatever comes after an error is news.
		p.highWatermark = kafka.NoOffset
		include = true
	}
	if a.Bytes > 0 {
		s.unlink(p)
		s.append(p)
	}
	return include
}

// nextEpoch follows e: 0 is the epoch of a full fetch and -1 of none, so the
// count wraps to 1.
func nextEpoch(e int32) int32 {
	if e < 0 {
		return -1
	}
	if e == 1<<31-1 {
		return 1
	}
	return e + 1
}
