package network_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim"
	"odradek/sim/fault"
)

// lab is a world with a server that listens and a client that has dialled.
type lab struct {
	t              *testing.T
	world          *sim.World
	server, client *sim.Node
	conn           env.Conn
	atServer       door
	atClient       door
}

// door remembers what came through.
type door struct {
	frames []string
	conns  []env.Conn
	causes []error
	answer bool
}

func (d *door) Opened(c env.Conn) { d.conns = append(d.conns, c) }

func (d *door) Received(c env.Conn, f *env.Frame) {
	d.frames = append(d.frames, string(f.Payload))
	if d.answer {
		c.Send([]env.Chunk{{Bytes: framed("re:" + string(f.Payload))}})
	}
	f.Release()
}

func (d *door) Closed(_ env.Conn, cause error) { d.causes = append(d.causes, cause) }

func framed(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

func options() env.Options { return env.Options{FrameBytesMax: 1 << 20, UnsentBytesMax: 1 << 20} }

func newLab(t *testing.T, seed uint64, kinds ...fault.Kind) *lab {
	t.Helper()
	w := sim.New(sim.Config{Seed: seed, Faults: fault.Set(0).With(kinds...), Intensity: 1_000_000})
	l := &lab{t: t, world: w}
	l.atServer.answer = true
	l.server = w.AddNode("server", 1, func(w *env.World) {
		if _, err := w.Network.Listen("server:9092", options(), &l.atServer); err != nil {
			panic(err)
		}
	})
	l.client = w.AddClient("client", func(*env.World) {})
	w.RunFor(time.Millisecond)
	return l
}

// connected is newLab with a connection.
func connected(t *testing.T, seed uint64, kinds ...fault.Kind) *lab {
	t.Helper()
	l := newLab(t, seed, kinds...)
	if err := l.dial("server:9092", time.Minute); err != nil {
		t.Fatal(err)
	}
	return l
}

// do runs a body on the client to its end.
func (l *lab) do(body func(t *task.Task, w *env.World)) {
	l.t.Helper()
	done := false
	l.client.Spawn(0, "case", func(t *task.Task, w *env.World) {
		body(t, w)
		done = true
	})
	l.world.RunWhile(l.world.Now().Plus(time.Hour), func() bool { return !done })
	if f := l.world.Failure(); f != nil || !done {
		l.t.Fatalf("failure %v, done %v", f, done)
	}
}

func (l *lab) dial(to env.Address, patience time.Duration) (err error) {
	l.t.Helper()
	l.do(func(t *task.Task, w *env.World) {
		l.conn, err = w.Network.Dial(t, to, options(), &l.atClient, t.Now().Plus(patience))
	})
	return err
}

func (l *lab) send(text string) {
	l.do(func(*task.Task, *env.World) { l.conn.Send([]env.Chunk{{Bytes: framed(text)}}) })
}

func (l *lab) wait(d time.Duration) {
	l.t.Helper()
	if !l.world.RunFor(d) {
		l.t.Fatal(l.world.Failure())
	}
}

func (l *lab) want(what string, got []string, want ...string) {
	l.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		l.t.Fatalf("%s: %q, want %q", what, got, want)
	}
}

func (l *lab) end() {
	l.t.Helper()
	if r := l.world.Close(); r.Failure != nil {
		l.t.Fatalf("%s", r)
	}
}

func TestCutHoldsBytesUntilItIsMended(t *testing.T) {
	l := connected(t, 1)
	l.world.Cut(l.server, l.client)
	for i := range 3 {
		l.send(fmt.Sprint(i))
	}
	l.wait(10 * time.Second)
	l.want("during the cut", l.atServer.frames)
	l.world.Mend(l.server, l.client)
	l.wait(3 * time.Second)
	l.want("after it", l.atServer.frames, "0", "1", "2")
	l.want("answers", l.atClient.frames, "re:0", "re:1", "re:2")
	l.end()
}

func TestOneWayCutLetsTheOtherWayThrough(t *testing.T) {
	l := connected(t, 1)
	l.world.CutOneWay(l.server, l.client)
	l.send("question")
	l.wait(10 * time.Second)
	l.want("questions", l.atServer.frames, "question")
	l.want("answers", l.atClient.frames)
	l.world.MendOneWay(l.server, l.client)
	l.wait(3 * time.Second)
	l.want("answers", l.atClient.frames, "re:question")
	l.end()
}

func TestKillTellsThePeer(t *testing.T) {
	l := connected(t, 1)
	l.server.KeepDown()
	l.server.Kill()
	l.wait(time.Second)
	if len(l.atClient.causes) != 1 {
		t.Fatalf("causes %v", l.atClient.causes)
	}
	if err := l.dial("server:9092", time.Second); !errors.Is(err, env.ErrRefused) {
		t.Fatalf("dial to a dead process: %v", err)
	}
	l.end()
}

func TestKillDuringACutIsToldAfterIt(t *testing.T) {
	l := connected(t, 1)
	l.world.Cut(l.server, l.client)
	l.server.Kill()
	l.wait(10 * time.Second)
	if len(l.atClient.causes) != 0 {
		t.Fatalf("causes during the cut: %v", l.atClient.causes)
	}
	l.world.Mend(l.server, l.client)
	l.wait(3 * time.Second)
	if len(l.atClient.causes) != 1 {
		t.Fatalf("causes after it: %v", l.atClient.causes)
	}
	l.end()
}

