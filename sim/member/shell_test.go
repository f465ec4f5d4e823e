package member_test

import (
	"encoding/binary"
	"iter"

	"odradek/core/env"
	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// cluster is what outlives the processes of a broker that does nothing but coordinate: its
// topics, its settings, and a log that is durable at once.
type cluster struct {
	settings   group.Settings
	topic      string
	id         kafka.TopicID
	partitions int32
	log        []record.Record
	// spoil changes what the coordinator decides, where a test wants it wrong.
	spoil func(d *decision.Decision)
}

// shell is one process of the broker.
type shell struct {
	*cluster
	world       *env.World
	coordinator *group.Coordinator
	timer       *task.Timer
	tickets     decision.Ticket
	waiting     map[decision.Ticket]*question
}

// question is a request on its way to an answer. Those of a connection are answered in
// their order.
type question struct {
	from        *line
	request     kmsg.Request
	correlation uint32
	answer      kmsg.Response
}

// line is a connection.
type line struct {
	conn    env.Conn
	pending []*question
}

// boot is the broker's program.
func (c *cluster) boot(w *env.World) {
	s := &shell{cluster: c, world: w, waiting: map[decision.Ticket]*question{}}
	s.coordinator = group.New(group.Options{
		Settings: func() group.Settings { return c.settings },
		Random:   w.Random.Fork("coordinator"),
		Topics:   func() group.Topics { return c },
		Trace:    w.Trace,
	})
	for _, r := range c.log {
		s.coordinator.Apply(r)
	}
	s.timer = w.Loop.NewTimer(func() { s.carryOut(s.coordinator.Expire(s.moment())) })
	s.carryOut(s.coordinator.Loaded(s.moment()))
	_, err := w.Network.Listen("broker:9092",
		env.Options{FrameBytesMax: 1 << 20, UnsentBytesMax: 1 << 20}, s)
	if err != nil {
		panic(err)
	}
}

func (s *shell) moment() decision.Moment {
	return decision.Moment{Now: s.world.Clock.Now(), Wall: s.world.Clock.Wall()}
}

// carryOut does what the coordinator decided.
func (s *shell) carryOut(d decision.Decision) {
	if s.spoil != nil {
		s.spoil(&d)
	}
	for _, r := range d.Records {
		s.log = append(s.log, r)
		s.coordinator.Apply(r)
	}
	for _, a := range d.Answers {
		q := s.waiting[a.Ticket]
		delete(s.waiting, a.Ticket)
		s.answer(q, a.Response)
	}
	if next := s.coordinator.NextDeadline(); next != kafka.Never {
		s.timer.Set(next)
	} else {
		s.timer.Stop()
	}
}

// answer gives the answer to a question, and those to later ones that waited for it.
func (s *shell) answer(q *question, response kmsg.Response) {
	q.answer = response
	for len(q.from.pending) > 0 && q.from.pending[0].answer != nil {
		first := q.from.pending[0]
		q.from.pending = q.from.pending[1:]
		payload := binary.BigEndian.AppendUint32(nil, first.correlation)
		if first.request.IsFlexible() {
			payload = append(payload, 0)
		}
		payload = first.answer.AppendTo(payload)
		frame := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
		q.from.conn.Send([]env.Chunk{{Bytes: append(frame, payload...)}})
	}
}

// Opened implements env.Door.
func (s *shell) Opened(c env.Conn) { c.Attach(&line{conn: c}) }

// Closed implements env.Door.
func (s *shell) Closed(env.Conn, error) {}

// Received implements env.Door.
func (s *shell) Received(c env.Conn, frame *env.Frame) {
	p := append([]byte(nil), frame.Payload...)
	frame.Release()
	request := kmsg.RequestForKey(int16(binary.BigEndian.Uint16(p)))
	request.SetVersion(int16(binary.BigEndian.Uint16(p[2:])))
	l := c.Attached().(*line)
	q := &question{from: l, request: request, correlation: binary.BigEndian.Uint32(p[4:])}
	l.pending = append(l.pending, q)
	body := p[10+binary.BigEndian.Uint16(p[8:]):] // the client id is never null
	if request.IsFlexible() {
		body = body[1:]
	}
	if err := request.ReadFrom(body); err != nil {
		panic(err)
	}
	switch request := request.(type) {
	case *kmsg.FindCoordinatorRequest:
		s.answer(q, s.findCoordinator(request))
	case *kmsg.MetadataRequest:
		s.answer(q, s.metadata(request))
	default:
		s.tickets++
		s.waiting[s.tickets] = q
		s.carryOut(s.coordinator.Handle(s.moment(), decision.Client{ID: "test", Host: "/127.0.0.1"},
			s.tickets, request))
	}
}

func (s *shell) findCoordinator(request *kmsg.FindCoordinatorRequest) kmsg.Response {
	answer := request.ResponseKind().(*kmsg.FindCoordinatorResponse)
	for _, key := range request.CoordinatorKeys {
		one := kmsg.NewFindCoordinatorResponseCoordinator()
		one.Key, one.Host, one.Port = key, "broker", 9092
		answer.Coordinators = append(answer.Coordinators, one)
	}
	return answer
}

func (s *shell) metadata(request *kmsg.MetadataRequest) kmsg.Response {
	answer := request.ResponseKind().(*kmsg.MetadataResponse)
	topic := kmsg.NewMetadataResponseTopic()
	topic.Topic, topic.TopicID = &s.topic, s.id
	for p := range s.partitions {
		one := kmsg.NewMetadataResponseTopicPartition()
		one.Partition = p
		topic.Partitions = append(topic.Partitions, one)
	}
	answer.Topics = append(answer.Topics, topic)
	return answer
}

// TopicID implements group.Topics, with the one topic that there is.
func (c *cluster) TopicID(name string) (kafka.TopicID, bool) { return c.id, name == c.topic }

// TopicName implements group.Topics.
func (c *cluster) TopicName(id kafka.TopicID) (string, bool) { return c.topic, id == c.id }

// PartitionCount implements group.Topics.
func (c *cluster) PartitionCount(id kafka.TopicID) int32 {
	if id != c.id {
		return 0
	}
	return c.partitions
}

// Names implements group.Topics.
func (c *cluster) Names(first string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if c.topic >= first {
			yield(c.topic)
		}
	}
}

// Racks implements group.Topics.
func (c *cluster) Racks(kafka.TopicID, kafka.Partition) []string { return nil }

// Version implements group.Topics: nothing ever changes.
func (c *cluster) Version() int64 { return 1 }

// Created implements group.Topics.
func (c *cluster) Created() int64 { return 1 }
