package netio_test

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// dialling runs a body on a node of one shard and waits for it.
func dialling(t *testing.T, body func(tk *task.Task, w *env.World)) {
	t.Helper()
	over := make(chan struct{})
	startNode(t, 1, func(w *env.World) {
		w.Loop.Spawn("dials", func(tk *task.Task) {
			defer close(over)
			body(tk, w)
		})
	})
	<-over
}

func TestDialFindsNamesAndBothFamilies(t *testing.T) {
	for _, host := range []string{"localhost", "127.0.0.1", "::1", ""} {
		if host == "::1" && !hasIPv6() {
			continue
		}
		listen := "127.0.0.1:0"
		if host == "::1" {
			listen = "[::1]:0"
		}
		l, err := net.Listen("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		go func() { // ends when the listener is closed
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write(framed([]byte("welcome")))
			}
		}()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		dialling(t, func(tk *task.Task, w *env.World) {
			var got task.Future[string]
			door := &doorOf{received: func(_ env.Conn, f *env.Frame) {
				got.Resolve(string(f.Payload), nil)
				f.Release()
			}}
			to := env.Address(net.JoinHostPort(host, port))
			if _, err := w.Network.Dial(tk, to, roomy(), door, kafka.Never); err != nil {
				t.Errorf("dial %s: %v", to, err)
				return
			}
			if text, err := got.Await(tk, kafka.Never, "a welcome"); text != "welcome" || err != nil {
				t.Errorf("dial %s: %q, %v", to, text, err)
			}
		})
		_ = l.Close()
	}
}

func TestDialsThatFail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	dialling(t, func(tk *task.Task, w *env.World) {
		// The resolver has sockets of its own.
		_, err := w.Network.Dial(tk, "no.such.host.invalid:1", roomy(), new(doorOf), kafka.Never)
		if err == nil {
			t.Error("a host that is not there was dialled")
		}
		before := sockets(t)
		for to, want := range map[string]error{
			closed: env.ErrRefused, "nonsense": nil, "127.0.0.1:99999": nil,
		} {
			_, err := w.Network.Dial(tk, env.Address(to), roomy(), new(doorOf), kafka.Never)
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("dial %s: %v, want %v", to, err, want)
			}
		}
		_, err = w.Network.Dial(tk, env.Address(closed), roomy(), new(doorOf), tk.Now())
		if !errors.Is(err, env.ErrTimedOut) && !errors.Is(err, env.ErrRefused) {
			t.Errorf("a dial past its deadline: %v", err)
		}
		if after := sockets(t); after > before {
			t.Errorf("%d sockets before, %d after", before, after)
		}
	})
}

// TestADialThatNobodyAnswers fills a listener's queue, so that the kernel does
// not answer; the deadline ends the wait, and so does cancelling the task.
func TestADialThatNobodyAnswers(t *testing.T) {
	deaf, err := deafListener(t)
	if err != nil {
		t.Skipf("no listener that does not answer: %v", err)
	}
	dialling(t, func(tk *task.Task, w *env.World) {
		before := sockets(t)
		deadline := tk.Now().Plus(20 * time.Millisecond)
		_, err := w.Network.Dial(tk, deaf, roomy(), new(doorOf), deadline)
		if !errors.Is(err, env.ErrTimedOut) {
			t.Errorf("dial returned %v", err)
		}
		h := tk.Loop().Spawn("cancelled", func(tk *task.Task) {
			_, err := w.Network.Dial(tk, deaf, roomy(), new(doorOf), kafka.Never)
			t.Errorf("a cancelled dial returned %v", err)
		})
		tk.Yield()
		h.Cancel()
		tk.Yield()
		if after := sockets(t); after > before {
			t.Errorf("%d sockets before, %d after", before, after)
		}
	})
}

// sockets counts this process's open sockets.
func sockets(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no /proc: %v", err)
	}
	count := 0
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count
}

// deafListener listens and never accepts; its queue is full.
func deafListener(t *testing.T) (env.Address, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	at := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(unix.Bind(fd, at), unix.Listen(fd, 0)); err != nil {
		return "", err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return "", err
	}
	port := name.(*unix.SockaddrInet4).Port
	for range 4 {
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return "", err
		}
		t.Cleanup(func() { _ = unix.Close(c) })
		err = unix.Connect(c, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port})
		if err != nil && !errors.Is(err, unix.EINPROGRESS) {
			return "", err
		}
	}
	return env.Address(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))), nil
}
