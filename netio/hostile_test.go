package netio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/netio"
)

// ask sends a request and expects its echo: the server is alive and well.
func ask(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write(framed([]byte(text))); err != nil {
		t.Fatal(err)
	}
	if got := readFrame(t, c); string(got) != text {
		t.Fatalf("%q was echoed as %q", text, got)
	}
}

func TestGarbageHarmsNobodyElse(t *testing.T) {
	address := listening(t, 1, roomy(), newEcho)
	other := dial(t, address)
	source := rand.NewChaCha8([32]byte{1})
	for range 200 {
		c := dial(t, address)
		garbage := make([]byte, 1+source.Uint64()%5000)
		_, _ = source.Read(garbage)
		_, _ = c.Write(garbage) // the server may have closed already
		if source.Uint64()%2 == 0 {
			_ = c.Close()
		}
	}
	ask(t, other, "still here")
}

func TestABadLengthClosesItsConnection(t *testing.T) {
	options := roomy()
	address := listening(t, 1, options, newEcho)
	other := dial(t, address)
	for _, length := range []uint32{
		uint32(options.FrameBytesMax) + 1, 0x7fffffff, 0x80000000, 0xffffffff,
		binary.BigEndian.Uint32([]byte("GET ")), binary.BigEndian.Uint32([]byte{22, 3, 1, 2}),
	} {
		c := dial(t, address)
		_, _ = c.Write(binary.BigEndian.AppendUint32(nil, length))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Fatalf("length %#x: read %d bytes", length, n)
		}
	}
	ask(t, other, "still here")
}

// residentBytes is the memory of this process.
func residentBytes(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("no /proc: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestAnnouncedBytesCostNothing(t *testing.T) {
	options := roomy()
	options.FrameBytesMax = 100 << 20
	address := listening(t, 1, options, newEcho)
	ask(t, dial(t, address), "warm")
	before := residentBytes(t)
	for range 100 {
		c := dial(t, address)
		_, _ = c.Write(append(binary.BigEndian.AppendUint32(nil, 100<<20), 1, 2, 3))
	}
	ask(t, dial(t, address), "still here") // behind the others in the one shard's queue
	const each = 64 << 10
	if grown := residentBytes(t) - before; grown > 100*each {
		t.Fatalf("100 announcements of 100 MiB took %d KiB", grown>>10)
	}
}

func TestAFrameCutOffIsNotDelivered(t *testing.T) {
	causes := make(chan error, 10)
	address := listening(t, 1, roomy(), func(*env.World) env.Door {
		return &doorOf{
			received: func(_ env.Conn, f *env.Frame) { t.Errorf("a frame: %q", f.Payload) },
			closed:   func(_ env.Conn, cause error) { causes <- cause },
		}
	})
	whole := framed(make([]byte, 100000))
	for _, cut := range []int{1, 3, 4, 5, 60000, len(whole) - 1} {
		c := dial(t, address)
		_, _ = c.Write(whole[:cut])
		_ = c.Close()
		if cause := <-causes; !errors.Is(cause, env.ErrReset) {
			t.Fatalf("cut at %d: closed with %v", cut, cause)
		}
	}
}

// TestAClientThatNeverReads asks for much and takes nothing, while another
// client is served and the first one's answers stay bounded.
func TestAClientThatNeverReads(t *testing.T) {
	options := roomy()
	options.UnsentBytesMax = 1 << 20
	answer := framed(make([]byte, 256<<10))
	unsent := make(chan int64, 100000)
	address := listening(t, 1, options, func(*env.World) env.Door {
		return &doorOf{received: func(c env.Conn, f *env.Frame) {
			if len(f.Payload) == 1 {
				c.Send([]env.Chunk{{Bytes: answer}})
				unsent <- c.Unsent()
			} else {
				c.Send([]env.Chunk{{Bytes: framed(f.Payload)}})
			}
			f.Release()
		}}
	})
	greedy := dial(t, address)
	_ = greedy.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // the server stops reading
	questions := bytes.Repeat(framed([]byte{1}), 100000)
	_, _ = greedy.Write(questions)
	ask(t, dial(t, address), "served meanwhile")
	limit := int64(options.UnsentBytesMax + len(answer))
	for range len(unsent) {
		if n := <-unsent; n > limit {
			t.Fatalf("%d bytes wait for a client that never reads", n)
		}
	}
}

// TestIdleConnectionsAreCheap opens as many connections as it may, has each ask
// once, and looks at what they keep.
func TestIdleConnectionsAreCheap(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	count := min(10000, int(limit.Cur-200)/2)
	if testing.Short() {
		count = min(count, 1000)
	}
	host, port, _ := net.SplitHostPort(listening(t, 1, roomy(), newEcho))
	number, _ := strconv.Atoi(port)
	to := &unix.SockaddrInet4{Port: number, Addr: [4]byte(net.ParseIP(host).To4())}
	request := framed([]byte("one request of a hundred bytes or so, which needs a buffer for a while"))
	before := residentBytes(t)
	var clients []int
	defer func() {
		for _, fd := range clients {
			// A reset leaves no port behind that would have to time out.
			_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			_ = unix.Close(fd)
		}
	}()
	answer := make([]byte, len(request))
	for range count {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			clients = append(clients, fd)
			err = unix.Connect(fd, to)
		}
		if err == nil {
			_, err = unix.Write(fd, request)
		}
		for have := 0; err == nil && have < len(answer); {
			var n int
			n, err = unix.Read(fd, answer[have:])
			have += n
		}
		if err != nil || !bytes.Equal(answer, request) {
			t.Fatalf("connection %d: %v", len(clients), err)
		}
	}
	runtime.GC()
	each := (residentBytes(t) - before) / count
	t.Logf("%d connections, %d bytes each", count, each)
	const bar = 8 << 10
	if each > bar {
		t.Fatalf("an idle connection takes %d bytes, more than %d", each, bar)
	}
}

