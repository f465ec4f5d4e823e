package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"odradek/jepsen/check"
	"odradek/jepsen/live"
)

// killRoundsShown is how often a pipe gets a line of progress, in rounds.
const killRoundsShown = 20

func jepsenCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "jepsen COMMAND",
		Short: "Do harm to real broker processes, and check what clients saw",
		Long: `Do harm to real broker processes, and check what clients saw. The simulator finds more
faster; this shows that the same broker keeps its word on this machine.`,
		Example: example("odradek jepsen kill --rounds 200"),
	}
	return group(command, jepsenKillCommand(c))
}

// killOptions are the flags of jepsen kill.
type killOptions struct {
	live.Kill
	console *console
	keep    bool
	bulkMiB int64
	asJSON  *bool
}

func jepsenKillCommand(c *console) *cobra.Command {
	o := &killOptions{console: c}
	command := &cobra.Command{
		Use:   "kill [flags]",
		Short: "Kill a broker with kill -9 under load, again and again",
		Long: `Kill a broker with kill -9 under load, again and again. Producers, idempotent ones and
others, and a consumer work all the time; some starts are killed while they recover. At the end
everything is read, and every acknowledged record must be there, once, unchanged, in order.

With --bulk-partitions the broker has a second topic to carry, whose every partition is written
to when it is killed, and of whose records only the number is checked: it shows how long a
restart takes with many partitions and much data.

With --groups there are consumer groups as well, whose members come, go and are cut off, over the
classic and the consumer protocol. A committed offset must never go back, and in the end every
record must have been read by every group.

A run that fails keeps its directory: the broker's data, and broker.log with what it said.`,
		Example: example(
			"odradek jepsen kill --rounds 200",
			"odradek jepsen kill --rounds 20 --producers 8 --set shards=4 --set log.segment.bytes=1048576",
			"odradek jepsen kill --rounds 200 --groups 3",
			"odradek jepsen kill --rounds 20 --bulk-partitions 1000 --bulk-mib 10240 --load 2s",
		),
		Args: wants(0, 0, "nothing"),
		RunE: func(command *cobra.Command, _ []string) error { return o.run(command.Context()) },
	}
	flags := command.Flags()
	var settings []string
	flags.IntVar(&o.Rounds, "rounds", 50, "kill the broker `N` times")
	flags.IntVar(&o.Producers, "producers", 6,
		"write with `N` clients; every fourth is not idempotent")
	flags.Int32Var(&o.Partitions, "partitions", 4, "write to `N` partitions")
	flags.DurationVar(&o.Load, "load", live.LoadMax,
		"kill the broker after at most this `TIME` under load")
	flags.Int32Var(&o.Bulk.Partitions, "bulk-partitions", 0,
		"have `N` more partitions, which are all written to")
	flags.Int64Var(&o.bulkMiB, "bulk-mib", 0, "fill those with `N` MiB before the first kill")
	flags.IntVar(&o.Groups.Count, "groups", 0, "have `N` consumer groups, of each protocol in turn")
	flags.IntVar(&o.Groups.Members, "members", 3, "have `N` members in each group")
	flags.Uint64Var(&o.Seed, "seed", uint64(c.now().UnixNano()),
		"draw the recoveries to kill from `SEED`; a run is not repeatable")
	flags.Lookup("seed").DefValue = "0" // the present time; no default is shown
	flags.StringVar(&o.Dir, "dir", "",
		"keep the broker's data in this empty `DIR` (default: a new one)")
	flags.StringArrayVar(&settings, "set", nil,
		"a setting of the broker, `NAME=VALUE`; may be repeated")
	flags.BoolVar(&o.keep, "keep", false, "keep the directory of a run that passed")
	o.asJSON = jsonFlag(command)
	command.PreRunE = func(*cobra.Command, []string) error {
		pairs, err := pairs(settings)
		if err != nil {
			return usagef("--set: write NAME=VALUE, as in num.partitions=4")
		}
		for _, pair := range pairs {
			o.Settings = append(o.Settings, "--"+pair[0], pair[1])
		}
		if err := o.bounds(); err != nil {
			return err
		}
		o.Bulk.Bytes = o.bulkMiB << 20
		return nil
	}
	return command
}

