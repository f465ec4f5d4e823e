package netio_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/diskio"
	"odradek/netio"
)

// requestBytes is the size of the benchmark's requests and answers: a Produce
// of one small record.
const requestBytes = 200

// load is one shard's side of the benchmark that asks: connections with a number
// of requests in flight each, until count answers came.
type load struct {
	echo
	request []byte
	left    int // requests to send
	open    int // answers to come
	done    chan struct{}
}

func (l *load) Received(c env.Conn, frame *env.Frame) {
	frame.Release()
	l.open--
	if l.left > 0 {
		l.ask(c)
	}
	if l.open == 0 {
		l.done <- struct{}{}
	}
}

func (l *load) ask(c env.Conn) {
	l.left--
	l.open++
	l.chunks[0].Bytes = l.request
	c.Send(l.chunks[:1])
}

// threadCPU is what the calling thread has used.
func threadCPU() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// onShard runs fn on a shard's thread and waits for it.
func onShard(n *netio.Node, shard int, fn func()) {
	var done sync.WaitGroup
	done.Add(1)
	n.Shard(shard).Post(func() { fn(); done.Done() })
	done.Wait()
}

// pair is a node whose shard 0 echoes and whose shard 1 asks over
// connections to it.
type pair struct {
	node  *netio.Node
	load  *load
	conns []env.Conn
	// ready is closed when the connections are open.
	ready chan struct{}
}

func newPair(t testing.TB, connections int, door env.Door) *pair {
	p := newLoad()
	address := make(chan env.Address, 1)
	p.node = startNode(t, 2, func(w *env.World) {
		if w.Shards.Self() == 0 {
			p.serve(t, w, door, address)
			return
		}
		p.dial(t, w, connections, address)
	})
	<-p.ready
	return p
}

// newPairOn has shard 0 append to a journal before it answers.
func newPairOn(t testing.TB, connections int, a *appender, way diskio.Way) *pair {
	p := newLoad()
	address := make(chan env.Address, 1)
	p.node, _ = startWithDisk(t, way, 2, func(w *env.World) {
		if w.Shards.Self() == 1 {
			p.dial(t, w, connections, address)
			return
		}
		w.Loop.Spawn("journal", func(tk *task.Task) {
			if err := a.open(tk, w.Disk); err != nil {
				t.Error(err)
			}
			p.serve(t, w, a, address)
			t.Error(a.commit(tk))
		})
	})
	<-p.ready
	return p
}

func newLoad() *pair {
	return &pair{
		ready: make(chan struct{}),
		load:  &load{done: make(chan struct{}), request: framed(make([]byte, requestBytes))},
	}
}

func (p *pair) serve(t testing.TB, w *env.World, door env.Door, address chan env.Address) {
	l, err := w.Network.Listen("127.0.0.1:0", roomy(), door)
	if err != nil {
		t.Errorf("listen: %v", err)
	}
	address <- l.Address()
}

func (p *pair) dial(t testing.TB, w *env.World, connections int, address chan env.Address) {
	to := <-address
	w.Loop.Spawn("dialler", func(tk *task.Task) {
		for range connections {
			c, err := w.Network.Dial(tk, to, roomy(), p.load, kafka.Never)
			if err != nil {
				t.Errorf("dial: %v", err)
			}
			p.conns = append(p.conns, c)
		}
		close(p.ready)
	})
}

// run has count requests answered, inFlight of each connection at a time.
func (p *pair) run(count, inFlight int) {
	p.node.Shard(1).Post(func() { p.start(count, inFlight) })
	<-p.load.done
}

// start is called on the asking shard.
func (p *pair) start(count, inFlight int) {
	p.load.left = count
	for range inFlight {
		for _, c := range p.conns {
			if p.load.left > 0 {
				p.load.ask(c)
			}
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, shape := range []struct{ connections, inFlight int }{{1, 1}, {16, 1}, {64, 8}} {
		b.Run(fmt.Sprintf("%dx%d", shape.connections, shape.inFlight), func(b *testing.B) {
			p := newPair(b, shape.connections, new(echo))
			p.run(10000, shape.inFlight) // warm
			var before, after time.Duration
			onShard(p.node, 0, func() { before = threadCPU() })
			b.ResetTimer()
			p.run(b.N, shape.inFlight)
			b.StopTimer()
			onShard(p.node, 0, func() { after = threadCPU() })
			b.ReportMetric(float64((after-before).Nanoseconds())/float64(b.N)/1000, "cpu-us/req")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// sink answers every frame with one byte, whatever its size.
type sink struct {
	doorOf
	chunks [1]env.Chunk
}

func (k *sink) Received(c env.Conn, frame *env.Frame) {
	k.chunks[0].Bytes = []byte{0, 0, 0, 1, 0}
	c.Send(k.chunks[:])
	frame.Release()
}

func BenchmarkReceive(b *testing.B) {
	for _, size := range []int{16 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			p := newPair(b, 4, new(sink))
			p.load.request = framed(make([]byte, size+100))
			p.run(200, 2) // warm
			var before, after time.Duration
			onShard(p.node, 0, func() { before = threadCPU() })
			b.SetBytes(int64(size))
			b.ResetTimer()
			p.run(b.N, 2)
			b.StopTimer()
			onShard(p.node, 0, func() { after = threadCPU() })
			gigabytes := float64(b.N) * float64(size) / (1 << 30)
			b.ReportMetric((after-before).Seconds()/gigabytes, "cpu-s/GiB")
		})
	}
}

// pingPong is a node whose shards send a message to and fro.
type pingPong struct {
	node  *netio.Node
	serve func()
	left  int
	done  chan struct{}
}

func newPingPong(t testing.TB) *pingPong {
	p := &pingPong{done: make(chan struct{})}
	p.node = startNode(t, 2, func(w *env.World) {
		ball := new(int)
		if w.Shards.Self() == 1 {
			w.Shards.Receive(func(from int, message any) { w.Shards.Send(from, message) })
			return
		}
		p.serve = func() { w.Shards.Send(1, ball) }
		w.Shards.Receive(func(from int, message any) {
			if p.left--; p.left > 0 {
				w.Shards.Send(from, message)
			} else {
				p.done <- struct{}{}
			}
		})
	})
	onShard(p.node, 0, func() {}) // booted
	return p
}

// run has the message go there and back count times.
func (p *pingPong) run(count int) {
	p.node.Shard(0).Post(func() { p.left = count; p.serve() })
	<-p.done
}

// BenchmarkWake measures a message to another shard and back, both asleep.
func BenchmarkWake(b *testing.B) {
	p := newPingPong(b)
	p.run(1000)
	b.ResetTimer()
	p.run(b.N)
}
