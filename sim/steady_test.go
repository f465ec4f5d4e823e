package sim_test

import (
	"runtime"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
)

// echoes is a door that answers each frame with itself.
type echoes struct {
	head  [4]byte
	chunk []env.Chunk
}

func (d *echoes) Opened(env.Conn) {}

func (d *echoes) Received(c env.Conn, f *env.Frame) {
	d.head[3] = byte(len(f.Payload))
	d.chunk = append(d.chunk[:0], env.Chunk{Bytes: d.head[:]}, env.Chunk{Bytes: f.Payload})
	c.Send(d.chunk)
	f.Release()
}

func (d *echoes) Closed(env.Conn, error) {}

// steadyWorld is a server that echoes and syncs what it writes, and clients
// that talk to it without end.
func steadyWorld(clients int) *sim.World {
	w := sim.New(sim.Config{Seed: 1})
	w.AddNode("server", 1, func(w *env.World) {
		if _, err := w.Network.Listen(":1", options(), &echoes{}); err != nil {
			panic(err)
		}
		w.Loop.Spawn("writer", func(t *task.Task) {
			f, err := w.Disk.Create("a")
			p := w.Disk.Buffer(env.BlockSize)
			for at := kafka.Position(0); err == nil; at = (at + 100) % (1 << 16) {
				if err = f.WriteAt(p[:100], at); err == nil {
					err = f.Sync(t)
				}
			}
			panic(err)
		})
	})
	for i := range clients {
		w.AddClient("client-"+string(rune('a'+i)), func(w *env.World) {
			d := &echoes{}
			w.Loop.Spawn("client", func(t *task.Task) {
				c, err := w.Network.Dial(t, "server:1", options(), d, kafka.Never)
				if err != nil {
					panic(err)
				}
				c.Send([]env.Chunk{{Bytes: []byte("\x00\x00\x00\x04ball")}})
				for {
					t.Sleep(time.Millisecond)
				}
			})
		})
	}
	w.RunFor(time.Second)
	return w
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	w := steadyWorld(4)
	before := w.Trace().Events()
	allocs := testing.AllocsPerRun(5, func() {
		if !w.RunFor(300 * time.Millisecond) {
			t.Fatal(w.Failure())
		}
	})
	events := (w.Trace().Events() - before) / 6
	// RunFor itself makes a few, however long it runs.
	if events < 1000 || allocs > 4 {
		t.Fatalf("%v allocations in %d events", allocs, events)
	}
	if r := w.Close(); r.Failure != nil {
		t.Fatalf("%s", r)
	}
}

func TestWorldsLeaveNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(20) {
		usual().run(everything(seed))
	}
	// Coroutines end in the call that stops them: nothing needs time.
	if after := runtime.NumGoroutine(); after > before {
		t.Fatalf("%d goroutines before, %d after 20 worlds", before, after)
	}
}

func BenchmarkSteadyState(b *testing.B) {
	w := steadyWorld(16)
	before := w.Trace().Events()
	b.ReportAllocs()
	for b.Loop() {
		w.RunFor(10 * time.Millisecond)
	}
	events := float64(w.Trace().Events() - before)
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/events, "ns/event")
	w.Close()
}
