package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// crashRounds is how often a broker is killed under load.
const crashRounds = 5

// crashCases stop the broker in every way, and talk nonsense to it.
func (s *suite) crashCases() []testCase {
	return []testCase{
		{"crash/nonsense", s.nonsense},
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

// nonsense sends bytes that are no request; the broker must go on for others.
func (s *suite) nonsense(ctx context.Context) error {
	for _, bytes := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"\x7f\xff\xff\xff", "\xff\xff\xff\xff", "\x00\x00\x00\x00", "\x00\x00\x00\x04\x7f\x00\x00\x00",
	} {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "tcp", s.bootstrap)
		if err != nil {
			return err
		}
		// It may be closed before everything is sent; that is an answer, too.
		_, _ = connection.Write([]byte(bytes))
		_ = connection.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = connection.Read(make([]byte, 100))
		connection.Close()
		if _, err := s.odradek(ctx, nil, "cluster", "describe"); err != nil {
			return fmt.Errorf("after %q: %w", bytes, err)
		}
	}
	return nil
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
	lines := bytes.Repeat(exampleLines(), 20)
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
			return errors.Join(err, fmt.Errorf("the load ended before kill %d: make it longer", round+1))
		case <-time.After(200 * time.Millisecond):
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
