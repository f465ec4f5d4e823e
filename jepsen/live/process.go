package live

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// readyWithin is how long a broker may take until it answers. A start is a
	// second and the replay of a journal; more than this is a broker that hangs.
	readyWithin = 60 * time.Second
	// readyPoll is how often a starting broker is asked: it bounds the error of
	// the times that are reported.
	readyPoll = time.Millisecond
	// answerWithin bounds one question to a starting broker.
	answerWithin = 5 * time.Second
	// saidBytesMax is how much of the broker's last words an error quotes.
	saidBytesMax = 2000
)

// Process is a broker in a process of its own, on a port of the loopback. It is
// started and killed any number of times; its data stay.
type Process struct {
	// Binary is the odradek to run.
	Binary string
	// Dir gets the data directory, data, and what the broker prints, broker.log.
	Dir string
	// Settings are further arguments of serve.
	Settings []string

	address string
	command *exec.Cmd
	exited  chan error
	log     *os.File
	// began is where the present broker's words begin in the log.
	began int64
}

// Address is where the broker listens, HOST:PORT. It is chosen by the first
// Start and stays.
func (p *Process) Address() string { return p.address }

// DataDir is the broker's log directory.
func (p *Process) DataDir() string { return filepath.Join(p.Dir, "data") }

// Launch runs the broker without waiting until it answers.
func (p *Process) Launch() error {
	if err := p.prepare(); err != nil {
		return err
	}
	arguments := append([]string{"serve", "--listeners", "PLAINTEXT://" + p.address,
		"--log.dirs", p.DataDir()}, p.Settings...)
	p.command = exec.Command(p.Binary, arguments...)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	said, err := p.log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	p.began = said
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Binary, err)
	}
	p.exited = make(chan error, 1)
	go func(c *exec.Cmd, exited chan<- error) { exited <- c.Wait() }(p.command, p.exited)
	return nil
}

// prepare chooses a port and opens the log, once.
func (p *Process) prepare() error {
	if p.address != "" {
		return nil
	}
	// The port is free now, and nearly surely still a moment later.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return err
	}
	p.log, err = os.Create(filepath.Join(p.Dir, "broker.log"))
	if err != nil {
		return err
	}
	p.address = address
	return nil
}

// Start runs the broker and waits until it answers; it tells how long that took.
func (p *Process) Start(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := p.Launch(); err != nil {
		return 0, err
	}
	deadline := time.After(readyWithin)
	for {
		err := answers(p.address)
		if err == nil {
			return time.Since(began), nil
		}
		select {
		case ended := <-p.exited:
			p.command = nil
			return 0, fmt.Errorf("the broker ended (%v) and said: %s", ended, p.Said())
		case <-deadline:
			return 0, fmt.Errorf("the broker does not answer after %v (%w) and said: %s",
				readyWithin, err, p.Said())
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(readyPoll):
		}
	}
}

// Kill ends the broker as kill -9 does, and returns when it is gone.
func (p *Process) Kill() {
	if p.command == nil {
		return
	}
	// An error means that it has ended already, which is what is wanted.
	_ = p.command.Process.Kill()
	<-p.exited
	p.command = nil
}

// Ended tells, without waiting, whether the broker ended by itself, and why.
func (p *Process) Ended() error {
	if p.command == nil {
		return nil
	}
	select {
	case err := <-p.exited:
		p.command = nil
		return fmt.Errorf("the broker ended by itself (%v) and said: %s", err, p.Said())
	default:
		return nil
	}
}

// Close kills the broker and lets go of its log.
func (p *Process) Close() error {
	p.Kill()
	if p.log == nil {
		return nil
	}
	return p.log.Close()
}

// Said is the end of what the broker printed.
func (p *Process) Said() string {
	text, err := os.ReadFile(filepath.Join(p.Dir, "broker.log"))
	if err != nil {
		return err.Error()
	}
	if len(text) > saidBytesMax {
		text = text[len(text)-saidBytesMax:]
	}
	return strings.TrimSpace(string(text))
}

// answers asks a broker for its API versions.
//
//	length 4 | api key 2 (18) | version 2 (0) | correlation id 4 | client id 2 (null)
func answers(address string) error {
	c, err := net.DialTimeout("tcp", address, answerWithin)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	request := []byte{0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff}
	if _, err := c.Write(request); err != nil {
		return err
	}
	var head [8]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(head[4:]) != 7 {
		return errors.New("the answer has another request's correlation id")
	}
	return nil
}
