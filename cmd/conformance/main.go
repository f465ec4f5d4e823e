package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	bootstrap := flag.String("bootstrap", "", "`HOST:PORT` of a broker that runs; "+
		"without it, one of this tree is started")
	only := flag.String("run", "", "run the cases whose names match this `REGEXP`")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "conformance takes no arguments: drop %q\n", flag.Arg(0))
		os.Exit(2)
	}
	matches, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintf(os.Stderr, "-run: %v\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bootstrap, matches); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		stop()
		os.Exit(1)
	}
}

// run prepares the broker and the clients, and runs the cases.
func run(ctx context.Context, bootstrap string, only *regexp.Regexp) error {
	dir, err := os.MkdirTemp("", "odradek-conformance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &suite{dir: dir, only: only, out: os.Stdout, stamp: time.Now().UnixNano() % 1e9}
	if s.binary, err = buildBinary(ctx, dir); err != nil {
		return err
	}
	if bootstrap == "" {
		if s.broker, err = startBroker(ctx, s.binary, dir); err != nil {
			return err
		}
		defer s.broker.kill()
		bootstrap = s.broker.address
	}
	s.bootstrap = bootstrap
	if err := s.prepareClients(ctx); err != nil {
		return err
	}
	for _, c := range s.cases() {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		s.do(ctx, c)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	for _, reason := range s.missing {
		fmt.Fprintf(s.out, "skipped: %s\n", reason)
	}
	if s.failed > 0 {
		return fmt.Errorf("%d cases failed", s.failed)
	}
	if s.passed == 0 {
		return fmt.Errorf("no case ran: is %q the name of one?", only)
	}
	return nil
}

// excerpt shortens what a client printed, for a report.
func excerpt(text string) string {
	text = strings.TrimSpace(text)
	if lines := strings.Split(text, "\n"); len(lines) > 3 {
		text = strings.Join(lines[len(lines)-3:], " / ")
	}
	if len(text) > 300 {
		text = text[:300] + "..."
	}
	return text
}
