package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

// caseTime bounds one case: a client that hangs is a failure, not a wait.
const caseTime = 2 * time.Minute

// suite is one run.
type suite struct {
	dir       string
	binary    string // our own command line, and the broker
	bootstrap string
	broker    *broker // nil when it is not ours to stop
	only      *regexp.Regexp
	caseTime  time.Duration
	keep      string // where what members said goes; empty for nowhere
	out       io.Writer
	stamp     int64 // in topic names, so that runs don't meet

	clients []client
	java    *javaClient // nil when Kafka's own tools are not here
	missing []string    // why clients are skipped

	programs []*memberProgram // of groups; nil until some case wants them
	// manyPartitions is how many a large group is to have.
	manyPartitions int
	// consumerProtocol: the broker serves groups of KIP-848.
	consumerProtocol bool

	topics                  int
	passed, failed, skipped int
}

// errSkip ends a case that cannot run here.
var errSkip = errors.New("skipped")

// testCase is one thing that must hold.
type testCase struct {
	name string
	run  func(ctx context.Context) error
}

// do runs a case and reports it.
func (s *suite) do(ctx context.Context, c testCase) {
	if !s.only.MatchString(c.name) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.caseTime)
	defer cancel()
	begin := time.Now()
	err := c.run(ctx)
	took := time.Since(begin).Round(time.Millisecond)
	switch {
	case err == nil:
		s.passed++
		fmt.Fprintf(s.out, "pass  %s (%v)\n", c.name, took)
	case errors.Is(err, errSkip):
		s.skipped++
		fmt.Fprintf(s.out, "skip  %s: %v\n", c.name, err)
	default:
		s.failed++
		fmt.Fprintf(s.out, "FAIL  %s (%v): %v\n", c.name, took, err)
	}
}

// topicName is the name of a topic that is not there yet.
func (s *suite) topicName() string {
	s.topics++
	return fmt.Sprintf("conformance-%d-%d", s.stamp, s.topics)
}

// topic makes a fresh topic with our own command line.
func (s *suite) topic(ctx context.Context, partitions int, configs ...string) (string, error) {
	name := s.topicName()
	args := []string{"topics", "create", name, "--partitions", fmt.Sprint(partitions)}
	for _, config := range configs {
		args = append(args, "--config", config)
	}
	_, err := s.odradek(ctx, nil, args...)
	return name, err
}

// odradek runs our own command line.
func (s *suite) odradek(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	args = append(args, "--bootstrap", s.bootstrap)
	return command(ctx, stdin, s.binary, args...)
}

// same compares what was read with what was written.
func same(got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%d bytes, want %d; the first difference is at byte %d: got %q, want %q",
		len(got), len(want), at, around(got, at), around(want, at))
}

func around(b []byte, at int) string {
	return string(b[max(0, at-10):min(len(b), at+30)])
}

// file writes a file of the run.
func (s *suite) file(name string, data []byte) (string, error) {
	path := s.dir + "/" + name
	return path, os.WriteFile(path, data, 0o600)
}
