package sim_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/chance"
	"odradek/sim/fault"
)

// The toy is a small durable service and its clients, written against core/env
// as the broker is, with bugs that can be planted. A client appends numbers; the
// service answers once a number is synced. At the end every answered number must
// still be there.

// bugs are the faults of the toy's own.
type bugs struct {
	// answerEarly answers before the sync.
	answerEarly bool
	// retrySync tries a failed sync again.
	retrySync bool
	// skipSyncDir leaves the directory out after a rename.
	skipSyncDir bool
	// trustCache takes what recovery reads for durable.
	trustCache bool
	// mapOrder answers in the order of a map.
	mapOrder bool
	// asserts panics when a certain number comes in.
	asserts bool
}

// record is client, number and a checksum, 8 bytes each, and a tail that has
// the file cross a page every few records.
const recordSize = 1000

func appendRecord(p []byte, client, number uint64) []byte {
	p = binary.BigEndian.AppendUint64(p, client)
	p = binary.BigEndian.AppendUint64(p, number)
	p = binary.BigEndian.AppendUint64(p, chance.Combine(client, number))
	return append(p, make([]byte, recordSize-24)...)
}

// service is the toy's shard 0.
type service struct {
	bugs  bugs
	world *env.World
	file  env.File
	end   int64
	// marks is a file of two blocks, written through in turn with the synced end.
	marks   env.File
	block   []byte
	marked  int64
	last    map[uint64]uint64 // appended, by client
	waiting []reply
	spare   []reply
	work    task.Signal
}

// reply is an answer that waits for a sync.
type reply struct {
	shard          int
	conn           env.Conn
	client, number uint64
}

// answer goes back to the shard that has the connection.
type answer struct {
	conn env.Conn
	last uint64
}

// listenerDoor is a shard's door: it hands requests to shard 0.
type listenerDoor struct{ world *env.World }

func (d *listenerDoor) Opened(env.Conn) {}

func (d *listenerDoor) Received(c env.Conn, f *env.Frame) {
	if len(f.Payload) == 16 {
		d.world.Shards.Send(0, &reply{
			shard: d.world.Shards.Self(), conn: c,
			client: binary.BigEndian.Uint64(f.Payload), number: binary.BigEndian.Uint64(f.Payload[8:]),
		})
	}
	f.Release()
}

func (d *listenerDoor) Closed(env.Conn, error) {}

func options() env.Options {
	return env.Options{FrameBytesMax: 1 << 20, UnsentBytesMax: 1 << 20, BufferedBytesMax: 1 << 20}
}

// toyBoot boots the service.
func toyBoot(b bugs) sim.Boot {
	return func(w *env.World) {
		s := &service{bugs: b, world: w, last: map[uint64]uint64{}}
		w.Shards.Receive(func(_ int, message any) {
			switch m := message.(type) {
			case *reply:
				s.request(m)
			case answer:
				m.conn.Send([]env.Chunk{{Bytes: frame(m.last)}})
			}
		})
		if w.Shards.Self() == 0 {
			w.Loop.Spawn("service", s.run)
			return
		}
		listen(w)
	}
}

func listen(w *env.World) {
	if _, err := w.Network.Listen(env.Address(":9092"), options(), &listenerDoor{w}); err != nil {
		w.Halt(err)
	}
}

func frame(number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0, 0, 0, 8}, number)
}

// request appends a number; number 0 asks for the client's last one.
func (s *service) request(r *reply) {
	if s.file == nil {
		return // not recovered yet: the client asks again
	}
	if r.number == s.last[r.client]+1 {
		if s.bugs.asserts && r.number == 7 {
			panic("the toy was told to fail at 7")
		}
		p := appendRecord(make([]byte, 0, recordSize), r.client, r.number)
		if err := s.file.WriteAt(p, kafka.Position(s.end)); err != nil {
			s.world.Halt(err)
			return
		}
		s.end += recordSize
		s.last[r.client] = r.number
	}
	if s.bugs.answerEarly {
		s.answer(*r)
		return
	}
	s.waiting = append(s.waiting, *r)
	s.work.Notify()
}

func (s *service) answer(r reply) {
	s.world.Shards.Send(r.shard, answer{r.conn, s.last[r.client]})
}