// A power loss leaves the peer with half a connection: silence, then a reset
// once the machine is back and hears of it.
func TestPowerLossTellsNobody(t *testing.T) {
	l := connected(t, 1)
	l.server.KeepDown()
	l.server.PowerLoss()
	l.wait(time.Minute)
	l.send("anybody there?")
	l.wait(time.Minute)
	if len(l.atClient.causes) != 0 {
		t.Fatalf("a dead machine spoke: %v", l.atClient.causes)
	}
	if err := l.dial("server:9092", 5*time.Second); !errors.Is(err, env.ErrTimedOut) {
		t.Fatalf("dial to a dead machine: %v", err)
	}
	l.server.Start()
	l.wait(5 * time.Second)
	if len(l.atClient.causes) != 1 || !errors.Is(l.atClient.causes[0], env.ErrReset) {
		t.Fatalf("after its boot: %v", l.atClient.causes)
	}
	l.want("frames", l.atServer.frames)
	if err := l.dial("server:9092", time.Second); err != nil {
		t.Fatal(err)
	}
	l.end()
}

func TestHalfOpenConnectionIsSilent(t *testing.T) {
	l := connected(t, 1, fault.NetworkHalfOpen)
	l.send("vanishes")
	l.wait(time.Minute)
	l.want("frames", l.atServer.frames)
	if len(l.atClient.causes)+len(l.atServer.causes) != 0 {
		t.Fatalf("somebody was told: %v %v", l.atClient.causes, l.atServer.causes)
	}
	l.end()
}

func TestResetIsToldToBothSides(t *testing.T) {
	l := connected(t, 1, fault.NetworkReset)
	l.send("broken off")
	l.wait(time.Minute)
	for _, causes := range [][]error{l.atClient.causes, l.atServer.causes} {
		if len(causes) != 1 || !errors.Is(causes[0], env.ErrReset) {
			t.Fatalf("causes %v", causes)
		}
	}
	l.end()
}

func TestDialFaults(t *testing.T) {
	for _, c := range []struct {
		kind fault.Kind
		want error
	}{{fault.NetworkDialRefused, env.ErrRefused}, {fault.NetworkDialHang, env.ErrTimedOut}} {
		l := newLab(t, 1, c.kind)
		if err := l.dial("server:9092", time.Second); !errors.Is(err, c.want) {
			t.Fatalf("%s: %v", c.kind, err)
		}
		l.end()
	}
}

func TestDialWaitsForACutToEnd(t *testing.T) {
	l := newLab(t, 1)
	l.world.Cut(l.server, l.client)
	if err := l.dial("server:9092", 2*time.Second); !errors.Is(err, env.ErrTimedOut) {
		t.Fatalf("dial through a cut: %v", err)
	}
	done := false
	l.client.Spawn(0, "dialler", func(t *task.Task, w *env.World) {
		_, err := w.Network.Dial(t, "server:9092", options(), &l.atClient, kafka.Never)
		done = err == nil
	})
	l.wait(2 * time.Second)
	l.world.Mend(l.server, l.client)
	l.wait(10 * time.Second)
	if !done {
		t.Fatal("the dial was not repeated")
	}
	l.end()
}

func TestAddresses(t *testing.T) {
	l := newLab(t, 1)
	l.do(func(t *task.Task, w *env.World) {
		for _, c := range []struct {
			at   env.Address
			want string
		}{
			{"client:9092", ""}, {":9093", ""}, {"0.0.0.0:9094", ""}, {"localhost:9095", ""},
			{"client:9092", "address in use"}, {"server:9099", "not an address of client"},
			{"client", "want host:port"}, {"client:http", "want a port"}, {"client:70000", "want a port"},
		} {
			_, err := w.Network.Listen(c.at, options(), &l.atClient)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				l.t.Errorf("listen at %s: %v, want %q", c.at, err, c.want)
			}
		}
	})
	if err := l.dial("nowhere:9092", time.Second); !errors.Is(err, env.ErrRefused) {
		t.Fatalf("dial to nowhere: %v", err)
	}
	l.end()
}

func TestLoopbackIsNotReachedFromOutside(t *testing.T) {
	l := newLab(t, 1)
	l.do(func(t *task.Task, w *env.World) {
		if _, err := w.Network.Listen("127.0.0.1:7000", options(), &l.atClient); err != nil {
			l.t.Error(err)
		}
	})
	if err := l.dial("127.0.0.1:7000", time.Second); err != nil {
		t.Fatalf("dial from inside: %v", err)
	}
	var err error
	done := false
	l.server.Spawn(0, "dialler", func(t *task.Task, w *env.World) {
		_, err = w.Network.Dial(t, "client:7000", options(), &l.atServer, t.Now().Plus(time.Second))
		done = true
	})
	l.wait(2 * time.Second)
	if !done || !errors.Is(err, env.ErrRefused) {
		t.Fatalf("dial from outside: %v, %v", done, err)
	}
	l.end()
}

