package main

import (
	"errors"
	"net"
	"os"
	"testing"

	"odradek/jepsen/oracle"
)

// TestReceiveTakesFramesFromAStream sends a frame in pieces, half of another, and
// the end of the stream.
func TestReceiveTakesFramesFromAStream(t *testing.T) {
	ours, theirs := net.Pipe()
	sent := make(chan error, 1)
	go func() {
		var err error
		for _, piece := range []string{"\x00\x00", "\x00\x03a", "bc",
			"\x00\x00\x00\x00", "\x00\x00\x00\x05x"} {
			_, failed := theirs.Write([]byte(piece))
			err = errors.Join(err, failed)
		}
		sent <- errors.Join(err, theirs.Close())
	}()
	conn := &tcpConn{conn: ours}
	defer conn.Close()
	for _, want := range []string{"abc", ""} {
		if reply, closed, err := conn.Receive(); string(reply) != want || closed || err != nil {
			t.Errorf("got %q, %v, %v, want %q", reply, closed, err, want)
		}
	}
	if _, closed, err := conn.Receive(); !closed || err != nil {
		t.Errorf("half a frame and the end: closed %v, %v", closed, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestSilenceIsNoEnd(t *testing.T) {
	if _, closed, err := ended(os.ErrDeadlineExceeded); closed || !errors.Is(err, oracle.ErrNoReply) {
		t.Errorf("a time-out is told as closed %v, %v", closed, err)
	}
	if _, closed, err := ended(net.ErrClosed); !closed || err != nil {
		t.Errorf("a reset is told as closed %v, %v", closed, err)
	}
}
