package campaign_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"odradek/broker"
	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/task"
	"odradek/jepsen/oracle"
	"odradek/sim"
)

// Every script is answered as Apache Kafka answered it, but for the differences
// that are listed with their reasons.
func TestScriptsOverTheSimulatedNetwork(t *testing.T) {
	comparison, err := oracle.NewComparison()
	if err != nil {
		t.Fatal(err)
	}
	for seed, name := range oracle.Names() {
		t.Run(name, func(t *testing.T) {
			differences, err := comparison.Add(name, play(t, uint64(seed+1), name))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences {
				t.Errorf("%s", d)
			}
		})
	}
	for _, line := range comparison.Stale() {
		if !t.Failed() {
			t.Errorf("listed as a difference, and none any more: %s", line)
		}
	}
}

// play runs a script against a broker of two shards in a world of its own.
func play(t *testing.T, seed uint64, name string) string {
	static, _, err := config.Load(config.Sources{File: settingsOfOracle(), FileName: "settings"})
	if err != nil {
		t.Fatal(err)
	}
	script, err := oracle.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	w := sim.New(sim.Config{Seed: seed})
	w.AddNode("broker", 2, func(w *env.World) { broker.Boot(w, broker.Config{Static: static}) })
	var transcript string
	var failed error
	done := false
	w.AddClient("oracle", func(w *env.World) {
		w.Loop.Spawn("play "+name, func(t *task.Task) {
			transcript, failed = oracle.Run(script, &scripted{t, w})
			done = true
		})
	})
	w.RunWhile(w.Now().Plus(time.Hour), func() bool { return !done })
	if r := w.Close(); r.Failure != nil {
		t.Fatalf("%s", r)
	}
	if failed != nil || !done {
		t.Fatalf("done %v: %v\n%s", done, failed, transcript)
	}
	return transcript
}

// settingsOfOracle are those of the recordings, at an address of the world.
func settingsOfOracle() string {
	return strings.ReplaceAll(oracle.Settings, "process.roles", "#") +
		"\nlisteners=PLAINTEXT://broker:9092\n"
}

// scripted reaches the broker from a task.
type scripted struct {
	task  *task.Task
	world *env.World
}

func (s *scripted) Pause() { s.task.Sleep(5 * time.Millisecond) }

func (s *scripted) Connect() (oracle.Conn, error) {
	c := &scriptedConn{task: s.task}
	limits := env.Options{FrameBytesMax: 64 << 20, UnsentBytesMax: 64 << 20}
	for tries := 0; ; tries++ {
		conn, err := s.world.Network.Dial(s.task, "broker:9092", limits, c,
			s.task.Now().Plus(5*time.Second))
		if err == nil || tries == 1000 {
			c.conn = conn
			return c, err
		}
		s.Pause() // the broker is starting
	}
}

// scriptedConn is one connection of a script.
type scriptedConn struct {
	task    *task.Task
	conn    env.Conn
	replies task.Queue[[]byte]
}

func (c *scriptedConn) Opened(env.Conn) {}

func (c *scriptedConn) Received(_ env.Conn, f *env.Frame) {
	c.replies.Put(append([]byte{}, f.Payload...))
	f.Release()
}

// Closed puts the end of the stream behind the replies.
func (c *scriptedConn) Closed(env.Conn, error) { c.replies.Put(nil) }

func (c *scriptedConn) Send(frame []byte) error {
	c.conn.Send([]env.Chunk{{Bytes: frame}})
	return nil
}

func (c *scriptedConn) Receive() (reply []byte, closed bool, err error) {
	limit := c.task.Now().Plus(2 * oracle.LongestWaitMillis * time.Millisecond)
	reply, err = c.replies.Take(c.task, limit, "a reply")
	if errors.Is(err, task.ErrDeadline) {
		return nil, false, oracle.ErrNoReply
	}
	return reply, reply == nil, err
}

func (c *scriptedConn) Close() { c.conn.Close() }
