package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"odradek/jepsen/oracle"
)

// tcpTransport reaches a broker over a real network.
type tcpTransport struct{ bootstrap string }

const (
	dialTimeout = 5 * time.Second
	// replyTimeout is when silence counts as "no reply": above anything that the
	// scripts let a broker wait for.
	replyTimeout = 2 * oracle.LongestWaitMillis * time.Millisecond
	// largestReply is far above what the scripts ask for.
	largestReply = 64 << 20
)

func (t tcpTransport) Connect() (oracle.Conn, error) {
	conn, err := net.DialTimeout("tcp", t.bootstrap, dialTimeout)
	if err != nil {
		return nil, err
	}
	return &tcpConn{conn: conn}, nil
}

func (tcpTransport) Pause(millis int64) { time.Sleep(time.Duration(millis) * time.Millisecond) }

type tcpConn struct{ conn net.Conn }

func (c *tcpConn) Send(frame []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(replyTimeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(frame)
	return err
}

func (c *tcpConn) Receive() (reply []byte, closed bool, err error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(replyTimeout)); err != nil {
		return nil, false, err
	}
	var head [4]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return ended(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > largestReply {
		return nil, false, fmt.Errorf("a reply of %d bytes", length)
	}
	reply = make([]byte, length)
	if _, err := io.ReadFull(c.conn, reply); err != nil {
		return ended(err)
	}
	return reply, false, nil
}

func (c *tcpConn) Close() { _ = c.conn.Close() } // nothing is buffered on this side

// ended tells silence from the end of the stream; a reset is an end like another.
func ended(err error) ([]byte, bool, error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, false, oracle.ErrNoReply
	}
	return nil, true, nil
}
