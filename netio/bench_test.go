package netio

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// requestBytes is the size of the benchmark's requests and answers: a Produce
// of one small record.
const requestBytes = 200

// load is one shard's side of the benchmark that asks: connections with a number
// of requests in flight each, until count answers came.
type load struct {
	echo
	world   *env.World
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
func onShard(n *Node, shard int, fn func()) {
	var done sync.WaitGroup
	done.Add(1)
	n.Shard(shard).Post(func() { fn(); done.Done() })
	done.Wait()
}

// pair is a node whose shard 0 echoes and whose shard 1 asks over
// connections to it.
type pair struct {
	node  *Node
	load  *load
	conns []env.Conn
}

func newPair(t testing.TB, connections int, door env.Door) *pair {
	p := &pair{load: &load{done: make(chan struct{}), request: framed(make([]byte, requestBytes))}}
	ready := make(chan struct{})
	address := make(chan env.Address, 1)
	p.node = startNode(t, 2, func(w *env.World) {
		if w.Shards.Self() == 0 {
			l, err := w.Network.Listen("127.0.0.1:0", roomy(), door)
			if err != nil {
				t.Errorf("listen: %v", err)
			}
			address <- l.Address()
			return
		}
		to := <-address
		w.Loop.Spawn("dialler", func(tk *task.Task) {
			for range connections {
				c, err := w.Network.Dial(tk, to, roomy(), p.load, kafka.Never)
				if err != nil {
					t.Errorf("dial: %v", err)
				}
				p.conns = append(p.conns, c)
			}
			close(ready)
		})
	})
	<-ready
	return p
}

// run has count requests answered, inFlight of each connection at a time.
func (p *pair) run(count, inFlight int) {
	p.node.Shard(1).Post(func() {
		p.load.left = count
		for range inFlight {
			for _, c := range p.conns {
				if p.load.left > 0 {
					p.load.ask(c)
				}
			}
		}
	})
	<-p.load.done
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
