package env

import (
	"errors"

	"odradek/core/kafka"
	"odradek/core/task"
)

// Errors that end a connection, as given to Door.Closed or returned by Dial.
var (
	// ErrReset: the peer or the network broke the connection.
	ErrReset = errors.New("connection reset")
	// ErrRefused: nobody listens at the address.
	ErrRefused = errors.New("connection refused")
	// ErrTimedOut: no answer to Dial in time.
	ErrTimedOut = errors.New("connection timed out")
	// ErrFrameTooLarge: the peer announced a frame over the limit, or one of a
	// negative length.
	ErrFrameTooLarge = errors.New("frame length out of bounds")
	// ErrAddressInUse: another listener has the address.
	ErrAddressInUse = errors.New("address in use")
)

// Address is host:port.
type Address string

// Network carries streams of bytes and cuts them into Kafka's frames: a 4-byte
// big-endian length, then that many bytes.
type Network interface {
	// Listen accepts connections at an address. Every shard of a node listens
	// at the same address and the world spreads the connections over them.
	// Port 0 asks for any free port; see Listener.Address.
	Listen(at Address, options Options, door Door) (Listener, error)
	// Dial opens a connection to another node; the deadline bounds the wait.
	// Door.Opened is not called for it.
	Dial(t *task.Task, to Address, options Options, door Door, deadline kafka.Instant) (Conn, error)
	// LimitConnections bounds, from now on, how many connections that came in the
	// node keeps at once, those of all shards and listeners together, and how many
	// of them from one host. A further one is closed at once; those that are open
	// stay. Before it is called, there is no limit.
	LimitConnections(limits ConnectionLimits)
}

// ConnectionLimits say how many connections a node keeps at once.
type ConnectionLimits struct {
	// Max is for all of them, PerHostMax for those from one host.
	Max, PerHostMax int
}

// Options limit what the connections of a listener may use.
type Options struct {
	// FrameBytesMax is the longest frame taken in (socket.request.max.bytes); a
	// longer one closes its connection before anything is allocated for it.
	FrameBytesMax int
	// UnsentBytesMax: while more bytes than this wait to leave a connection,
	// no further frame of it is delivered. A client that doesn't read costs
	// this much and no more.
	UnsentBytesMax int
	// BufferedBytesMax bounds the bytes of all frames of the shard that were
	// received, whole or in part, and not yet released; over it, connections
	// wait to be read. One frame is always let in. Zero: no limit.
	BufferedBytesMax int64
}

// Listener is an open door.
type Listener interface {
	// Address is where it listens, with the real port.
	Address() Address
	// Close stops accepting; open connections stay.
	Close()
}

// Door is called by the network, on the shard's thread, between tasks.
type Door interface {
	// Opened: a connection came in.
	Opened(c Conn)
	// Received: a whole frame came in, in the order of the stream. The callee
	// owns the frame and must Release it, on this shard.
	Received(c Conn, frame *Frame)
	// Closed: the connection ended, by the peer (nil for a clean end of
	// stream), by an error, or by Close (ErrClosed). It is the last call for
	// the connection; what had not left is dropped.
	Closed(c Conn, cause error)
}

// Conn is one connection.
type Conn interface {
	// Send queues chunks to leave in order. Bytes are copied before it
	// returns; file ranges are pinned and read when they leave. Sending on a
	// closed connection does nothing.
	Send(chunks []Chunk)
	// Pause stops or resumes the delivery of frames.
	Pause(paused bool)
	// Unsent is how many bytes wait to leave.
	Unsent() int64
	// Close ends the connection at once. Door.Closed follows, later.
	Close()
	// CloseAfterSend ends the connection once everything queued has left.
	CloseAfterSend()
	// Local is the address of the listener it came in by; Remote the peer's.
	Local() Address
	Remote() Address
	// Attach keeps the owner's state of the connection; Attached returns it.
	Attach(state any)
	Attached() any
}

// Chunk is a piece of what a connection sends: either Bytes, or a range of File.
type Chunk struct {
	Bytes    []byte
	File     File
	Position kafka.Position
	Length   int64
}

// Frame is one received frame, without its length, in a pooled buffer.
type Frame struct {
	// Payload is valid until the last Release. Its owner may write to it.
	Payload []byte
	home    FramePool
	holders int32
}

// FramePool takes a frame's buffer back.
type FramePool interface {
	Recycle(f *Frame)
}

// NewFrame makes a frame with one holder; for worlds.
func NewFrame(payload []byte, home FramePool) *Frame {
	return &Frame{Payload: payload, home: home, holders: 1}
}

// Renew makes a recycled frame ready for new use; for worlds.
func (f *Frame) Renew(payload []byte) {
	f.Payload, f.holders = payload, 1
}

// Retain adds a holder.
func (f *Frame) Retain() { f.holders++ }

// Release drops a holder; the last one gives the buffer back to its pool.
func (f *Frame) Release() {
	f.holders--
	if f.holders < 0 {
		panic("a frame was released more often than it was held")
	}
	if f.holders == 0 && f.home != nil {
		f.home.Recycle(f)
	}
}