// run recovers, then syncs and answers.
func (s *service) run(t *task.Task) {
	if err := s.recover(t); err != nil {
		s.world.Halt(fmt.Errorf("recovery: %w", err))
		return
	}
	listen(s.world)
	for {
		for len(s.waiting) == 0 {
			_ = s.work.Wait(t, kafka.Never, "requests") // no deadline, no error
		}
		batch := s.waiting
		s.waiting = s.spare[:0]
		end := s.end
		if err := s.lookBack(t); err != nil {
			s.world.Halt(err)
			return
		}
		err := s.file.Sync(t)
		if err != nil && s.bugs.retrySync {
			err = s.file.Sync(t)
		}
		if err != nil {
			s.world.Halt(err)
			return
		}
		s.world.Trace.Event("synced", "toy", int64(len(batch)), end)
		if err := s.mark(t, end); err != nil {
			s.world.Halt(err)
			return
		}
		s.answerAll(batch)
		s.spare = batch
	}
}

func (s *service) answerAll(batch []reply) {
	if s.bugs.mapOrder {
		byClient := map[uint64]reply{}
		for _, r := range batch {
			byClient[r.client] = r
		}
		for _, r := range byClient {
			s.answer(r)
		}
		return
	}
	for _, r := range batch {
		s.answer(r)
	}
}

// lookBack begins to write the last pages and reads a record that is long synced.
func (s *service) lookBack(t *task.Task) error {
	if s.end/recordSize%8 == 0 {
		s.file.StartWriteback(kafka.Position(max(0, s.end-8192)), 8192)
	}
	if s.end < 2*recordSize {
		return nil
	}
	p := make([]byte, recordSize)
	at := kafka.Position(s.end / recordSize / 2 * recordSize)
	_, err := s.file.ReadNow(p, at)
	if errors.Is(err, env.ErrCold) {
		_, err = s.file.ReadAt(t, p, at)
	}
	return err
}

// mark writes through up to where the file is synced.
func (s *service) mark(t *task.Task, end int64) error {
	s.marked++
	clear(s.block)
	copy(s.block, appendRecord(nil, uint64(s.marked), uint64(end)))
	return s.marks.WriteThrough(t, s.block, kafka.Position(s.marked%2)*env.BlockSize)
}

// openMarks opens or makes the marks and returns the last one.
func (s *service) openMarks(t *task.Task) (end int64, err error) {
	disk := s.world.Disk
	s.block = disk.Buffer(env.BlockSize)
	s.marks, err = disk.Open("marks")
	if errors.Is(err, env.ErrNotExist) {
		if s.marks, err = disk.Create("marks"); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, err
	}
	if err := s.marks.Preallocate(2 * env.BlockSize); err != nil {
		return 0, err
	}
	if err := s.marks.Sync(t); err != nil {
		return 0, err
	}
	if err := disk.SyncDir(t, ""); err != nil {
		return 0, err
	}
	for i := range 2 {
		if _, err := s.marks.ReadAt(t, s.block, kafka.Position(i)*env.BlockSize); err != nil {
			return 0, err
		}
		number, at := binary.BigEndian.Uint64(s.block), binary.BigEndian.Uint64(s.block[8:])
		sum := binary.BigEndian.Uint64(s.block[16:])
		if sum == chance.Combine(number, at) && int64(number) > s.marked {
			s.marked, end = int64(number), int64(at)
		}
	}
	return end, nil
}

// recover reads what there is, cuts it at the first bad record, and writes it
// anew: what the page cache shows need not be on the platter.
func (s *service) recover(t *task.Task) error {
	marked, err := s.openMarks(t)
	if err != nil {
		return err
	}
	content, err := s.read(t)
	if err != nil {
		return err
	}
	assert.That(int64(len(content)) >= marked, "the file holds what was synced")
	disk := s.world.Disk
	if s.bugs.trustCache && len(content) > 0 {
		if s.file, err = disk.Open("data"); err == nil {
			s.end = int64(len(content))
			err = s.file.Truncate(s.end)
		}
		return err
	}
	if err := disk.Remove("data.new"); err != nil && !errors.Is(err, env.ErrNotExist) {
		return err
	}
	f, err := disk.Create("data.new")
	if err != nil {
		return err
	}
	if err := f.WriteAt(content, 0); err != nil {
		return err
	}
	if err := f.Sync(t); err != nil {
		return err
	}
	if err := disk.Rename("data.new", "data"); err != nil {
		return err
	}
	if !s.bugs.skipSyncDir {
		if err := disk.SyncDir(t, ""); err != nil {
			return err
		}
	}
	s.file, s.end = f, int64(len(content))
	return nil
}

