package main

import (
	"context"
	"fmt"
	"strings"
)

// positionCases read from the middle, by offset, from the tail and by time.
func (s *suite) positionCases() []testCase {
	return []testCase{
		{"position/odradek", func(ctx context.Context) error {
			topic, err := s.numbered(ctx)
			if err != nil {
				return err
			}
			for _, c := range []struct{ args, want string }{
				{"--offset 97", "97 98 99"},
				{"--offset -2", "98 99"},
				{"--offset 10 --max 3", "10 11 12"},
				{"--offset latest", ""},
				{"--offset @-1h --max 2", "0 1"},
				{"--offset @2100-01-01", ""},
			} {
				out, err := s.odradek(ctx, nil, strings.Fields("consume "+topic+" "+c.args)...)
				if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != c.want {
					return fmt.Errorf("consume %s: got %q, %v, want %q", c.args, excerpt(got), err, c.want)
				}
			}
			return nil
		}},
		{"position/kcat", func(ctx context.Context) error {
			topic, err := s.numbered(ctx)
			if err != nil {
				return err
			}
			for _, c := range s.clients {
				if kcat, ok := c.(*kcatClient); ok {
					return kcatPositions(ctx, kcat, topic)
				}
			}
			return fmt.Errorf("%w: no kcat", errSkip)
		}},
		{"lines/odradek/every-byte", func(ctx context.Context) error {
			topic, err := s.topic(ctx, 1)
			if err != nil {
				return err
			}
			in := []byte("\n\nfirst\n\r\n\x00\xff\n last without newline")
			if _, err := s.odradek(ctx, in, "produce", topic); err != nil {
				return err
			}
			got, err := s.odradek(ctx, nil, "consume", topic, "--chomp")
			if err != nil {
				return err
			}
			return same(got, in)
		}},
	}
}

// numbered makes a topic with the lines 0 to 99 at the offsets 0 to 99.
func (s *suite) numbered(ctx context.Context) (string, error) {
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return "", err
	}
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintln(&lines, i)
	}
	_, err = s.odradek(ctx, []byte(lines.String()), "produce", topic)
	return topic, err
}

func kcatPositions(ctx context.Context, kcat *kcatClient, topic string) error {
	for _, c := range []struct{ at, want string }{
		{"97", "97 98 99"}, {"-2", "98 99"}, {"end", ""}, {"s@0", "0"},
	} {
		args := []string{"-C", "-t", topic, "-p", "0", "-o", c.at, "-e", "-q"}
		if c.at == "s@0" {
			args = append(args, "-c", "1")
		}
		out, err := kcat.run(ctx, nil, args...)
		if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != c.want {
			return fmt.Errorf("kcat -o %s: got %q, %v, want %q", c.at, excerpt(got), err, c.want)
		}
	}
	return nil
}
