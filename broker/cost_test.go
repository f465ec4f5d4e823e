package broker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"odradek/controller/config"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The shape of the load: that of many small producers, each with some requests
// in flight.
const (
	loadPartitions = 16
	loadGuests     = 64
	loadInFlight   = 8
)

// load is a hall whose guests produce, fetch, and wait for records.
type load struct {
	*hall
	guests   []*guest
	produces [][]byte
	fetches  [][]byte
	// offsetAt is where the offset stands in a fetch.
	offsetAt int
}

func newLoad(t testing.TB, version int16, policy string) *load {
	l := &load{hall: newHall(t, loadPartitions,
		config.Entry{Name: config.FlushPolicy, Value: policy})}
	for range loadGuests {
		l.guests = append(l.guests, l.connect())
	}
	const mark = 0x1122334455667788
	for p := range kafka.Partition(loadPartitions) {
		l.produces = append(l.produces, l.produce(version, p))
		l.fetches = append(l.fetches, l.fetch(p, mark))
	}
	l.offsetAt = bytes.Index(l.fetches[0], binary.BigEndian.AppendUint64(nil, mark))
	return l
}

// produceRound has every guest send its requests, and all of them answered.
func (l *load) produceRound() {
	for i, c := range l.guests {
		for n := range loadInFlight {
			c.receive(l.produces[(i+n)%loadPartitions])
		}
	}
	l.settle()
}

// fetchRound has every guest fetch from a distance before the end of the log.
func (l *load) fetchRound(before kafka.Offset) {
	for p, host := range l.shard.routes.byName[hallTopic].partitions {
		from := host.host.Log.LogEndOffset() - before
		binary.BigEndian.PutUint64(l.fetches[p][l.offsetAt:], uint64(from))
	}
	for i, c := range l.guests {
		c.receive(l.fetches[i%loadPartitions])
	}
	l.settle()
}

// wakeRound has every guest wait at the end of the log and the records come.
func (l *load) wakeRound() {
	l.fetchRound(0)
	for p := range l.produces {
		l.guests[p].receive(l.produces[p])
	}
	l.settle()
}

// answered is how many answers all guests have, and how many bytes of records.
func (l *load) answered() (answers int, spliced int64) {
	for _, c := range l.guests {
		answers += c.answers
		spliced += c.spliced
	}
	return answers, spliced
}

// A Produce, a Fetch and a Fetch that waits cost no allocation, from the frame
// to the answer, once the broker has seen some.
func TestRequestsAllocateNothing(t *testing.T) {
	const rounds = 20
	for _, version := range []int16{9, 13} {
		for _, policy := range []string{config.FlushBackground, config.FlushDurable} {
			l := newLoad(t, version, policy)
			for _, c := range []struct {
				name    string
				round   func()
				answers int
				fetches int
			}{
				{"produce", l.produceRound, loadGuests * loadInFlight, 0},
				{"fetch", func() { l.fetchRound(3) }, loadGuests, loadGuests},
				{"long poll", l.wakeRound, loadGuests + loadPartitions, loadGuests},
			} {
				for range rounds {
					c.round()
				}
				answers, spliced := l.answered()
				// The average of many requests at a time is whole: one allocation in a
				// round shows.
				if got := testing.AllocsPerRun(rounds, c.round); got > 0 {
					t.Errorf("%s, v%d, %s: %v allocations in %d requests", c.name, version,
						policy, got, c.answers)
				}
				now, left := l.answered()
				if got := now - answers; got != (rounds+1)*c.answers {
					t.Errorf("%s: %d answers to %d requests", c.name, got, (rounds+1)*c.answers)
				}
				if c.fetches > 0 && left-spliced < int64((rounds+1)*c.fetches)*100 {
					t.Errorf("%s: %d bytes of records left", c.name, left-spliced)
				}
			}
		}
	}
}

// BenchmarkProduce is the broker's own part of a small Produce: from the frame
// at the session's door to the answer's bytes at the connection.
func BenchmarkProduce(b *testing.B) {
	for _, version := range []int16{9, 13} {
		for _, policy := range []string{config.FlushBackground, config.FlushDurable} {
			b.Run(fmt.Sprintf("v%d/%s", version, policy), func(b *testing.B) {
				l := newLoad(b, version, policy)
				for range 100 {
					l.produceRound()
				}
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; n += loadGuests * loadInFlight {
					l.produceRound()
				}
			})
		}
	}
}

// produce is a Produce of one record to one partition.
func (h *hall) produce(version int16, p kafka.Partition) []byte {
	b := batch.NewBuilder()
	b.Append(1_700_000_000_000, nil, make([]byte, 100))
	q := kmsg.NewPtrProduceRequest()
	q.Version, q.Acks, q.TimeoutMillis = version, -1, 30_000
	topic, partition := kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	topic.Topic, topic.TopicID = hallTopic, h.topic
	partition.Partition, partition.Records = int32(p), b.Build()
	topic.Partitions = append(topic.Partitions, partition)
	q.Topics = append(q.Topics, topic)
	return frameOf(q, wire.KeyProduce)
}

// fetch is a Fetch of one partition from an offset, without a session.
func (h *hall) fetch(p kafka.Partition, from kafka.Offset) []byte {
	q := kmsg.NewPtrFetchRequest()
	q.Version, q.MaxWaitMillis, q.MinBytes = 13, 60_000, 1
	q.MaxBytes, q.SessionEpoch = 1<<20, -1
	topic, partition := kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	topic.Topic, topic.TopicID = hallTopic, h.topic
	partition.Partition, partition.FetchOffset = int32(p), int64(from)
	partition.PartitionMaxBytes, partition.CurrentLeaderEpoch = 1<<20, -1
	topic.Partitions = append(topic.Partitions, partition)
	q.Topics = append(q.Topics, topic)
	return frameOf(q, wire.KeyFetch)
}