// bounds sees whether the flags are within theirs.
func (o *killOptions) bounds() error {
	if o.Rounds < 1 || o.Producers < 1 || o.Partitions < 1 {
		return usagef("--rounds, --producers and --partitions are at least 1")
	}
	if o.Load <= 0 || o.Bulk.Partitions < 0 || o.bulkMiB < 0 {
		return usagef("--load, --bulk-partitions and --bulk-mib are not negative")
	}
	if o.Groups.Count < 0 || o.Groups.Members < 1 {
		return usagef("--groups is not negative, and --members at least 1")
	}
	return nil
}

func (o *killOptions) run(ctx context.Context) error {
	var err error
	if o.Binary, err = os.Executable(); err != nil {
		return err
	}
	if err := o.directory(); err != nil {
		return err
	}
	bar := newProgress(o.console)
	o.Progress = func(r live.Round) {
		line := fmt.Sprintf("%d of %d rounds, %s acknowledged, last restart %v (%s)",
			r.Number, o.Rounds, plural(int64(r.Acknowledged), "record"), short(r.Restart),
			r.Recovery)
		bar.show(func() string { return line })
		if bar.out == nil && r.Number%killRoundsShown == 0 {
			fmt.Fprintln(o.console.err, line)
		}
	}
	result, err := o.Kill.Run(ctx)
	bar.clear()
	if ctx.Err() != nil {
		err = errInterrupted
	}
	if err == nil && *o.asJSON {
		err = o.reportRows(result)
	} else if err == nil {
		o.report(result)
	}
	if err == nil {
		if result.Verdict.Result == check.Pass && !o.keep {
			return os.RemoveAll(o.Dir)
		}
	}
	fmt.Fprintf(o.console.err, "the broker's data and log are in %s\n", o.Dir)
	if err == nil && result.Verdict.Result != check.Pass {
		err = errors.New("the run did not pass")
	}
	return err
}

// directory makes sure that there is an empty one.
func (o *killOptions) directory() error {
	var err error
	if o.Dir == "" {
		o.Dir, err = os.MkdirTemp("", "odradek-jepsen-")
		return err
	}
	entries, err := os.ReadDir(o.Dir)
	if err == nil && len(entries) > 0 {
		return usagef("--dir: %s is not empty", o.Dir)
	}
	return os.MkdirAll(o.Dir, 0o755)
}

// restartParts are what a restart is told in.
var restartParts = []struct {
	name string
	of   func(live.Round) time.Duration
}{
	{"restart", func(r live.Round) time.Duration { return r.Restart }},
	{"  journal replay", func(r live.Round) time.Duration { return r.Recovery.Replay }},
	{"  logs made whole", func(r live.Round) time.Duration { return r.Recovery.Logs }},
	{"  opening", func(r live.Round) time.Duration { return r.Recovery.Opening }},
}

// report prints the figures and the verdict.
func (o *killOptions) report(k *live.Killed) {
	recoveries := 0
	for _, r := range k.Rounds {
		recoveries += r.InRecovery
	}
	out := o.console.out
	fmt.Fprintf(out, "%d kills under load, %d more in recovery, in %v\n",
		len(k.Rounds), recoveries, k.Took.Round(time.Second))
	for _, part := range restartParts {
		all := k.Times(part.of)
		fmt.Fprintf(out, "%s: median %v, 99%% within %v, longest %v\n", part.name,
			short(all[len(all)/2]), short(all[len(all)*99/100]), short(all[len(all)-1]))
	}
	fmt.Fprintf(out, "%s acknowledged, %d of unknown fate, %d read at the end\n",
		plural(int64(k.Acknowledged), "record"), k.Unknown, k.Read)
	if o.Groups.Count > 0 {
		fmt.Fprintf(out, "%s of %s acknowledged\n", plural(int64(k.Commits), "commit"),
			plural(int64(o.Groups.Count), "group"))
	}
	fmt.Fprintf(out, "verdict: %s\n", strings.TrimSpace(k.Verdict.String()))
}

// reportRows prints the same for programs: a row for each part of a restart.
func (o *killOptions) reportRows(k *live.Killed) error {
	rows := &table{columns: []string{"part", "median us", "p99 us", "longest us", "rounds",
		"acknowledged", "unknown", "read", "verdict"}}
	for _, part := range restartParts {
		all := k.Times(part.of)
		rows.add(strings.TrimSpace(part.name), all[len(all)/2].Microseconds(),
			all[len(all)*99/100].Microseconds(), all[len(all)-1].Microseconds(), int64(len(all)),
			int64(k.Acknowledged), int64(k.Unknown), int64(k.Read), k.Verdict.Result.String())
	}
	return o.console.print(rows, true)
}

func short(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
