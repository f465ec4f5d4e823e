package broker

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/core/wire"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// hall is a node of one shard in a thin world of its own: requests go in at the
// door, answers come out at connections that copy them and forget them. It is
// for questions of cost, which the simulated world, being busy with chance and
// traces, cannot answer. What is right and wrong is tested there.
type hall struct {
	t     testing.TB
	shard *Shard
	loop  *task.Loop
	door  env.Door
	inbox []any
	// handler is whom the shard's mail goes to.
	handler func(from int, message any)
	// envelopes are frames to use again.
	envelopes []*envelope
	// topic is a topic of some partitions that opened.
	topic kafka.TopicID
}

// hallTopic is the name of the hall's topic.
const hallTopic = "orders"

// newHall boots a node and makes the topic.
func newHall(t testing.TB, partitions int, settings ...config.Entry) *hall {
	t.Helper()
	static, _, err := config.Load(config.Sources{Flags: append(settings,
		config.Entry{Name: config.Listeners, Value: "PLAINTEXT://127.0.0.1:9092"},
		config.Entry{Name: "log.message.timestamp.after.max.ms", Value: "9223372036854775807"},
	)})
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{t: t, loop: task.NewLoop(1)}
	serves := false
	h.shard = Boot(&env.World{
		Loop: h.loop, Clock: h, Random: &counting{}, Network: h,
		Disk: &tapeDisk{Disk: disktest.New()}, Shards: h, Trace: h,
		Halt: func(reason error) { t.Errorf("halted: %v", reason) },
	}, Config{Static: static, Journal: journal.Options{FileBytes: 16 << 20},
		Ready: func([]config.Listener, Report) { serves = true }})
	for i := 0; !serves && i < 1000; i++ {
		h.turn()
	}
	h.createTopic(partitions)
	return h
}

// createTopic makes the hall's topic.
func (h *hall) createTopic(partitions int) {
	h.t.Helper()
	q := kmsg.NewPtrCreateTopicsRequest()
	q.Version, q.TimeoutMillis = 7, 1000
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = hallTopic, int32(partitions), 1
	q.Topics = append(q.Topics, topic)
	c := h.connect()
	c.receive(frameOf(q, wire.KeyCreateTopics))
	for i := 0; c.answers == 0 && i < 1000; i++ {
		h.turn()
	}
	route := h.shard.routes.byName[hallTopic]
	if route == nil {
		h.t.Fatalf("the topic was not made: %x", c.kept)
	}
	h.topic = route.id
}

// turn has one turn of the loop, a microsecond after the last.
func (h *hall) turn() (more bool) {
	for len(h.inbox) > 0 {
		m := h.inbox[0]
		h.inbox = h.inbox[1:]
		h.handler(0, m)
	}
	return h.loop.Turn(h.loop.Now() + 1000)
}

// settle turns until nothing is ready.
func (h *hall) settle() {
	for h.turn() || len(h.inbox) > 0 {
	}
}

// The hall is its own clock, network, mailboxes and trace.

func (h *hall) Now() kafka.Instant    { return h.loop.Now() }
func (h *hall) Wall() kafka.Timestamp { return 1_700_000_000_000 }

func (h *hall) Listen(_ env.Address, _ env.Options, door env.Door) (env.Listener, error) {
	h.door = door
	return h, nil
}

// LimitConnections implements env.Network: nobody but the test comes in.
func (h *hall) LimitConnections(env.ConnectionLimits) {}

func (h *hall) Dial(*task.Task, env.Address, env.Options, env.Door, kafka.Instant) (
	env.Conn, error) {
	return nil, env.ErrRefused
}
func (h *hall) Address() env.Address { return "127.0.0.1:9092" }
func (h *hall) Close()               {}

func (h *hall) Self() int                          { return 0 }
func (h *hall) Count() int                         { return 1 }
func (h *hall) Send(_ int, message any)            { h.inbox = append(h.inbox, message) }
func (h *hall) Receive(handler func(int, any))     { h.handler = handler }
func (h *hall) Event(string, string, int64, int64) {}
func (h *hall) Sometimes(string, bool)             {}

// counting is randomness enough for names.
type counting struct{ n uint64 }

func (r *counting) Uint64() uint64         { r.n++; return r.n * 0x9e3779b97f4a7c15 }
func (r *counting) Fork(string) env.Random { return &counting{n: r.n} }

// envelope is a frame with its buffer, used again and again.
type envelope struct {
	hall   *hall
	frame  *env.Frame
	buffer []byte
}

