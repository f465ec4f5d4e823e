package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// command runs a program and returns what it printed.
func command(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := stream(ctx, bytes.NewReader(stdin), &out, name, args...)
	return out.Bytes(), err
}

// stream runs a program between a reader and a writer; what it said on standard
// error becomes part of the error.
func stream(ctx context.Context, in io.Reader, out io.Writer, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = 5 * time.Second
	var errs bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = in, out, &errs
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, excerpt(errs.String()))
	}
	return nil
}

func buildBinary(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "odradek")
	_, err := command(ctx, nil, "go", "build", "-o", binary, "odradek/cmd/odradek")
	return binary, err
}

// broker is a broker in a process of its own: one of this tree, or one that the user
// gave a command for.
type broker struct {
	// serve is the command, with {address}, {port} and {dir} in it.
	serve []string
	// ready is how long it may take until it answers.
	ready   time.Duration
	dir     string
	address string
	process *exec.Cmd
	log     *os.File
}

const (
	// readyTime is how long a broker of this tree may take until it answers.
	readyTime = 20 * time.Second
	// patienceTimes is how many times as long a broker that the user gave a command for
	// may take, and a case with it: Kafka starts a Java machine for each restart.
	patienceTimes = 5
)

// ownServe is the command of a broker of this tree.
func ownServe(binary string) []string {
	return []string{binary, "serve", "--listeners", "PLAINTEXT://{address}",
		"--log.dirs", "{dir}/data"}
}

// startOther starts a broker that the user gave a command for.
func startOther(ctx context.Context, serve []string, dir string) (*broker, error) {
	b, err := newBroker(serve, dir)
	if err != nil {
		return nil, err
	}
	b.ready *= patienceTimes
	return b, b.start(ctx)
}

func startBroker(ctx context.Context, binary, dir string) (*broker, error) {
	b, err := newBroker(ownServe(binary), dir)
	if err != nil {
		return nil, err
	}
	return b, b.start(ctx)
}

func newBroker(serve []string, dir string) (*broker, error) {
	// The port is free now, and nearly surely still a moment later.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &broker{serve: serve, ready: readyTime, dir: dir, address: free.Addr().String()}
	free.Close()
	b.log, err = os.Create(filepath.Join(dir, "broker.log"))
	return b, err
}

// start runs the broker and waits until it answers.
func (b *broker) start(ctx context.Context) error {
	_, port, err := net.SplitHostPort(b.address)
	if err != nil {
		return err
	}
	var command []string
	for _, word := range b.serve {
		command = append(command, strings.NewReplacer("{address}", b.address, "{port}", port,
			"{dir}", b.dir).Replace(word))
	}
	b.process = exec.Command(command[0], command[1:]...)
	b.process.Stdout, b.process.Stderr = b.log, b.log
	if err := b.process.Start(); err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address), kgo.DisableClientMetrics())
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, b.ready)
	defer cancel()
	for {
		if err = client.Ping(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			b.kill()
			return fmt.Errorf("the broker does not answer: %w; it said: %s", err, b.said())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// said is the end of what the broker printed.
func (b *broker) said() string {
	text, err := os.ReadFile(b.log.Name())
	if err != nil {
		return err.Error()
	}
	return excerpt(string(text))
}

// kill ends the broker as kill -9 does.
func (b *broker) kill() {
	if b.process == nil || b.process.Process == nil {
		return
	}
	// Errors mean that it has ended already, which is what is wanted.
	_ = b.process.Process.Kill()
	_ = b.process.Wait()
	b.process = nil
}

// stop asks the broker to end, as Ctrl-C does.
func (b *broker) stop() error {
	if err := b.process.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- b.process.Wait() }()
	select {
	case err := <-done:
		b.process = nil
		if err != nil {
			return fmt.Errorf("it ended with %w; it said: %s", err, b.said())
		}
		return nil
	case <-time.After(readyTime):
		b.kill()
		return errors.New("it did not end")
	}
}
