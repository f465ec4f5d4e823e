package fetchsession_test

import (
	"testing"
	"time"

	"odradek/broker/fetchsession"
	"odradek/core/kafka"
)

func counter() func() uint64 {
	n := uint64(6)
	return func() uint64 { n++; return n }
}

func key(p kafka.Partition) fetchsession.Key {
	return fetchsession.Key{Topic: kafka.TopicID{1}, Partition: p}
}

func order(s *fetchsession.Session) (list []kafka.Partition) {
	for p := s.First(); p != nil; p = p.Next() {
		list = append(list, p.Partition)
	}
	return list
}

func TestASessionGoesFromEpochToEpoch(t *testing.T) {
	c := fetchsession.NewCache(2)
	s := c.Create(0, true, 2, counter())
	for _, step := range []struct {
		id, epoch int32
		topicIDs  bool
		want      kafka.ErrorCode
	}{
		{s.ID(), 0, true, kafka.ErrInvalidFetchSessionEpoch},
		{s.ID(), 1, true, kafka.None},
		{s.ID(), 1, true, kafka.ErrInvalidFetchSessionEpoch},
		{s.ID(), 2, false, kafka.ErrFetchSessionTopicIDError},
		{s.ID(), 2, true, kafka.None},
		{s.ID() + 1, 1, true, kafka.ErrFetchSessionIDNotFound},
	} {
		if _, code := c.Find(0, step.id, step.epoch, step.topicIDs); code != step.want {
			t.Errorf("%+v: got %v", step, code)
		}
	}
	c.Remove(s.ID())
	if _, code := c.Find(0, s.ID(), 3, true); code != kafka.ErrFetchSessionIDNotFound {
		t.Errorf("a removed session: %v", code)
	}
}

func TestOnlyNewsIsTold(t *testing.T) {
	c := fetchsession.NewCache(1)
	s := c.Create(0, true, 3, counter())
	for p := range kafka.Partition(3) {
		c.Want(s, key(p), fetchsession.Wanted{})
	}
	first := s.First()
	tell := func(a fetchsession.Answered, want bool, why string) {
		t.Helper()
		if got := s.Tell(first, a); got != want {
			t.Errorf("%s: told %v", why, got)
		}
	}
	at := func(highWatermark kafka.Offset) fetchsession.Answered {
		return fetchsession.Answered{HighWatermark: highWatermark}
	}
	tell(at(5), true, "the first answer")
	tell(at(5), false, "nothing new")
	tell(at(6), true, "the high watermark moved")
	tell(fetchsession.Answered{HighWatermark: 6, LogStartOffset: 2}, true, "the log start moved")
	tell(fetchsession.Answered{HighWatermark: 6, LogStartOffset: 2, Always: true}, true, "forced")
	tell(fetchsession.Answered{Error: kafka.ErrOffsetOutOfRange, HighWatermark: 6,
		LogStartOffset: 2}, true, "an error")
	tell(fetchsession.Answered{HighWatermark: 6, LogStartOffset: 2}, true, "after an error")
	tell(fetchsession.Answered{HighWatermark: 6, LogStartOffset: 2, Bytes: 9}, true, "records")
	if got := order(s); got[0] != 1 || got[2] != 0 {
		t.Errorf("a partition that was served goes to the end: %v", got)
	}
}

func TestATopicThatWasThereStaysKnown(t *testing.T) {
	c := fetchsession.NewCache(1)
	s := c.Create(0, true, 1, counter())
	c.Want(s, key(0), fetchsession.Wanted{})
	p := s.First()
	for i, step := range []struct{ there, want bool }{
		{false, false}, {true, true}, {false, true}, {true, true},
	} {
		if got := p.Resolve(step.there); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

func TestForgettingAndUpdating(t *testing.T) {
	c := fetchsession.NewCache(1)
	s := c.Create(0, true, 3, counter())
	for p := range kafka.Partition(3) {
		c.Want(s, key(p), fetchsession.Wanted{Offset: 1})
	}
	c.Forget(s, key(1))
	c.Forget(s, key(9))
	c.Want(s, key(2), fetchsession.Wanted{Offset: 7})
	if got := order(s); len(got) != 2 || got[0] != 0 || got[1] != 2 || s.First().Next().Offset != 7 {
		t.Errorf("got %v", got)
	}
	c.Forget(s, key(0))
	c.Forget(s, key(2))
	if s.Len() != 0 || s.First() != nil {
		t.Error("it should be empty")
	}
}

func TestAFullCacheEvictsTheStaleThenTheSmaller(t *testing.T) {
	c := fetchsession.NewCache(2)
	draw := counter()
	minute := func(n int) kafka.Instant { return kafka.Instant(n) * kafka.Instant(time.Minute) }
	a, b := c.Create(0, true, 5, draw), c.Create(minute(1), true, 1, draw)
	if c.Create(minute(1), true, 9, draw) != nil {
		t.Fatal("nothing may be evicted yet")
	}
	c.Find(minute(2), b.ID(), 1, true)
	d := c.Create(minute(2), true, 1, draw)
	gone := func(at kafka.Instant, id, epoch int32) bool {
		_, code := c.Find(at, id, epoch, true)
		return code == kafka.ErrFetchSessionIDNotFound
	}
	if d == nil || !gone(minute(2), a.ID(), 1) {
		t.Fatal("the stale session should have made room")
	}
	c.Find(minute(3), d.ID(), 1, true)
	c.Find(minute(3), b.ID(), 2, true)
	e := c.Create(minute(3), true, 4, draw)
	if e == nil || !gone(minute(3), b.ID(), 3) {
		t.Fatal("the older, smaller session should have made room")
	}
	if fetchsession.NewCache(0).Create(0, true, 1, draw) != nil {
		t.Fatal("a cache of none holds none")
	}
}