// A range is read when it leaves: with sends delayed, a later write shows.
func TestRangesAreReadWhenTheyLeave(t *testing.T) {
	l := connected(t, 1, fault.NetworkSlowSend)
	l.do(func(t *task.Task, w *env.World) {
		f, err := w.Disk.Create("a")
		if err == nil {
			err = f.WriteAt([]byte("early"), 0)
		}
		if err != nil {
			panic(err)
		}
		l.conn.Send([]env.Chunk{{Bytes: framed("early")[:4]}, {File: f, Length: 5}})
		t.Yield()
		if err := f.WriteAt([]byte("later"), 0); err != nil {
			panic(err)
		}
	})
	l.wait(time.Second)
	l.want("frames", l.atServer.frames, "later")
	l.end()
}

// Bytes of a process that was killed arrive while the next one already runs.
func TestOldIncarnationIsHeardAfterItsRestart(t *testing.T) {
	for seed := range uint64(50) {
		l := connected(t, seed, fault.NetworkLinger)
		l.server.KeepDown()
		l.do(func(*task.Task, *env.World) {})
		for _, c := range l.atServer.conns {
			l.server.Spawn(0, "last words", func(*task.Task, *env.World) {
				c.Send([]env.Chunk{{Bytes: framed("from the dead")}})
			})
		}
		l.wait(100 * time.Microsecond)
		l.server.Kill()
		l.server.Start()
		l.wait(50 * time.Millisecond)
		early := len(l.atClient.frames)
		l.wait(time.Minute)
		l.want("frames", l.atClient.frames, "from the dead")
		l.end()
		if early == 0 {
			return
		}
	}
	t.Fatal("nothing ever lingered")
}

func TestSendersAreBoundedByTheWindow(t *testing.T) {
	l := connected(t, 1)
	for _, c := range l.atServer.conns {
		c.Pause(true)
	}
	const size = 16 << 20
	l.do(func(*task.Task, *env.World) {
		for range 16 {
			l.conn.Send([]env.Chunk{{Bytes: framed(strings.Repeat("x", 1<<20))}})
		}
	})
	l.wait(time.Second)
	if left := size - l.conn.Unsent(); left > 2<<20 {
		t.Fatalf("%d bytes left for a receiver that takes none", left)
	}
	for _, c := range l.atServer.conns {
		c.Pause(false)
	}
	l.atServer.answer = false
	l.client.Spawn(0, "nothing", func(*task.Task, *env.World) {})
	l.wait(time.Minute)
	if l.conn.Unsent() != 0 || len(l.atServer.frames) != 16 {
		t.Fatalf("%d bytes wait, %d frames came", l.conn.Unsent(), len(l.atServer.frames))
	}
	l.end()
}

func TestSlowLink(t *testing.T) {
	l := connected(t, 1)
	l.world.Slow(l.server, l.client, 10_000)
	l.send("slow")
	l.wait(100 * time.Millisecond)
	l.want("soon", l.atServer.frames)
	l.wait(5 * time.Minute)
	l.want("after minutes", l.atServer.frames, "slow")
	l.end()
}

// Whatever the network does, a stream is delivered in order, without gaps, up
// to its end.
func TestStreamsStayInOrderUnderFaults(t *testing.T) {
	for seed := range uint64(40) {
		w := sim.New(sim.Config{Seed: seed, Swarm: true, Intensity: 3, Faults: fault.Set(0).With(
			fault.NetworkSpike, fault.NetworkSplit, fault.NetworkSlowSend, fault.NetworkReset,
			fault.NetworkCut, fault.NetworkCutOneWay, fault.NetworkSlowLink, fault.NetworkHalfOpen,
			fault.NodePause, fault.NodeShardStall)})
		var got door
		server := w.AddNode("server", 1, func(w *env.World) {
			if _, err := w.Network.Listen(":1", options(), &got); err != nil {
				panic(err)
			}
		})
		w.AddClient("client", func(w *env.World) {
			w.Loop.Spawn("client", func(t *task.Task) {
				var own door
				c, err := w.Network.Dial(t, "server:1", options(), &own, kafka.Never)
				for i := 0; err == nil && i < 500; i++ {
					c.Send([]env.Chunk{{Bytes: framed(fmt.Sprint(i))}})
					t.Sleep(10 * time.Millisecond)
				}
			})
		})
		w.Unleash(server)
		w.RunFor(10 * time.Second)
		w.Calm()
		w.RunFor(time.Minute)
		for i, text := range got.frames {
			if text != fmt.Sprint(i) {
				t.Fatalf("seed %d: frame %d is %q", seed, i, text)
			}
		}
		r := w.Close()
		if r.Failure != nil {
			t.Fatalf("%s", r)
		}
		broken := false
		for _, f := range r.Faults {
			broken = broken || f.Kind == fault.NetworkReset || f.Kind == fault.NetworkHalfOpen
		}
		if !broken && len(got.frames) != 500 {
			t.Fatalf("seed %d: %d frames over a connection that never broke\n%s", seed,
				len(got.frames), r)
		}
	}
}
