package netio_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/netio"
)

// roomy are options that no test runs into by accident.
func roomy() env.Options {
	return env.Options{FrameBytesMax: 16 << 20, UnsentBytesMax: 64 << 20}
}

// doorOf is a Door made of functions; nil ones do nothing.
type doorOf struct {
	opened   func(c env.Conn)
	received func(c env.Conn, frame *env.Frame)
	closed   func(c env.Conn, cause error)
}

func (d *doorOf) Opened(c env.Conn) {
	if d.opened != nil {
		d.opened(c)
	}
}

func (d *doorOf) Received(c env.Conn, frame *env.Frame) {
	if d.received != nil {
		d.received(c, frame)
		return
	}
	frame.Release()
}

func (d *doorOf) Closed(c env.Conn, cause error) {
	if d.closed != nil {
		d.closed(c, cause)
	}
}

// echo answers every frame with its own bytes, without an allocation.
type echo struct {
	doorOf
	chunks [2]env.Chunk
	length [4]byte
}

func (e *echo) Received(c env.Conn, frame *env.Frame) {
	binary.BigEndian.PutUint32(e.length[:], uint32(len(frame.Payload)))
	e.chunks[0].Bytes, e.chunks[1].Bytes = e.length[:], frame.Payload
	c.Send(e.chunks[:])
	frame.Release()
}

// startNode runs a node until the test ends, which must be a clean end.
func startNode(t testing.TB, shards int, boot func(w *env.World)) *netio.Node {
	t.Helper()
	return startNodeOf(t, netio.Config{Shards: shards, Boot: boot})
}

func startNodeOf(t testing.TB, c netio.Config) *netio.Node {
	t.Helper()
	processors := runtime.GOMAXPROCS(0)
	n, err := netio.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Stop()
		if err := n.Wait(); err != nil {
			t.Errorf("the node failed: %v", err)
		}
		runtime.GOMAXPROCS(processors)
	})
	return n
}

// listening starts a node whose shards listen at one address.
func listening(
	t testing.TB, shards int, options env.Options, door func(w *env.World) env.Door,
) string {
	t.Helper()
	addresses := make(chan env.Address, shards)
	startNode(t, shards, func(w *env.World) {
		l, err := w.Network.Listen("127.0.0.1:0", options, door(w))
		if err != nil {
			t.Errorf("listen: %v", err)
		}
		addresses <- l.Address()
	})
	first := <-addresses
	for range shards - 1 {
		if other := <-addresses; other != first {
			t.Fatalf("shards listen at %s and %s", first, other)
		}
	}
	return string(first)
}

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // turns a hang into a failure
	return c
}

func framed(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

func readFrame(t testing.TB, c net.Conn) []byte {
	t.Helper()
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		t.Fatalf("read a length: %v", err)
	}
	payload := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(c, payload); err != nil {
		t.Fatalf("read a payload: %v", err)
	}
	return payload
}

func newEcho(*env.World) env.Door { return new(echo) }

func TestAnEchoOverARealSocket(t *testing.T) {
	c := dial(t, listening(t, 2, roomy(), newEcho))
	for size := 0; size < 3<<20; size = size*3 + 1 {
		payload := make([]byte, size)
		for i := range payload {
			payload[i] = byte(i * size)
		}
		go func() { _, _ = c.Write(framed(payload)) }() // ends when the echo was read
		if got := readFrame(t, c); string(got) != string(payload) {
			t.Fatalf("an echo of %d bytes differs", size)
		}
	}
}

func TestConnectionsSpreadEvenly(t *testing.T) {
	const shards, each = 3, 4
	address := listening(t, shards, roomy(), func(w *env.World) env.Door {
		return &doorOf{opened: func(c env.Conn) {
			c.Send([]env.Chunk{{Bytes: framed([]byte{byte(w.Shards.Self())})}})
		}}
	})
	var tally [shards]int
	for range shards * each {
		tally[readFrame(t, dial(t, address))[0]]++
	}
	for shard, got := range tally {
		if got != each {
			t.Fatalf("shard %d has %d connections of %v", shard, got, tally)
		}
	}
}

