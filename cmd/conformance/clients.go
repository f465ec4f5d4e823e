package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// client is a real client: it writes the lines of a file to a topic's partition
// 0, and reads a topic's partition 0 to its end, each value with a newline.
type client interface {
	name() string
	// codecs are those it can write.
	codecs() []string
	produce(ctx context.Context, topic, codec, file string) error
	consume(ctx context.Context, topic string, to io.Writer) error
}

// recordClient is a client that can write and read more than lines.
type recordClient interface {
	client
	// produceRecords and consumeRecords do the same with keys, nulls, headers.
	produceRecords(ctx context.Context, topic string, records []record) error
	consumeRecords(ctx context.Context, topic string) ([]record, error)
}

// record is what every client must be able to write and read. A nil key or value
// is null.
type record struct {
	Key     *string
	Value   *string
	Headers [][2]string
}

// recordClients are those of the clients that know more than lines.
func (s *suite) recordClients() []recordClient {
	var all []recordClient
	for _, c := range s.clients {
		if c, ok := c.(recordClient); ok {
			all = append(all, c)
		}
	}
	return all
}

var allCodecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// prepareClients finds the clients, and installs what is missing if it can.
func (s *suite) prepareClients(ctx context.Context) error {
	s.clients = []client{&ownClient{s}, &franzClient{s}}
	if err := install(ctx, "kcat", func() bool { return onPath("kcat") }); err != nil {
		s.missing = append(s.missing, err.Error())
	} else {
		s.clients = append(s.clients, &kcatClient{s})
	}
	script, err := s.file("client.py", []byte(pythonClient))
	if err != nil {
		return err
	}
	python := &pythonKafka{suite: s, script: script}
	if err := install(ctx, "python3-kafka", func() bool { return python.there(ctx) }); err != nil {
		s.missing = append(s.missing, err.Error())
	} else {
		s.clients = append(s.clients, python)
	}
	return nil
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// install gets a Debian package unless it is there.
func install(ctx context.Context, name string, there func() bool) error {
	if there() {
		return nil
	}
	if !onPath("apt-get") {
		return fmt.Errorf("%s is not installed, and there is no apt-get to install it with", name)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s is not installed; run `apt-get install %s` as root", name, name)
	}
	_, err := command(ctx, nil, "apt-get", "install", "-y", "-q", name)
	if err != nil {
		// The lists of a fresh machine are empty.
		if _, err = command(ctx, nil, "apt-get", "update", "-q"); err == nil {
			_, err = command(ctx, nil, "apt-get", "install", "-y", "-q", name)
		}
	}
	if err != nil {
		return fmt.Errorf("%s cannot be installed: %w", name, err)
	}
	if !there() {
		return fmt.Errorf("%s was installed, and does not run", name)
	}
	return nil
}
