package broker

import (
	"testing"

	"odradek/core/kafka"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// ask sends one request and returns its answer, without length and header.
func (c *guest) ask(q kmsg.Request, key int16) []byte {
	c.kept = c.kept[:0]
	before := c.answers
	c.receive(frameOf(q, key))
	for i := 0; c.answers == before && i < 1000; i++ {
		c.hall.turn()
	}
	header := 8
	if q.IsFlexible() {
		header++
	}
	if len(c.kept) < header {
		c.hall.t.Fatalf("no answer to %s", kmsg.NameForKey(key))
	}
	return c.kept[header:]
}

// produceCode produces one record and returns the partition's error.
func (c *guest) produceCode(version int16, id kafka.TopicID) kafka.ErrorCode {
	q := kmsg.NewPtrProduceRequest()
	frame := c.hall.produce(version, 0)
	header := 8 + 2 + len("hall") + 1
	q.Version = version
	if err := q.ReadFrom(frame[header:]); err != nil {
		c.hall.t.Fatal(err)
	}
	q.Topics[0].TopicID = id
	r := kmsg.NewPtrProduceResponse()
	r.Version = version
	if err := r.ReadFrom(c.ask(q, wire.KeyProduce)); err != nil {
		c.hall.t.Fatal(err)
	}
	return kafka.ErrorCode(r.Topics[0].Partitions[0].ErrorCode)
}

// A connection remembers the topic that it named last, and must not when that is
// gone or another one of its name has come.
func TestARememberedTopicMayGo(t *testing.T) {
	h := newHall(t, 1)
	old, c := h.topic, h.connect()
	check := func(when string, version int16, id kafka.TopicID, want kafka.ErrorCode) {
		t.Helper()
		if got := c.produceCode(version, id); got != want {
			t.Errorf("%s, v%d: %v, want %v", when, version, got, want)
		}
	}
	remove := kmsg.NewPtrDeleteTopicsRequest()
	remove.Version, remove.TimeoutMillis = 5, 1000
	remove.TopicNames = []string{hallTopic}
	for range 2 { // what was asked for last is remembered
		check("there", 9, old, kafka.None)
	}
	c.ask(remove, wire.KeyDeleteTopics)
	check("deleted", 9, old, kafka.ErrUnknownTopicOrPartition)
	h.createTopic(1)
	check("made again", 9, h.topic, kafka.None)
	check("made again", 13, h.topic, kafka.None)
	check("made again", 13, old, kafka.ErrUnknownTopicID)
	check("made again", 13, h.topic, kafka.None)
	c.ask(remove, wire.KeyDeleteTopics)
	check("deleted again", 13, h.topic, kafka.ErrUnknownTopicID)
}

// When its time is over, a request is answered for what is known: what is not yet
// acknowledged has timed out, with its base offset; the others have their outcome.
func TestAnUnfinishedProduceIsAnswered(t *testing.T) {
	h := newHall(t, 1)
	c := h.connect()
	q := kmsg.NewPtrProduceRequest()
	q.Version, q.Acks = 9, 1
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic = hallTopic
	for _, p := range []int32{0, 7} {
		partition := kmsg.NewProduceRequestTopicPartition()
		partition.Partition = p
		topic.Partitions = append(topic.Partitions, partition)
	}
	empty := kmsg.NewProduceRequestTopic()
	empty.Topic = "without partitions"
	q.Topics = append(q.Topics, empty, topic)
	for _, c2 := range []struct {
		pending bool
		want    [2]kafka.ErrorCode
	}{
		{true, [2]kafka.ErrorCode{kafka.ErrRequestTimedOut, kafka.ErrUnknownTopicOrPartition}},
		{false, [2]kafka.ErrorCode{kafka.None, kafka.ErrUnknownTopicOrPartition}},
	} {
		p := h.shard.takeProduce()
		p.ticket = c.attached.(*session).take()
		p.header = wire.RequestHeader{Version: q.Version}
		if err := p.request.Parse(q.Version, q.AppendTo(nil)); err != nil {
			t.Fatal(err)
		}
		p.collect()
		p.entries[0].pending = c2.pending
		p.response.Partitions[0].BaseOffset = 4711
		c.kept = c.kept[:0]
		p.answerUnfinished()
		r := kmsg.NewPtrProduceResponse()
		r.Version = q.Version
		if err := r.ReadFrom(c.kept[9:]); err != nil || len(r.Topics) != 1 {
			t.Fatal(err, r.Topics)
		}
		got := r.Topics[0].Partitions
		for i, want := range c2.want {
			if kafka.ErrorCode(got[i].ErrorCode) != want || got[i].Partition != int32(7*i) {
				t.Errorf("pending %v: partition %d has %d", c2.pending, got[i].Partition, got[i].ErrorCode)
			}
		}
		if got[0].BaseOffset != 4711 {
			t.Errorf("pending %v: base offset %d", c2.pending, got[0].BaseOffset)
		}
	}
}
