package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// crashRounds is how often a broker is killed under load; every kill counts.
	crashRounds = 5
	// loadPause is between two copies of the lines: the load is to last as long as
	// the kills do, and not to grow beyond what is compared in memory.
	loadPause = 20 * time.Millisecond
	// progressPoll is how often a partition is asked how far it has come.
	progressPoll = 5 * time.Millisecond
)

// crashCases stop the broker in every way.
func (s *suite) crashCases() []testCase {
	return []testCase{
		{"crash/clean-stop", func(ctx context.Context) error {
			if s.broker == nil {
				return errNotOurs
			}
			topic, err := s.numbered(ctx)
			if err != nil {
				return err
			}
			if err := s.broker.stop(); err != nil {
				return err
			}
			if err := s.broker.start(ctx); err != nil {
				return err
			}
			return s.steps(ctx, [2]string{"offsets " + topic, topic + "\t0\t0\t100\t100"})
		}},
		{"crash/kill-9", s.killUnderLoad},
	}
}

// endlessLines gives out the same lines again and again until it is told that it
// is enough; the copy that was begun is then given to its end.
type endlessLines struct {
	lines  []byte
	enough chan struct{}
	rest   []byte // of the copy in work
	copies int    // begun
}

// Read implements io.Reader.
func (e *endlessLines) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		select {
		case <-e.enough:
			return 0, io.EOF
		case <-time.After(loadPause):
		}
		e.rest = e.lines
		e.copies++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// killUnderLoad kills the broker while our own command line produces; it must go
// on after each restart, and every line must be there once, in order.
func (s *suite) killUnderLoad(ctx context.Context) error {
	if s.broker == nil {
		return errNotOurs
	}
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return err
	}
	load := &endlessLines{lines: exampleLines(), enough: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- stream(ctx, load, io.Discard, s.binary, "produce", topic,
			"--batch-bytes", "120000", "--bootstrap", s.bootstrap)
	}()
	end := int64(0)
	for round := range crashRounds {
		if end, err = s.killBeyond(ctx, topic, end, done); err != nil {
			close(load.enough)
			return fmt.Errorf("kill %d: %w", round+1, err)
		}
	}
	// The load goes on after the last restart, too.
	_, err = s.passes(ctx, topic, end, done)
	close(load.enough)
	if err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	var got bytes.Buffer
	if err := (&ownClient{s}).consume(ctx, topic, &got); err != nil {
		return err
	}
	return same(got.Bytes(), bytes.Repeat(load.lines, load.copies))
}

// killBeyond kills the broker as soon as the topic's partition 0 has grown beyond
// an offset, and starts it again. It returns how far the partition was, and fails
// if the load, whose end done tells, ended before.
func (s *suite) killBeyond(
	ctx context.Context, topic string, offset int64, done <-chan error,
) (int64, error) {
	end, err := s.passes(ctx, topic, offset, done)
	if err != nil {
		return 0, err
	}
	select {
	case err := <-done:
		return 0, errors.Join(err, errLoadEnded)
	default:
	}
	s.broker.kill()
	return end, s.broker.start(ctx)
}

var errLoadEnded = errors.New("the load ended before")

// passes waits until the topic's partition 0 has grown beyond an offset.
func (s *suite) passes(
	ctx context.Context, topic string, offset int64, done <-chan error,
) (int64, error) {
	client, err := (&franzClient{s}).open(kgo.MetadataMinAge(50 * time.Millisecond))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for {
		end, err := endOffset(ctx, client, topic)
		if err != nil || end > offset {
			return end, err
		}
		select {
		case err := <-done:
			return 0, errors.Join(err, errLoadEnded)
		case <-ctx.Done():
			return 0, fmt.Errorf("the partition is at %d, not beyond %d: %w", end, offset, ctx.Err())
		case <-time.After(progressPoll):
		}
	}
}