// TestRunningOutOfDescriptors lowers the limit to what is open and expects that
// the listener refuses and then lives on.
func TestRunningOutOfDescriptors(t *testing.T) {
	address := listening(t, 1, roomy(), newEcho)
	ask(t, dial(t, address), "before")
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var clients []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		ask(t, c, "fits")
		clients = append(clients, c)
	}
	host, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20})
	lowest, err := unix.Dup(fd) // every descriptor below this one is taken
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(lowest)
	low := unix.Rlimit{Cur: uint64(lowest), Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: number, Addr: [4]byte(net.ParseIP(host).To4())})
	n, readErr := unix.Read(fd, make([]byte, 1))
	_ = unix.Close(fd)
	if e := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); e != nil {
		t.Fatal(e)
	}
	if err != nil || n > 0 || errors.Is(readErr, unix.EAGAIN) {
		t.Fatalf("connect: %v, read: %d bytes, %v; the connection was to be refused", err, n, readErr)
	}
	for _, c := range clients {
		ask(t, c, "still served")
		_ = c.Close()
	}
	ask(t, dial(t, address), "let in again")
}

// TestALastAnswerIsNotOvertakenByAReset has the server close after an answer
// while the client's further requests lie unread in its socket.
func TestALastAnswerIsNotOvertakenByAReset(t *testing.T) {
	answer := framed(make([]byte, 1<<20))
	address := listening(t, 1, roomy(), func(*env.World) env.Door {
		return &doorOf{received: func(c env.Conn, f *env.Frame) {
			c.Send([]env.Chunk{{Bytes: answer}})
			c.CloseAfterSend()
			f.Release()
		}}
	})
	c := dial(t, address)
	requests := bytes.Repeat(framed(make([]byte, 1000)), 1000)
	go func() { _, _ = c.Write(requests) }() // ends when the server has closed
	got, err := io.ReadAll(c)
	if len(got) != len(answer) {
		t.Fatalf("%d of %d bytes arrived: %v", len(got), len(answer), err)
	}
}

