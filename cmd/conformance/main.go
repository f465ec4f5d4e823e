package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// wishes are what the command line asks for.
type wishes struct {
	bootstrap  string
	serve      []string
	only       *regexp.Regexp
	classPath  string
	keep       string
	long       string
	bytes      byteCount
	json       bool
	kills      int
	partitions int
}

// readWishes reads the command line.
func readWishes(arguments []string, errs io.Writer) (wishes, error) {
	w := wishes{bytes: 1 << 30}
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&w.bootstrap, "bootstrap", "", "`HOST:PORT` of a broker that runs; "+
		"without it, one of this tree is started")
	serve := flags.String("serve", "", "start another broker than that of this tree with this "+
		"`COMMAND`,\nwhich has {address} or {port}, and {dir} for its data, in it")
	only := flags.String("run", "", "run the cases whose names match this `REGEXP`")
	flags.StringVar(&w.classPath, "kafka-classpath", "", "`CLASSPATH` of Kafka's own Java tools, "+
		"as libs/* of its download\n(default $"+
		classPathVariable+"; without it, their cases are skipped)")
	flags.StringVar(&w.keep, "keep", "",
		"keep what the members of groups said, in files of this `DIR`")
	flags.StringVar(&w.long, "long", "", "run this long `CHECK` instead of the cases:\n"+
		realInputName+", a file of real lines from each client to all others, with every codec;\n"+
		groupsManyName+", how long a group of 1,000 members and 10,000 groups take;\n"+
		groupsKillName+", many kills under groups of consumers")
	flags.IntVar(&w.kills, "kills", 200, "of -long "+groupsKillName+": how `MANY`")
	flags.Var(&w.bytes, "bytes", "of -long "+realInputName+": the file's `SIZE`, as 64MiB")
	flags.BoolVar(&w.json, "json", false, "of -long "+realInputName+
		": results as lines of JSON; progress goes to standard error")
	flags.IntVar(&w.partitions, "partitions", 10_000, "of -long "+groupsManyName+
		": how `MANY` a large group divides")
	if err := flags.Parse(arguments); err != nil {
		return w, err // it was printed
	}
	w.serve = strings.Fields(*serve)
	var err error
	switch {
	case len(w.serve) > 0 && w.bootstrap != "":
		err = errors.New("-serve and -bootstrap: give one of them")
	case flags.NArg() > 0:
		err = fmt.Errorf("conformance takes no arguments: drop %q", flags.Arg(0))
	case !slices.Contains([]string{"", realInputName, groupsManyName, groupsKillName}, w.long):
		err = fmt.Errorf("-long: there is no %q; there are %s, %s and %s", w.long, realInputName,
			groupsManyName, groupsKillName)
	case w.partitions < 2 || w.kills < 1:
		err = errors.New("-partitions and -kills: at least 2 and 1")
	case w.long != realInputName && w.json:
		err = fmt.Errorf("-json goes with -long %s only", realInputName)
	}
	if err == nil {
		if w.only, err = regexp.Compile(*only); err != nil {
			err = fmt.Errorf("-run: %w", err)
		}
	}
	if err != nil {
		fmt.Fprintln(errs, err)
	}
	return w, err
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == franzMemberName {
		if err := runFranzMember(os.Args[2:]); err != nil {
			fmt.Println("ended:", err)
			os.Exit(1)
		}
		return
	}
	w, err := readWishes(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, w); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		stop()
		os.Exit(1)
	}
}

// run prepares the broker and the clients, and runs what is wished for.
func run(ctx context.Context, w wishes) error {
	dir, err := os.MkdirTemp("", "odradek-conformance-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &suite{dir: dir, only: w.only, keep: w.keep, out: os.Stdout,
		caseTime: caseTime, stamp: time.Now().UnixNano() % 1e9}
	if s.binary, err = buildBinary(ctx, dir); err != nil {
		return err
	}
	if s.bootstrap = w.bootstrap; s.bootstrap == "" {
		if len(w.serve) > 0 {
			s.caseTime *= patienceTimes
			s.broker, err = startOther(ctx, w.serve, dir)
		} else {
			s.broker, err = startBroker(ctx, s.binary, dir)
		}
		if err != nil {
			return err
		}
		defer s.broker.kill()
		s.bootstrap = s.broker.address
	}
	if err := s.prepareClients(ctx); err != nil {
		return err
	}
	if s.java, err = s.prepareJava(ctx, w.classPath); err != nil {
		s.missing = append(s.missing, err.Error())
	}
	if s.consumerProtocol, err = s.serves(ctx, kmsg.ConsumerGroupHeartbeat); err != nil {
		return err
	}
	switch w.long {
	case realInputName:
		return s.realInput(ctx, w)
	case groupsManyName, groupsKillName:
		return s.longGroups(ctx, w)
	}
	return s.runCases(ctx, s.cases())
}

// runCases runs the cases that are wished for and sums up.
func (s *suite) runCases(ctx context.Context, cases []testCase) error {
	for _, c := range cases {
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
		return fmt.Errorf("no case ran: is %q the name of one?", s.only)
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
