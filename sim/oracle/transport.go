package oracle

import (
	"errors"
	"time"

	"odradek/core/env"
	"odradek/core/task"
	scripts "odradek/jepsen/oracle"
)

const (
	// replyPatience is when silence counts as "no reply": above anything that the
	// scripts let a broker wait for.
	replyPatience = 2 * scripts.LongestWaitMillis * time.Millisecond
	// dialPatience is enough for a network that loses nothing.
	dialPatience = time.Minute
	// largestReply is far above what the scripts ask for.
	largestReply = 64 << 20
)

// transport implements jepsen/oracle's Transport for one task of a client's node.
// What it waits for is simulated time.
type transport struct {
	task  *task.Task
	world *env.World
}

// Connect implements Transport.
func (t *transport) Connect() (scripts.Conn, error) {
	c := &conn{task: t.task}
	limits := env.Options{FrameBytesMax: largestReply, UnsentBytesMax: largestReply}
	made, err := t.world.Network.Dial(t.task, brokerAddress, limits, (*door)(c),
		t.task.Now().Plus(dialPatience))
	if err != nil {
		return nil, err
	}
	c.conn = made
	return c, nil
}

// Pause implements Transport.
func (t *transport) Pause(millis int64) {
	t.task.Sleep(time.Duration(millis) * time.Millisecond)
}

// conn is one connection of a script.
type conn struct {
	task *task.Task
	conn env.Conn
	// replies are frames that came and were not asked for yet; the end of the
	// stream is the last of them.
	replies task.Queue[reply]
	ended   bool
}

// reply is a frame, or the end of the stream.
type reply struct {
	frame  []byte
	closed bool
}

// Send implements Conn.
func (c *conn) Send(frame []byte) error {
	c.conn.Send([]env.Chunk{{Bytes: frame}})
	return nil
}

// Receive implements Conn.
func (c *conn) Receive() (frame []byte, closed bool, err error) {
	if c.ended {
		return nil, true, nil
	}
	r, err := c.replies.Take(c.task, c.task.Now().Plus(replyPatience), "a reply")
	switch {
	case errors.Is(err, task.ErrDeadline):
		return nil, false, scripts.ErrNoReply
	case err != nil:
		return nil, false, err
	}
	c.ended = r.closed
	return r.frame, r.closed, nil
}

// Close implements Conn.
func (c *conn) Close() { c.conn.Close() }

// door takes in what comes for a conn.
type door conn

// Opened implements env.Door.
func (d *door) Opened(env.Conn) {}

// Received implements env.Door.
func (d *door) Received(_ env.Conn, frame *env.Frame) {
	d.replies.Put(reply{frame: append([]byte(nil), frame.Payload...)})
	frame.Release()
}

// Closed implements env.Door. A reset is an end like another.
func (d *door) Closed(env.Conn, error) { d.replies.Put(reply{closed: true}) }
