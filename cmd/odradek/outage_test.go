package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestOutageIsToldOnce(t *testing.T) {
	o := &outage{}
	one := kgo.BrokerMetadata{NodeID: 1, Host: "a", Port: 9092}
	seed := kgo.BrokerMetadata{NodeID: -2147483648, Host: "b", Port: 9092}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	connect := func(b kgo.BrokerMetadata, err error) { o.OnBrokerConnect(b, 0, nil, err) }
	for _, step := range []struct {
		broker kgo.BrokerMetadata
		err    error
		want   string
	}{
		{one, nil, ""},
		{seed, refused, ""},
		{one, refused, "no broker answers at a:9092: connection refused; trying again"},
		{one, refused, ""},
		{kgo.BrokerMetadata{NodeID: 2, Host: "c", Port: 9092}, nil, ""},
		{one, nil, "the broker at a:9092 answers again"},
		{one, nil, ""},
	} {
		connect(step.broker, step.err)
		if got := o.news(); got != step.want {
			t.Errorf("%s, %v: got %q, want %q", step.broker.Host, step.err, got, step.want)
		}
	}
}

// Who follows a topic is told when its broker has gone.
func TestConsumeTellsThatTheBrokerIsGone(t *testing.T) {
	b := startTestBroker(t)
	if _, said, status := runCommandAt(b.address, false, "a\n", "produce", "orders"); status != 0 {
		t.Fatal(said)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := newWatchedBuffer()
	c := &console{in: strings.NewReader(""), out: said, err: said, now: time.Now,
		getenv: func(string) string { return "" }}
	status := make(chan int, 1)
	go func() { // ends with cancel
		status <- run(ctx, []string{"consume", "orders", "--follow", "--bootstrap", b.address}, c)
	}()
	awaitText := func(text string) {
		for !strings.Contains(said.String(), text) {
			select {
			case <-said.changed:
			case s := <-status:
				t.Fatalf("consume ended with status %d: %s", s, said.String())
			}
		}
	}
	awaitText("a\n")
	b.stop(t)
	awaitText("no broker answers at " + b.address)
	cancel()
	if s := <-status; s != exitDone {
		t.Errorf("consume ended with status %d: %s", s, said.String())
	}
}

func TestAHintIsGivenOnce(t *testing.T) {
	gone := fail("partition 0", kerr.OffsetOutOfRange)
	got := explain(errors.Join(gone, gone, fail("partition 1", kerr.MessageTooLarge), gone))
	if n := strings.Count(got, hints[kerr.OffsetOutOfRange]); n != 1 ||
		!strings.HasSuffix(got, "hint: "+hints[kerr.OffsetOutOfRange]) ||
		!strings.Contains(got, hints[kerr.MessageTooLarge]) {
		t.Errorf("got %s", got)
	}
}

func TestServeSaysThatTheAddressIsTaken(t *testing.T) {
	b := startTestBroker(t)
	defer b.stop(t)
	_, said, status := runCommand(false, "", "serve", "--log.dirs", t.TempDir(),
		"--listeners", "PLAINTEXT://"+b.address)
	want := "odradek: listener PLAINTEXT: listen at " + b.address + ": address in use\n" +
		"hint: another program listens there, perhaps another broker; " +
		"--listeners names another address\n"
	if status != exitFailed || said != want {
		t.Errorf("status %d, got %q, want %q", status, said, want)
	}
}

// A campaign that is interrupted says how far it came.
func TestInterruptedCampaignSaysHowFarItCame(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	said := newWatchedBuffer()
	c := &console{out: said, err: said, now: time.Now, getenv: func(string) string { return "" }}
	status := run(ctx, []string{"sim", "run", "--seeds", "1-1000000"}, c)
	text := said.String()
	if status != exitInterrupted || !strings.Contains(text, "interrupted after ") ||
		!strings.Contains(text, " of 1000000 seeds\n") {
		t.Errorf("status %d: %s", status, text)
	}
}
