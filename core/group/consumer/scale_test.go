package consumer_test

import (
	"fmt"
	"testing"
	"time"

	"odradek/core/group/consumer"
)

// settleLarge lets members join a group that reads 100 topics of 100 partitions, and beat
// until it is stable. It returns the heartbeats that took.
func settleLarge(tb testing.TB, members int, interval time.Duration) (w *world, beats int) {
	w = newWorld()
	w.settings.AssignmentInterval = interval
	w.topics.racks = []string{"a", "b", "c"}
	sizes := map[string]int32{}
	var names []string
	for i := range 100 {
		name := fmt.Sprintf("topic-%02d", i)
		sizes[name], names = 100, append(names, name)
	}
	w.topics = w.topics.with(sizes)
	var clients []*client
	for i := range members {
		c := &client{id: fmt.Sprintf("member-%04d", i), names: names}
		c.join()
		w.beat(c, false)
		clients = append(clients, c)
		beats++
	}
	for range 20 {
		w.pass(w.now.Plus(5*time.Second), nil)
		for _, c := range clients {
			w.beat(c, false)
			beats++
		}
		w.log = nil
		if w.group.State() == consumer.GroupStable {
			return w, beats
		}
	}
	tb.Fatalf("%d members have not settled", members)
	return nil, 0
}

// A group of 1,000 members and 10,000 partitions settles, every partition has a reader.
func TestLargeGroupSettles(t *testing.T) {
	w, beats := settleLarge(t, 1000, time.Second)
	total := 0
	for _, m := range w.group.Describe(w.call()).Members {
		for _, held := range m.Assignment.TopicPartitions {
			total += len(held.Partitions)
		}
	}
	if total != 10_000 {
		t.Fatalf("%d partitions are read, after %d heartbeats", total, beats)
	}
}

// All members join at once, and every join computes targets, or the first and then one a
// second.
func BenchmarkLargeGroup(b *testing.B) {
	for _, interval := range []time.Duration{0, time.Second} {
		b.Run(fmt.Sprint("interval=", interval), func(b *testing.B) {
			for b.Loop() {
				_, beats := settleLarge(b, 1000, interval)
				b.ReportMetric(float64(beats), "beats/op")
			}
		})
	}
}

// A member that has nothing to say is answered without looking at the others.
func BenchmarkHeartbeat(b *testing.B) {
	w, _ := settleLarge(b, 1000, time.Second)
	c := &client{id: "member-0500"}
	for _, m := range w.group.Describe(w.call()).Members {
		if m.MemberID == c.id {
			c.epoch = m.MemberEpoch
		}
	}
	q := c.request()
	q.Topics = nil
	for b.Loop() {
		w.send(q)
	}
}
