package fetchsession

import (
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// Special session epochs. Source: KIP-227.
const (
	// InitialEpoch begins a session with a full fetch.
	InitialEpoch int32 = 0
	// FinalEpoch is a full fetch outside any session; it ends the one it names.
	FinalEpoch int32 = -1
)

// evictAfter is how long a session must have been left unused before another
// one may take its place regardless of size. Source: Kafka,
// min.incremental.fetch.session.eviction.ms.
const evictAfter = 2 * time.Minute

// Cache holds the sessions of one shard.
type Cache struct {
	max      int
	sessions map[int32]*Session
	// oldest to newest use would cost a list operation a fetch; eviction only
	// happens when the cache is full and then looks at all: ids keeps an order
	// that does not depend on the map.
	ids []int32
}

// NewCache makes a cache of at most max sessions; zero means no sessions at all.
func NewCache(max int) *Cache {
	return &Cache{max: max, sessions: map[int32]*Session{}}
}

// Len is the number of sessions.
func (c *Cache) Len() int { return len(c.sessions) }

// Find begins an incremental fetch. The error is what the client gets instead:
// FETCH_SESSION_ID_NOT_FOUND, FETCH_SESSION_TOPIC_ID_ERROR or
// INVALID_FETCH_SESSION_EPOCH; it then begins anew.
func (c *Cache) Find(
	now kafka.Instant, id, epoch int32, topicIDs bool,
) (*Session, kafka.ErrorCode) {
	s := c.sessions[id]
	switch {
	case s == nil:
		return nil, kafka.ErrFetchSessionIDNotFound
	case s.topicIDs != topicIDs:
		return nil, kafka.ErrFetchSessionTopicIDError
	case s.epoch != epoch:
		return nil, kafka.ErrInvalidFetchSessionEpoch
	}
	s.epoch = nextEpoch(s.epoch)
	s.lastUsed = now
	return s, kafka.None
}

// Want adds a partition to a session or changes what is asked of it.
func (c *Cache) Want(s *Session, key Key, wanted Wanted) { s.want(key, wanted) }

// Forget drops a partition from a session.
func (c *Cache) Forget(s *Session, key Key) { s.forget(key) }

// Create makes a session, to be filled with Want. It returns nil when
// the cache is full and nothing in it may be evicted: the client then goes on
// with full fetches. New ids come from draw.
func (c *Cache) Create(now kafka.Instant, topicIDs bool, size int, draw func() uint64) *Session {
	if !c.makeRoom(now, size) {
		return nil
	}
	id := int32(draw() & 0x7fffffff)
	for id == 0 || c.sessions[id] != nil {
		id = int32(draw() & 0x7fffffff)
	}
	s := &Session{id: id, epoch: 1, topicIDs: topicIDs, index: make(map[Key]*Partition, size),
		created: now, lastUsed: now}
	c.sessions[id] = s
	c.ids = append(c.ids, id)
	assert.That(len(c.sessions) <= c.max, "the cache keeps its limit")
	return s
}

// Remove ends a session; an unknown id is no mistake.
func (c *Cache) Remove(id int32) {
	if c.sessions[id] == nil {
		return
	}
	delete(c.sessions, id)
	for i, other := range c.ids {
		if other == id {
			c.ids = append(c.ids[:i], c.ids[i+1:]...)
			break
		}
	}
}

// makeRoom evicts one session when the cache is full: one that was left unused
// for long, else one that is smaller than the new one and not fresh.
func (c *Cache) makeRoom(now kafka.Instant, size int) bool {
	if len(c.sessions) < c.max {
		return true
	}
	var stale, smaller *Session
	for _, id := range c.ids {
		s := c.sessions[id]
		if now.Since(s.lastUsed) >= evictAfter && (stale == nil || s.lastUsed < stale.lastUsed) {
			stale = s
		}
		if now.Since(s.created) >= evictAfter && s.Len() < size &&
			(smaller == nil || s.Len() < smaller.Len()) {
			smaller = s
		}
	}
	switch {
	case stale != nil:
		c.Remove(stale.id)
	case smaller != nil:
		c.Remove(smaller.id)
	default:
		return false
	}
	return true
}