// read returns the valid records of the file, if there is one.
func (s *service) read(t *task.Task) ([]byte, error) {
	f, err := s.world.Disk.Open("data")
	if errors.Is(err, env.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := make([]byte, f.Size())
	n, err := f.ReadAt(t, content, 0)
	if err != nil {
		return nil, err
	}
	end := 0
	for end+recordSize <= n {
		p := content[end:]
		client, number := binary.BigEndian.Uint64(p), binary.BigEndian.Uint64(p[8:])
		if binary.BigEndian.Uint64(p[16:]) != chance.Combine(client, number) {
			break
		}
		s.last[client] = number
		end += recordSize
	}
	s.world.Trace.Sometimes("toy: a torn tail was cut", end < n)
	return content[:end], nil
}

// client appends numbers as fast as they are answered.
type client struct {
	sim   *sim.World
	node  func() *sim.Node
	world *env.World
	id    uint64
	conn  env.Conn
	acked uint64
	got   task.Queue[uint64]
	ended bool
	think time.Duration
	// stop has the client ask for its last number and check it.
	stop    bool
	checked bool
}

func (c *client) Opened(env.Conn) {}

func (c *client) Received(_ env.Conn, f *env.Frame) {
	c.got.Put(binary.BigEndian.Uint64(f.Payload))
	f.Release()
}

func (c *client) Closed(conn env.Conn, _ error) { c.ended = c.ended || conn == c.conn }

func (c *client) boot(w *env.World) {
	c.world = w
	w.Loop.Spawn("client", c.run)
}

func (c *client) run(t *task.Task) {
	for number := uint64(1); !c.stop; {
		_, wanted := c.sim.Plan().Draw(fault.Operation, c.node().Index())
		if wanted && c.ask(t, number) {
			number = c.acked + 1
		}
		t.Sleep(c.think)
	}
	for !c.checked {
		before := c.acked
		if c.ask(t, 0) {
			c.checked = true
			if c.acked < before {
				c.sim.Fail(c.node().Name(), fmt.Sprintf("answered %d, kept %d", before, c.acked))
			}
		}
	}
}

// ask sends a number and waits for the answer.
func (c *client) ask(t *task.Task, number uint64) bool {
	if c.conn == nil && !c.dial(t) {
		return false
	}
	c.conn.Send([]env.Chunk{{Bytes: c.request(number)}})
	limit := t.Now().Plus(time.Second)
	for !c.ended {
		last, err := c.got.Take(t, min(limit, t.Now().Plus(20*time.Millisecond)), "an answer")
		if err == nil && (number == 0 || last >= number) {
			c.acked = last
			return true
		}
		if t.Now() >= limit {
			break
		}
	}
	c.conn.Close()
	c.conn = nil
	return false
}

func (c *client) request(number uint64) []byte {
	p := binary.BigEndian.AppendUint64([]byte{0, 0, 0, 16}, c.id)
	return binary.BigEndian.AppendUint64(p, number)
}

func (c *client) dial(t *task.Task) bool {
	conn, err := c.world.Network.Dial(t, "toy:9092", options(), c, t.Now().Plus(time.Second))
	if err != nil {
		t.Sleep(50 * time.Millisecond)
		return false
	}
	c.conn, c.ended, c.got = conn, false, task.Queue[uint64]{}
	return true
}

// toy is how a run of the toy is made.
type toy struct {
	bugs    bugs
	clients int
	think   time.Duration
	lasts   time.Duration
}

// run is a sim.Runner.
func (o toy) run(c sim.Config) *sim.Report {
	w := sim.New(c)
	server := w.AddNode("toy", 2, toyBoot(o.bugs))
	clients := make([]*client, o.clients)
	for i := range clients {
		cl := &client{sim: w, id: uint64(i + 1), think: o.think}
		node := w.AddClient(fmt.Sprint("client-", i+1), cl.boot)
		cl.node = func() *sim.Node { return node }
		clients[i] = cl
	}
	w.Unleash(server)
	w.RunFor(o.lasts)
	w.Calm()
	for _, cl := range clients {
		cl.stop = true
	}
	limit := w.Now().Plus(time.Minute)
	w.RunWhile(limit, func() bool {
		for _, cl := range clients {
			if !cl.checked {
				return true
			}
		}
		return false
	})
	for _, cl := range clients {
		if !cl.checked {
			w.Fail("world", "a healed toy does not answer")
		}
	}
	return w.Close()
}
