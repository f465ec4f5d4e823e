package oracle

import "errors"

// Transport reaches one broker. A script opens as many connections as it names.
// Whoever implements it owns waiting: goroutines, deadlines and virtual time are
// its business, never this package's.
type Transport interface {
	// Connect opens a fresh connection to the broker.
	Connect() (Conn, error)

	// Pause waits for so many milliseconds, or a little longer.
	Pause(millis int64)
}

// Conn is one connection, used by one script, one call at a time.
type Conn interface {
	// Send hands the bytes to the stream as they are: a whole frame with its length
	// in front, or something deliberately broken. A connection that the broker has
	// closed already may take the bytes or fail; Receive tells the truth about it.
	Send(frame []byte) error

	// Receive waits for the next frame and returns it without its length. closed says
	// that the broker ended the stream instead. ErrNoReply says that nothing came in
	// the transport's own time limit, which has to be well above LongestWaitMillis.
	Receive() (reply []byte, closed bool, err error)

	// Close ends the connection from this side.
	Close()
}

// LongestWaitMillis is the longest time a broker may rightly take for a reply that a
// script waits for. Scripts do ask for longer polls, but only such as must end early: a
// broker that sits them out has not understood them.
const LongestWaitMillis = 5_000

// ErrNoReply is returned by Conn.Receive when the broker neither answered nor
// closed. It becomes a line of the transcript: silence is behaviour, too.
var ErrNoReply = errors.New("no reply")