func TestAHalfClosedClientGetsItsAnswers(t *testing.T) {
	c := dial(t, listening(t, 1, roomy(), newEcho))
	for range 10 {
		if _, err := c.Write(framed([]byte("asked"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if want := bytes.Repeat(framed([]byte("asked")), 10); !bytes.Equal(got, want) || err != nil {
		t.Fatalf("%d of %d bytes, %v", len(got), len(want), err)
	}
}

func TestAResetEndsAPausedConnection(t *testing.T) {
	causes := make(chan error, 1)
	opened := make(chan bool, 1)
	address := listening(t, 1, roomy(), func(*env.World) env.Door {
		return &doorOf{
			opened: func(c env.Conn) { c.Pause(true); opened <- true },
			closed: func(_ env.Conn, cause error) { causes <- cause },
		}
	})
	c := dial(t, address)
	<-opened
	_, _ = c.Write(framed([]byte("unread")))
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
	if cause := <-causes; !errors.Is(cause, env.ErrReset) {
		t.Fatalf("closed with %v", cause)
	}
}

func TestTheCollectorRunsBesideBusyShards(t *testing.T) {
	p := newPair(t, 4, new(echo))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p.node.Shard(1).Post(func() { p.start(20000, 4) })
	for range 20 {
		runtime.GC()
	}
	<-p.load.done
}

func TestRequestsAndWakesAllocateNothing(t *testing.T) {
	p := newPair(t, 16, new(echo))
	p.run(20000, 4) // fills the pools
	const count = 20000
	if allocated := testing.AllocsPerRun(1, func() { p.run(count, 4) }); allocated > count/1000 {
		t.Errorf("%v allocations for %d requests", allocated, count)
	}
	w := newPingPong(t)
	const messages = 2000
	w.run(messages)
	if allocated := testing.AllocsPerRun(1, func() { w.run(messages) }); allocated > 20 {
		t.Errorf("%v allocations for %d messages there and back", allocated, messages)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ listen, dial string }{
		{"127.0.0.1:0", "127.0.0.1"}, {"0.0.0.0:0", "127.0.0.1"}, {"localhost:0", "127.0.0.1"},
		{":0", "127.0.0.1"}, {":0", "::1"}, {"[::1]:0", "::1"}, {"[::]:0", "127.0.0.1"},
	} {
		if strings.Contains(c.listen+c.dial, "::") && !hasIPv6() {
			continue
		}
		var at env.Address
		booted := make(chan error, 1)
		startNode(t, 1, func(w *env.World) {
			l, err := w.Network.Listen(env.Address(c.listen), roomy(), new(echo))
			if err == nil {
				at = l.Address()
			}
			booted <- err
		})
		if err := <-booted; err != nil {
			t.Errorf("listen at %s: %v", c.listen, err)
			continue
		}
		_, port, err := net.SplitHostPort(string(at))
		if err != nil || port == "0" {
			t.Errorf("%s became %s", c.listen, at)
			continue
		}
		ask(t, dial(t, net.JoinHostPort(c.dial, port)), c.listen)
	}
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func TestBadAddressesAreRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for at, want := range map[string]string{
		"":                          "not host:port",
		"localhost":                 "not host:port",
		"127.0.0.1:port":            "no port of 0 to 65535",
		"127.0.0.1:65536":           "no port of 0 to 65535",
		"127.0.0.1:-1":              "no port of 0 to 65535",
		"no.such.host.invalid:9092": "look up host",
		"192.0.2.1:0":               "cannot assign requested address",
		taken.Addr().String():       env.ErrAddressInUse.Error(),
	} {
		answer := make(chan error, 1)
		startNode(t, 1, func(w *env.World) {
			_, err := w.Network.Listen(env.Address(at), roomy(), new(echo))
			answer <- err
		})
		if err := <-answer; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("listen at %q: %v, want %q", at, err, want)
		}
	}
}

func TestAConfigThatMakesNoSenseIsRefused(t *testing.T) {
	boot := func(*env.World) {}
	for _, c := range []netio.Config{
		{Shards: 0, Boot: boot}, {Shards: -1, Boot: boot}, {Shards: 1000, Boot: boot}, {Shards: 1},
	} {
		if n, err := netio.Start(c); err == nil {
			n.Stop()
			t.Errorf("%+v was started", c)
		}
	}
}