func (e *envelope) Recycle(*env.Frame) { e.hall.envelopes = append(e.hall.envelopes, e) }

// guest is a connection.
type guest struct {
	hall     *hall
	attached any
	// kept holds the bytes of the latest answers; spliced counts those that would
	// leave from files.
	kept    []byte
	spliced int64
	answers int
	closed  bool
}

// guestKeeps is how many bytes of answers a guest keeps at least.
const guestKeeps = 4 << 10

func (h *hall) connect() *guest {
	c := &guest{hall: h, kept: make([]byte, 0, 2*guestKeeps)}
	h.door.Opened(c)
	return c
}

// receive delivers one request, as bytes that the broker may write to.
func (c *guest) receive(request []byte) {
	h := c.hall
	var e *envelope
	if n := len(h.envelopes); n > 0 {
		e = h.envelopes[n-1]
		h.envelopes = h.envelopes[:n-1]
	} else {
		e = &envelope{hall: h}
		e.frame = env.NewFrame(nil, e)
	}
	e.buffer = append(e.buffer[:0], request...)
	e.frame.Renew(e.buffer)
	h.door.Received(c, e.frame)
}

func (c *guest) Send(chunks []env.Chunk) {
	if len(c.kept) > guestKeeps {
		c.kept = c.kept[:0]
	}
	for i := range chunks {
		if chunks[i].File != nil {
			c.spliced += chunks[i].Length
			continue
		}
		c.kept = append(c.kept, chunks[i].Bytes...)
	}
	c.answers++
}
func (c *guest) Pause(bool)          {}
func (c *guest) Unsent() int64       { return 0 }
func (c *guest) Close()              { c.closed = true }
func (c *guest) CloseAfterSend()     { c.closed = true }
func (c *guest) Local() env.Address  { return "127.0.0.1:9092" }
func (c *guest) Remote() env.Address { return "127.0.0.1:40000" }
func (c *guest) Attach(state any)    { c.attached = state }
func (c *guest) Attached() any       { return c.attached }

// frameOf encodes a request as a frame without its length.
func frameOf(q kmsg.Request, key int16) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(q.GetVersion()))
	b = binary.BigEndian.AppendUint32(b, 4711)
	b = binary.BigEndian.AppendUint16(b, uint16(len("hall")))
	b = append(b, "hall"...)
	if q.IsFlexible() {
		b = append(b, 0)
	}
	return q.AppendTo(b)
}

// tapeDisk is a disk on which segments keep nothing but their last tapeBytes:
// what a benchmark appends would not fit into memory.
type tapeDisk struct{ *disktest.Disk }

// tapeBytes is more than a test reads back.
const tapeBytes = 64 << 10

func (d *tapeDisk) Create(name string) (env.File, error) {
	f, err := d.Disk.Create(name)
	if err != nil || !strings.HasPrefix(name, hallTopic) || !strings.HasSuffix(name, ".log") {
		return f, err
	}
	return &tape{File: f, bytes: make([]byte, tapeBytes)}, nil
}

// tape is a segment's file.
type tape struct {
	env.File
	bytes []byte
	size  int64
}

// errPastTheTape: a test reads what is no longer there.
var errPastTheTape = errors.New("the bytes were overwritten")

func (f *tape) Size() int64 { return f.size }

func (f *tape) WriteAt(p []byte, position kafka.Position) error {
	at := int(int64(position) & (tapeBytes - 1))
	if n := copy(f.bytes[at:], p); n < len(p) {
		copy(f.bytes, p[n:])
	}
	f.size = max(f.size, int64(position)+int64(len(p)))
	return nil
}

func (f *tape) WriteVector(pieces [][]byte, position kafka.Position) error {
	for _, p := range pieces {
		if err := f.WriteAt(p, position); err != nil {
			return err
		}
		position += kafka.Position(len(p))
	}
	return nil
}

func (f *tape) ReadNow(p []byte, position kafka.Position) (int, error) {
	if int64(position) < f.size-tapeBytes {
		return 0, errPastTheTape
	}
	n := int(min(int64(len(p)), f.size-int64(position)))
	for i := range n {
		p[i] = f.bytes[(int64(position)+int64(i))&(tapeBytes-1)]
	}
	return n, nil
}

func (f *tape) Sync(t *task.Task) error {
	t.Yield()
	return nil
}
func (f *tape) Truncate(size int64) error { f.size = size; return nil }
