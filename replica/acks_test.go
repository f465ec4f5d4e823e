package replica

import (
	"slices"
	"testing"

	"odradek/core/kafka"

	"pgregory.net/rapid"
)

// told records who was told what.
type told struct {
	acknowledged, abandoned []int
}

func (t *told) Acknowledged(tag int) { t.acknowledged = append(t.acknowledged, tag) }
func (t *told) Abandoned(tag int)    { t.abandoned = append(t.abandoned, tag) }

func TestAcknowledgementsComeInOrderOfOffsets(t *testing.T) {
	var q ackQueue
	var who told
	for tag, offset := range []kafka.Offset{10, 20, 15, 20, 30} {
		q.push(ack{offset: offset, waiter: &who, tag: tag})
	}
	q.release(9)
	if len(who.acknowledged) != 0 {
		t.Fatalf("told too early: %v", who.acknowledged)
	}
	q.release(20)
	if want := []int{0, 2, 1, 3}; !slices.Equal(who.acknowledged, want) {
		t.Fatalf("told %v, want %v", who.acknowledged, want)
	}
	q.abandon()
	if want := []int{4}; !slices.Equal(who.abandoned, want) || q.count != 0 {
		t.Fatalf("abandoned %v", who.abandoned)
	}
}

// TestNobodyIsToldEarlyOrForgotten is the law of the queue.
func TestNobodyIsToldEarlyOrForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q ackQueue
		var who told
		offsets := rapid.SliceOfN(rapid.Int64Range(1, 50), 0, 60).Draw(t, "offsets")
		mark := kafka.Offset(0)
		for tag, offset := range offsets {
			q.push(ack{offset: kafka.Offset(offset), waiter: &who, tag: tag})
			if rapid.Bool().Draw(t, "advance") {
				mark = max(mark, kafka.Offset(rapid.Int64Range(0, 50).Draw(t, "mark")))
				q.release(mark)
			}
			waiting := 0
			for i := range tag + 1 {
				reached := kafka.Offset(offsets[i]) <= mark
				was := slices.Contains(who.acknowledged, i)
				if was && !reached {
					t.Fatalf("%d was told at %d", offsets[i], mark)
				}
				if !was {
					waiting++
				}
			}
			if waiting != q.count {
				t.Fatalf("%d wait, the queue has %d", waiting, q.count)
			}
		}
		q.release(50)
		if len(who.acknowledged) != len(offsets) {
			t.Fatalf("%d of %d were told", len(who.acknowledged), len(offsets))
		}
	})
}

// counting counts how often it was told, and may end its own watch.
type counting struct {
	times int
	once  bool
}

func (c *counting) Moved(w *Watch) {
	c.times++
	if c.once {
		w.Unwatch()
	}
}

func TestWatchersAreToldUntilTheyUnwatch(t *testing.T) {
	var l watchList
	once, always := &counting{once: true}, &counting{}
	a, b, c := &Watch{Owner: once}, &Watch{Owner: always}, &Watch{Owner: once}
	l.add(a)
	l.add(b)
	l.add(c)
	l.tell()
	l.tell()
	if once.times != 2 || always.times != 2 {
		t.Fatalf("told %d and %d times", once.times, always.times)
	}
	b.Unwatch()
	b.Unwatch()
	l.tell()
	if always.times != 2 || l.first != nil || l.last != nil {
		t.Fatal("an ended watch was told")
	}
}
