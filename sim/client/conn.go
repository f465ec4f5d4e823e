package client

import (
	"encoding/binary"
	"errors"
	"fmt"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// frameBytesMax is the longest answer taken: more than any fetch of a
// simulated client asks for.
const frameBytesMax = 128 << 20

// ErrGone is wrapped by the error of a call whose connection ended before its
// answer came: the request may have had its effect or not, or may have it later.
var ErrGone = errors.New("the connection ended")

// Options make a connection.
type Options struct {
	// World is that of the client's shard.
	World *env.World
	// ClientID is how the client names itself.
	ClientID string
	// Stamp numbers calls and answers; see Call. Required.
	Stamp func() int64
	// Complain is told what no broker may do. Required.
	Complain func(sentence string)
}

// Conn is one connection. Requests may be sent while others are not answered.
type Conn struct {
	options     Options
	conn        env.Conn
	formatter   *kmsg.RequestFormatter
	correlation int32
	// pending are the calls that await their answer, in order.
	pending []*Call
	// err is why the connection ended.
	err error
}

// Call is one request and, later, its answer.
type Call struct {
	// Request is what was asked.
	Request kmsg.Request
	// Called and Returned are Options.Stamp's numbers of the moments the request
	// was sent and the answer came; Returned is 0 while there is none.
	Called, Returned int64
	correlation      int32
	future           task.Future[kmsg.Response]
}

// Dial connects to a broker; the deadline bounds the wait.
func Dial(t *task.Task, o Options, to env.Address, deadline kafka.Instant) (*Conn, error) {
	c := &Conn{options: o, formatter: kmsg.NewRequestFormatter(kmsg.FormatterClientID(o.ClientID))}
	limits := env.Options{FrameBytesMax: frameBytesMax, UnsentBytesMax: frameBytesMax}
	conn, err := o.World.Network.Dial(t, to, limits, (*door)(c), deadline)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", to, err)
	}
	c.conn = conn
	return c, nil
}

// Err is why the connection ended, or nil while it lives. It wraps ErrGone.
func (c *Conn) Err() error { return c.err }

// Send sends a request, without waiting. expectAnswer is false for what has none
// (Produce with acks=0); its call is never answered.
func (c *Conn) Send(r kmsg.Request, expectAnswer bool) *Call {
	c.correlation++
	call := &Call{Request: r, correlation: c.correlation, Called: c.options.Stamp()}
	if c.err != nil {
		call.future.Resolve(nil, c.err)
		return call
	}
	frame := c.formatter.AppendRequest(nil, r, call.correlation)
	if expectAnswer {
		c.pending = append(c.pending, call)
	}
	c.conn.Send([]env.Chunk{{Bytes: frame}})
	return call
}

// SendRaw sends bytes that need not be a frame. Answers to them are complaints
// unless the connection is Deaf.
func (c *Conn) SendRaw(p []byte) {
	if c.err == nil {
		c.conn.Send([]env.Chunk{{Bytes: p}})
	}
}

// Pause stops or resumes reading: what is not read piles up at the broker.
func (c *Conn) Pause(paused bool) {
	if c.err == nil {
		c.conn.Pause(paused)
	}
}

// Pending is how many calls await their answer.
func (c *Conn) Pending() int { return len(c.pending) }

// Call sends a request and waits for the answer until the deadline. After an
// error the connection is closed: an answer that comes late would be taken for
// another's.
func (c *Conn) Call(t *task.Task, r kmsg.Request, deadline kafka.Instant) (*Call, kmsg.Response,
	error) {
	call := c.Send(r, true)
	response, err := call.Await(t, deadline)
	if err != nil {
		c.Close()
	}
	return call, response, err
}

// Await waits for the answer. Errors: task.ErrDeadline, and ErrGone.
func (call *Call) Await(t *task.Task, deadline kafka.Instant) (kmsg.Response, error) {
	return call.future.Await(t, deadline, "an answer to "+kmsg.NameForKey(call.Request.Key()))
}

// Done reports whether Await would return at once.
func (call *Call) Done() bool { return call.future.Done() }

// Close ends the connection. Calls without an answer end with ErrGone.
func (c *Conn) Close() {
	c.conn.Close()
	c.end(env.ErrClosed)
}

// end lets every call know.
func (c *Conn) end(cause error) {
	if c.err != nil {
		return
	}
	c.err = ErrGone
	if cause != nil {
		c.err = fmt.Errorf("%w: %w", ErrGone, cause)
	}
	pending := c.pending
	c.pending = nil
	for _, call := range pending {
		call.future.Resolve(nil, c.err)
	}
}

// door takes in what comes.
type door Conn

// Opened implements env.Door.
func (d *door) Opened(env.Conn) {}

// Closed implements env.Door.
func (d *door) Closed(_ env.Conn, cause error) { (*Conn)(d).end(cause) }

// Received implements env.Door.
func (d *door) Received(_ env.Conn, frame *env.Frame) {
	answer := append([]byte(nil), frame.Payload...)
	frame.Release()
	c := (*Conn)(d)
	if c.err == nil {
		c.take(answer)
	}
}

// take gives an answer to the oldest call: a broker answers in order.
func (c *Conn) take(answer []byte) {
	if len(answer) < 4 || len(c.pending) == 0 {
		c.complain(fmt.Sprintf("an answer of %d bytes came to no request", len(answer)))
		return
	}
	call := c.pending[0]
	c.pending = c.pending[1:]
	if got := int32(binary.BigEndian.Uint32(answer)); got != call.correlation {
		c.complain(fmt.Sprintf("the answer to request %d came where that to %d was due",
			got, call.correlation))
		return
	}
	response, err := decode(call.Request, answer[4:])
	if err != nil {
		c.complain(fmt.Sprintf("the answer to %s v%d cannot be decoded: %v",
			kmsg.NameForKey(call.Request.Key()), call.Request.GetVersion(), err))
		return
	}
	call.Returned = c.options.Stamp()
	call.future.Resolve(response, nil)
}

func (c *Conn) complain(sentence string) {
	c.options.Complain(sentence)
	c.Close()
}

// apiVersions is the API whose answers never have a flexible header (KIP-511).
const apiVersions = 18

var errHeaderTags = errors.New("its header has tags, which nobody defined")

func decode(r kmsg.Request, body []byte) (kmsg.Response, error) {
	if r.IsFlexible() && r.Key() != apiVersions {
		if len(body) == 0 || body[0] != 0 {
			return nil, errHeaderTags
		}
		body = body[1:]
	}
	response := r.ResponseKind()
	response.SetVersion(r.GetVersion())
	return response, response.ReadFrom(body)
}
