package envtest

import (
	"encoding/binary"
	"fmt"
	"strings"

	"odradek/core/env"
)

// anyPort lets the world choose.
const anyPort env.Address = "127.0.0.1:0"

// roomy are options that no case runs into by accident.
func roomy() env.Options {
	return env.Options{FrameBytesMax: 16 << 20, UnsentBytesMax: 64 << 20}
}

// door is a Door that remembers what came through it.
type door struct {
	s      *Scene
	opened []env.Conn
	// frames are the payloads received, in order, of all connections.
	frames []string
	// held are frames not yet released, when hold is set.
	held  []*env.Frame
	hold  bool
	ended []ending
	// onFrame, when set, is called with each frame before it is kept.
	onFrame func(c env.Conn, payload []byte)
	// onOpen, when set, is called with each connection that comes in.
	onOpen func(c env.Conn)
}

type ending struct {
	conn  env.Conn
	cause error
}

func (s *Scene) door() *door { return &door{s: s} }

func (d *door) Opened(c env.Conn) {
	d.opened = append(d.opened, c)
	if d.onOpen != nil {
		d.onOpen(c)
	}
}

func (d *door) Received(c env.Conn, frame *env.Frame) {
	if d.endingOf(c) != nil {
		d.s.tb.Errorf("a frame came in after the end of its connection")
	}
	if d.onFrame != nil {
		d.onFrame(c, frame.Payload)
	}
	d.frames = append(d.frames, string(frame.Payload))
	if d.hold {
		d.held = append(d.held, frame)
		return
	}
	frame.Release()
}

func (d *door) Closed(c env.Conn, cause error) {
	if d.endingOf(c) != nil {
		d.s.tb.Errorf("a connection ended twice")
	}
	d.ended = append(d.ended, ending{c, cause})
}

func (d *door) endingOf(c env.Conn) *ending {
	for i := range d.ended {
		if d.ended[i].conn == c {
			return &d.ended[i]
		}
	}
	return nil
}

// release gives back the oldest held frame.
func (d *door) release() {
	d.held[0].Release()
	d.held = d.held[1:]
}

// awaitFrames waits until count frames have come in, in all.
func (d *door) awaitFrames(count int) {
	d.s.tb.Helper()
	d.s.until(fmt.Sprintf("%d frames, got %d", count, len(d.frames)), func() bool {
		return len(d.frames) >= count
	})
	d.s.That(len(d.frames) == count, "%d frames, want %d", len(d.frames), count)
}

// awaitEnd waits for the end of a connection and returns its cause.
func (d *door) awaitEnd(c env.Conn) error {
	d.s.tb.Helper()
	d.s.until("the end of a connection", func() bool { return d.endingOf(c) != nil })
	return d.endingOf(c).cause
}

// awaitOpened waits for the count-th incoming connection.
func (d *door) awaitOpened(count int) env.Conn {
	d.s.tb.Helper()
	d.s.until("a connection", func() bool { return len(d.opened) >= count })
	return d.opened[count-1]
}

// received checks the payloads of all frames so far.
func (d *door) received(want ...string) {
	d.s.tb.Helper()
	d.awaitFrames(len(want))
	for i := range want {
		if d.frames[i] != want[i] {
			d.s.Fatalf("frame %d is %s, want %s", i,
				brief([]byte(d.frames[i])), brief([]byte(want[i])))
		}
	}
}

// pair is a connection of the shard with itself: client dialled server's door.
type pair struct {
	s            *Scene
	listener     env.Listener
	server       *door
	client       *door
	accepted     env.Conn
	dialled      env.Conn
	serverLimits env.Options
}

// connect listens with options and dials once.
func (s *Scene) connect(options env.Options) *pair {
	s.tb.Helper()
	p := s.listen(options)
	p.dialled = p.dial()
	p.accepted = p.server.awaitOpened(1)
	return p
}

func (s *Scene) listen(options env.Options) *pair {
	s.tb.Helper()
	p := &pair{s: s, server: s.door(), client: s.door(), serverLimits: options}
	var err error
	p.listener, err = s.World.Network.Listen(anyPort, options, p.server)
	s.Must(err)
	return p
}

func (p *pair) dial() env.Conn {
	p.s.tb.Helper()
	c, err := p.s.World.Network.Dial(p.s.T, p.listener.Address(), roomy(), p.client, p.s.deadline())
	p.s.Must(err)
	return c
}

// done closes everything that is still open and waits for it.
func (p *pair) done() {
	p.s.tb.Helper()
	for _, c := range []env.Conn{p.dialled, p.accepted} {
		if c != nil {
			c.Close()
		}
	}
	if p.dialled != nil {
		p.client.awaitEnd(p.dialled)
	}
	if p.accepted != nil {
		p.server.awaitEnd(p.accepted)
	}
	p.listener.Close()
}

// framed is a payload with its length before it, as on the wire.
func framed(payload string) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	return append(p, payload...)
}

// send puts payloads on a connection, each as one chunk.
func send(c env.Conn, payloads ...string) {
	for _, payload := range payloads {
		c.Send([]env.Chunk{{Bytes: framed(payload)}})
	}
}

// sendRaw puts bytes on a connection, without a length.
func sendRaw(c env.Conn, raw ...byte) { c.Send([]env.Chunk{{Bytes: raw}}) }

// closedOrReset accepts what a peer may see when the other side closed with
// bytes on the way: a clean end or a reset, depending on what had arrived.
func (s *Scene) closedOrReset(cause error) {
	s.tb.Helper()
	if cause != nil {
		s.Want(cause, env.ErrReset)
	}
}

func joined(lines []string) string { return strings.Join(lines, "|") }