func TestStopTellsTheDoorsAndUnwindsTheTasks(t *testing.T) {
	causes := make(chan error, 1)
	unwound := make(chan bool, 1)
	opened := make(chan env.Address, 1)
	n, err := netio.Start(netio.Config{Shards: 1, Boot: func(w *env.World) {
		l, err := w.Network.Listen("127.0.0.1:0", roomy(), &doorOf{
			opened: func(env.Conn) { opened <- "" },
			closed: func(_ env.Conn, cause error) { causes <- cause },
		})
		if err != nil {
			t.Errorf("listen: %v", err)
		}
		opened <- l.Address()
		w.Loop.Spawn("waits for ever", func(t *task.Task) {
			defer func() { unwound <- true }()
			var never task.Signal
			_ = never.Wait(t, kafka.Never, "nothing")
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	dial(t, string(<-opened))
	<-opened
	n.Stop()
	if err := n.Wait(); err != nil {
		t.Fatal(err)
	}
	if cause := <-causes; !errors.Is(cause, env.ErrClosed) {
		t.Fatalf("the door was told %v", cause)
	}
	if !<-unwound {
		t.Fatal("the task's defers did not run")
	}
	if n.Shard(0).Post(func() {}) {
		t.Fatal("a stopped shard takes posts")
	}
}

// TestTheLastAnswerLeavesBeforeTheNodeStops has a node stopped by the very
// request it answers.
func TestTheLastAnswerLeavesBeforeTheNodeStops(t *testing.T) {
	var n *netio.Node
	address := make(chan env.Address, 1)
	started := make(chan struct{})
	n, err := netio.Start(netio.Config{Shards: 1, Boot: func(w *env.World) {
		l, err := w.Network.Listen("127.0.0.1:0", roomy(), &doorOf{
			received: func(c env.Conn, f *env.Frame) {
				<-started
				c.Send([]env.Chunk{{Bytes: framed([]byte("stopping"))}})
				n.Stop()
				f.Release()
			},
		})
		if err != nil {
			t.Errorf("listen: %v", err)
		}
		address <- l.Address()
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, string(<-address))
	close(started)
	ask := framed([]byte("stop"))
	if _, err := c.Write(ask); err != nil {
		t.Fatal(err)
	}
	if got := readFrame(t, c); string(got) != "stopping" {
		t.Fatalf("the answer is %q", got)
	}
	if err := n.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestAPanicEndsTheNodeWithItsStory(t *testing.T) {
	n, err := netio.Start(netio.Config{Shards: 2, Boot: func(w *env.World) {
		w.Loop.Spawn("innocent", func(t *task.Task) {
			var never task.Signal
			_ = never.Wait(t, kafka.Never, "better days")
		})
		if w.Shards.Self() == 1 {
			w.Loop.Spawn("culprit", func(t *task.Task) {
				t.Sleep(time.Millisecond)
				panic("of all things")
			})
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = n.Wait()
	var failure *netio.Failure
	if !errors.As(err, &failure) || failure.Shard != 1 {
		t.Fatalf("Wait returned %v", err)
	}
	for _, want := range []string{"of all things", "culprit", "innocent", "waits for better days"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the story lacks %q:\n%v", want, err)
		}
	}
}

func TestAPanicInACallbackOrAtBootEndsTheNode(t *testing.T) {
	for name, boot := range map[string]func(w *env.World){
		"boot":  func(*env.World) { panic("of all things") },
		"timer": func(w *env.World) { w.Loop.NewTimer(func() { panic("of all things") }).Set(0) },
		"message": func(w *env.World) {
			w.Shards.Send(0, 1)
			w.Shards.Receive(func(int, any) { panic("of all things") })
		},
		"unwound": func(w *env.World) {
			w.Loop.Spawn("untidy", func(t *task.Task) {
				defer func() { panic("of all things") }()
				t.SleepUntil(kafka.Never)
			})
			w.Loop.Spawn("ends it", func(*task.Task) { w.Halt(nil) })
		},
	} {
		n, err := netio.Start(netio.Config{Shards: 1, Boot: boot})
		if err != nil {
			t.Fatal(err)
		}
		err = n.Wait()
		if err == nil || name != "unwound" && !strings.Contains(err.Error(), "of all things") {
			t.Errorf("%s: Wait returned %v", name, err)
		}
	}
}

func TestHaltEndsTheNodeWithItsReason(t *testing.T) {
	reason := errors.New("the disk is gone")
	n, err := netio.Start(netio.Config{Shards: 2, Boot: func(w *env.World) {
		if w.Shards.Self() == 1 {
			w.Loop.Spawn("halts", func(*task.Task) { w.Halt(fmt.Errorf("fsync: %w", reason)) })
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	var halted *netio.Halted
	if err := n.Wait(); !errors.As(err, &halted) || !errors.Is(err, reason) {
		t.Fatalf("Wait returned %v", err)
	}
}

func TestMailIsKeptUntilReceiveIsCalled(t *testing.T) {
	got := make(chan int, 100)
	startNode(t, 2, func(w *env.World) {
		if w.Shards.Self() == 0 {
			for i := range 100 {
				w.Shards.Send(1, i)
			}
			return
		}
		w.Loop.Spawn("late", func(t *task.Task) {
			t.Sleep(5 * time.Millisecond)
			w.Shards.Receive(func(_ int, message any) { got <- message.(int) })
		})
	})
	for i := range 100 {
		if n := <-got; n != i {
			t.Fatalf("message %d is %d", i, n)
		}
	}
}
