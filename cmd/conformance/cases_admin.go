package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// adminCases look after topics with our own command line, and see them with
// others.
func (s *suite) adminCases() []testCase {
	return []testCase{
		{"admin/topics", func(ctx context.Context) error {
			topic, err := s.topic(ctx, 2, "cleanup.policy=compact", "segment.ms=600000")
			if err != nil {
				return err
			}
			return s.steps(ctx,
				[2]string{"topics list " + topic, topic + "\t2\t1\t"},
				[2]string{"topics describe " + topic, topic + "\t1\t"},
				[2]string{"configs describe topic " + topic, "segment.ms\t600000\ttopic"},
				[2]string{"topics alter " + topic + " --partitions 3 --config segment.ms=700000", ""},
				[2]string{"topics list " + topic, topic + "\t3\t1\t"},
				[2]string{"configs describe topic " + topic, "segment.ms\t700000\ttopic"},
				[2]string{"configs alter topic " + topic + " --unset segment.ms", ""},
				[2]string{"topics delete " + topic, ""},
			)
		}},
		{"admin/delete-records", func(ctx context.Context) error {
			topic, err := s.topic(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := s.odradek(ctx, []byte("a\nb\nc\n"), "produce", topic); err != nil {
				return err
			}
			return s.steps(ctx,
				[2]string{"offsets " + topic, topic + "\t0\t0\t3\t3"},
				[2]string{"delete-records " + topic + " --before 2", ""},
				[2]string{"offsets " + topic, topic + "\t0\t2\t3\t1"},
				[2]string{"consume " + topic, "c\n"},
			)
		}},
		{"admin/cluster", func(ctx context.Context) error {
			return s.steps(ctx,
				[2]string{"cluster describe", "\ttrue\n"},
				[2]string{"cluster api-versions", "\tFetch\t"},
				[2]string{"log-dirs", "\t"},
				[2]string{"configs describe brokers", ""},
			)
		}},
		{"admin/max-connections", s.connectionLimits},
		{"admin/kcat-metadata", s.kcatMetadata},
		{"admin/unknown-topic", func(ctx context.Context) error {
			_, err := s.odradek(ctx, nil, "topics", "describe", "conformance-none")
			if err == nil || !strings.Contains(err.Error(), "there is no topic") {
				return fmt.Errorf("a topic that does not exist: %v", err)
			}
			return nil
		}},
	}
}

const (
	// connectionsLet is the limit that is set, with room for the command lines that
	// set it and for connections of earlier cases that are about to end.
	connectionsLet = 50
	// connectionsTried is how many are opened.
	connectionsTried = 100
)

// connectionLimits sets each of the limits while the broker runs, and takes it back.
func (s *suite) connectionLimits(ctx context.Context) error {
	if s.broker == nil {
		return errNotOurs // a broker's own settings are not ours to change
	}
	for _, name := range []string{"max.connections", "max.connections.per.ip"} {
		set := fmt.Sprintf("configs alter brokers %s=%d", name, connectionsLet)
		if err := s.steps(ctx, [2]string{set, ""}); err != nil {
			return err
		}
		refused, err := s.countRefused(ctx)
		if err := errors.Join(err, s.steps(ctx,
			[2]string{"configs alter brokers --unset " + name, ""})); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if refused < connectionsTried-connectionsLet || refused == connectionsTried {
			return fmt.Errorf("%s is %d, and of %d connections %d were refused", name,
				connectionsLet, connectionsTried, refused)
		}
		if refused, err = s.countRefused(ctx); err != nil || refused > 0 {
			return fmt.Errorf("%s was taken back, and %d were refused: %w", name, refused, err)
		}
	}
	return nil
}

// countRefused opens connections and counts those that the broker does not answer.
func (s *suite) countRefused(ctx context.Context) (int, error) {
	refused := 0
	for range connectionsTried {
		c, err := s.dial(ctx)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		request := kmsg.NewPtrApiVersionsRequest()
		_ = c.SetDeadline(time.Now().Add(bystanderPatience)) // it may be closed already
		frame := kmsg.NewRequestFormatter().AppendRequest(nil, request, 1)
		_, _ = c.Write(frame)
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
			refused++
		}
	}
	return refused, nil
}

func (s *suite) kcatMetadata(ctx context.Context) error {
	for _, c := range s.clients {
		kcat, ok := c.(*kcatClient)
		if !ok {
			continue
		}
		topic, err := s.topic(ctx, 5)
		if err != nil {
			return err
		}
		out, err := kcat.run(ctx, nil, "-L", "-J", "-t", topic)
		if err != nil {
			return err
		}
		var metadata struct {
			Topics []struct {
				Topic      string
				Partitions []struct{ Partition, Leader int }
			}
		}
		if err := json.Unmarshal(out, &metadata); err != nil {
			return err
		}
		if len(metadata.Topics) != 1 || len(metadata.Topics[0].Partitions) != 5 {
			return fmt.Errorf("want one topic of 5 partitions: %s", out)
		}
		return nil
	}
	return fmt.Errorf("%w: no kcat", errSkip)
}
