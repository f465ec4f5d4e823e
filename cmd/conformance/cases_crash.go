package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// crashRounds is how often a broker is killed under load.
const crashRounds = 5

// crashRoundsMin is how many kills must have hit the load for the case to count.
const crashRoundsMin = 2

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
	lines := bytes.Repeat(exampleLines(), 40)
	file, err := s.file("load", lines)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.odradek(ctx, nil, "produce", topic, "--file", file, "--batch-bytes", "120000")
		done <- err
	}()
	for round := range crashRounds {
		select {
		case err := <-done:
			if err != nil || round < crashRoundsMin {
				return errors.Join(err, fmt.Errorf("the load ended before kill %d", round+1))
			}
			done <- nil // on a fast machine it is through early: it was killed often enough
		case <-time.After(150 * time.Millisecond):
		}
		s.broker.kill()
		if err := s.broker.start(ctx); err != nil {
			return errors.Join(err, <-done)
		}
	}
	if err := <-done; err != nil {
		return err
	}
	got, err := s.odradek(ctx, nil, "consume", topic)
	if err != nil {
		return err
	}
	return same(got, lines)
}
