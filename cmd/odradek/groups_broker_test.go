package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// follower is `odradek consume --group`, run inside the test's process.
type follower struct {
	said   *watchedBuffer
	cancel context.CancelFunc
	status chan int
}

// startFollower starts one that writes to out.
func startFollower(
	t *testing.T, b *testBroker, out *watchedBuffer, args ...string,
) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	f := &follower{said: newWatchedBuffer(), cancel: cancel, status: make(chan int, 1)}
	c := &console{in: strings.NewReader(""), out: out, err: f.said,
		getenv: func(string) string { return "" }, now: time.Now}
	args = append([]string{"consume", "--follow", "--bootstrap", b.address}, args...)
	go func() { // ends with cancel
		f.status <- run(ctx, args, c)
		_, _ = out.Write(nil) // for who waits for lines that will not come
	}()
	return f
}

// awaitLines waits until so many lines were written, by followers that go on.
func (w *watchedBuffer) awaitLines(t *testing.T, lines int, by ...*follower) {
	t.Helper()
	for strings.Count(w.String(), "\n") < lines {
		select {
		case <-w.changed:
		case <-t.Context().Done():
			return
		}
		for _, f := range by {
			select {
			case status := <-f.status:
				t.Fatalf("consume ended with status %d: %s", status, f.said.String())
			default:
			}
		}
	}
}

// stop is Ctrl-C.
func (f *follower) stop(t *testing.T) {
	t.Helper()
	f.cancel()
	if status := <-f.status; status != exitDone {
		t.Errorf("consume ended with status %d: %s", status, f.said.String())
	}
}

// at runs a command that must succeed, and returns what it printed.
func (b *testBroker) at(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, said, status := runCommandAt(b.address, false, stdin, args...)
	if status != exitDone {
		t.Fatalf("%s: status %d: %s", strings.Join(args, " "), status, said)
	}
	return out
}

// Two members share a topic. One is interrupted while records come: it commits and
// leaves, the other goes on where it was, and each record is read once.
func TestGroupSharesATopic(t *testing.T) {
	for _, protocol := range []string{protocolClassic, protocolConsumer} {
		t.Run(protocol, func(t *testing.T) { shareATopic(t, protocol) })
	}
}

func shareATopic(t *testing.T, protocol string) {
	b := startTestBroker(t, "--group.consumer.min.heartbeat.interval.ms", "100",
		"--group.consumer.heartbeat.interval.ms", "100")
	b.at(t, "", "topics", "create", "work", "--partitions", "4")
	produce := func(from, to int) {
		var lines strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&lines, "%d\n", i)
		}
		for p := range 4 {
			part := linesModulo(lines.String(), p)
			b.at(t, part, "produce", "work", "-p", fmt.Sprint(p), "-q")
		}
	}
	read := newWatchedBuffer()
	one := startFollower(t, b, read, "work", "--group", "g", "--protocol", protocol)
	produce(0, 400)
	read.awaitLines(t, 400, one)
	two := startFollower(t, b, read, "work", "--group", "g", "--protocol", protocol)
	b.awaitShares(t, 2, 2)
	produce(400, 800)
	read.awaitLines(t, 800, one, two)
	out, said, status := runCommandAt(b.address, false, "", "groups", "reset-offsets", "g",
		"--all-topics", "--to", "earliest", "--execute")
	if status != exitFailed || !strings.Contains(said, "stop the members first") {
		t.Errorf("an active group was reset: status %d: %s%s", status, out, said)
	}
	_, said, status = runCommandAt(b.address, false, "", "groups", "delete", "g")
	if status != exitFailed || !strings.Contains(said, "NON_EMPTY_GROUP") {
		t.Errorf("an active group was deleted: status %d: %s", status, said)
	}
	one.stop(t)
	produce(800, 1200)
	read.awaitLines(t, 1200, two)
	b.awaitShares(t, 4)
	two.stop(t)
	times := map[string]int{}
	for _, line := range strings.Fields(read.String()) {
		times[line]++
	}
	for i := range 1200 {
		if n := times[fmt.Sprint(i)]; n != 1 {
			t.Errorf("record %d was read %d times", i, n)
		}
	}
	state := b.at(t, "", "groups", "describe", "g", "--state")
	if fields := strings.Split(strings.TrimSpace(state), "\t"); fields[2] != "Empty" ||
		fields[len(fields)-1] != "0" {
		t.Errorf("in the end the group is %s", state)
	}
	b.stop(t)
}

// linesModulo are the lines whose number leaves p, of four.
func linesModulo(text string, p int) string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		if i%4 == p {
			out.WriteString(line)
		}
	}
	return out.String()
}

// awaitShares asks until the members of group g read so many partitions each.
func (b *testBroker) awaitShares(t *testing.T, want ...int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		var got []int
		rows := b.at(t, "", "groups", "describe", "g", "--members")
		for _, row := range strings.Split(strings.TrimSpace(rows), "\n") {
			if fields := strings.Split(row, "\t"); len(fields) > 7 {
				n, _ := strconv.Atoi(fields[7])
				got = append(got, n)
			}
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the members read %v partitions, want %v\n%s", got, want, rows)
		}
	}
}

// A reader that waits when its broker goes and comes back loses nothing.
func TestGroupOutlivesItsBroker(t *testing.T) {
	b := startTestBroker(t)
	b.at(t, "", "topics", "create", "work", "--partitions", "2")
	read := newWatchedBuffer()
	f := startFollower(t, b, read, "work", "--group", "g")
	b.at(t, "a\nb\n", "produce", "work", "-q")
	read.awaitLines(t, 2, f)
	b.stop(t)
	again := restartTestBroker(t, b)
	again.at(t, "c\nd\n", "produce", "work", "-q")
	read.awaitLines(t, 4, f)
	f.stop(t)
	if got := strings.Join(strings.Fields(read.String()), ""); got != "abcd" {
		t.Errorf("got %q, want abcd", got)
	}
	state := again.at(t, "", "groups", "describe", "g", "--state")
	if !strings.Contains(state, "\tEmpty\t") || !strings.HasSuffix(state, "\t0\n") {
		t.Errorf("in the end the group is %s", state)
	}
	again.stop(t)
}
