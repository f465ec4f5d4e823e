package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"

	"odradek/sim"
	"odradek/sim/campaign"
	faults "odradek/sim/fault"

	"github.com/spf13/cobra"
)

func simCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "sim",
		Short: "Run the broker in a simulated world where everything fails",
		Long: `Run this very broker in a simulated world: clients write and read, machines crash and lose
power, disks and networks fail, all as a seed says. Then everything the clients were told is held
against what a log promises. The same seed gives the same run, event for event.`,
		Example: example(
			"odradek sim run --seed 42        # one run, its story and its verdict",
			"odradek sim run --seeds 1-1000   # a campaign",
		),
	}
	return group(command, simRunCommand(c))
}

func simRunCommand(c *console) *cobra.Command {
	r := &simRun{console: c}
	command := &cobra.Command{
		Use:   "run (--seed N | --seeds FROM-TO) [flags]",
		Short: "Run one seed, or a campaign of many",
		Long: `Run one seed and tell its story, or a campaign of many and list what failed.

A run fails if a promise was broken, the broker panicked or leaked, or did not answer when all
faults were over. It is undecided if what the clients saw does not say enough. The exit status is
1 if a run failed or was undecided. An interrupt ends a campaign with the summary so far.

With --json each run is a line: seed, verdict (pass, fail, undecided), hash, events, simulated_ms,
wall_ms, operations and the faults that fired by kind.`,
		Example: example(
			"odradek sim run --seed 42                     # what happened, and the verdict",
			"odradek sim run --seeds 1-1000                # a campaign on all cores",
			"odradek sim run --seed 42 --shrink            # the few faults that make it fail",
			"odradek sim run --seed 42 --trace 5000-5100   # the events of the run one by one",
			"odradek sim run --seeds 1-500 --json | jq -r .hash | sha256sum",
		),
		Args: wants(0, 0, "no arguments"),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := r.check(command); err != nil {
				return err
			}
			if command.Flags().Changed("seed") {
				return r.profiled(r.one)
			}
			return r.profiled(func() error { return r.many(command.Context()) })
		},
	}
	flags := command.Flags()
	flags.Uint64Var(&r.seed, "seed", 0, "the seed to run")
	flags.StringVar(&r.seeds, "seeds", "", "the first and the last seed of a campaign, as 1-1000")
	flags.BoolVar(&r.explain, "explain", false, "tell the story of a run that passed, too")
	flags.StringVar(&r.trace, "trace", "", "print these events of the run one by one, as 5000-5100")
	flags.BoolVar(&r.shrink, "shrink", false, "look for the fewest faults and operations that fail")
	flags.StringVar(&r.decisions, "decisions", "",
		"replay a list of decisions from a file, as --shrink prints them")
	flags.StringVar(&r.without, "without", "",
		"leave out these kinds of faults, as disk.full,node.kill")
	flags.Uint32Var(&r.intensity, "intensity", 1, "multiply the chances of faults")
	flags.IntVar(&r.jobs, "jobs", 0, "how many runs at a time (default: one for each core)")
	flags.StringVar(&r.profile, "cpuprofile", "",
		"write a profile of the runs to a file, for go tool pprof")
	r.asJSON = jsonFlag(command)
	return command
}

// profiled runs something, and writes its profile if one is wanted.
func (r *simRun) profiled(run func() error) error {
	if r.profile == "" {
		return run()
	}
	file, err := os.Create(r.profile)
	if err != nil {
		return fileFault(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	err = run()
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// simRun is one call of sim run.
type simRun struct {
	console   *console
	seed      uint64
	seeds     string
	explain   bool
	trace     string
	shrink    bool
	decisions string
	without   string
	intensity uint32
	jobs      int
	profile   string
	asJSON    *bool

	config sim.Config
	// first and last bound a campaign.
	first, last uint64
}

// check reads the flags.
func (r *simRun) check(command *cobra.Command) (err error) {
	one := command.Flags().Changed("seed")
	if one == (r.seeds != "") {
		return usagef("say which: --seed 42 for one run, or --seeds 1-1000 for a campaign")
	}
	r.config = sim.Config{Seed: r.seed, Faults: campaign.Everything(), Swarm: true,
		Intensity: r.intensity}
	for _, name := range strings.FieldsFunc(r.without, func(c rune) bool { return c == ',' }) {
		kind, known := faults.ParseKind(name)
		if !known || kind == faults.Operation {
			return usagef("--without: there is no fault %q; there are %s", name, faultNames())
		}
		r.config.Faults = r.config.Faults.Without(kind)
	}
	if r.trace != "" {
		if r.config.WatchFrom, r.config.WatchTo, err = parseRange("trace", r.trace); err != nil {
			return err
		}
	}
	if !one {
		if r.trace != "" || r.explain || r.shrink || r.decisions != "" {
			return usagef("--trace, --explain, --shrink and --decisions are about one run: " +
				"use --seed")
		}
		r.first, r.last, err = parseRange("seeds", r.seeds)
		return err
	}
	if r.decisions != "" {
		file, err := os.Open(r.decisions)
		if err != nil {
			return fileFault(err)
		}
		defer file.Close()
		if r.config.Replay, err = faults.ReadList(file); err != nil {
			return fail(r.decisions, err)
		}
	}
	return nil
}

func faultNames() string {
	var names []string
	for _, kind := range faults.All() {
		names = append(names, kind.String())
	}
	return strings.Join(names, ", ")
}

// parseRange reads FROM-TO, or one number for both.
func parseRange(flag, text string) (first, last uint64, err error) {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	first, errLow := strconv.ParseUint(low, 10, 64)
	last, errHigh := strconv.ParseUint(high, 10, 64)
	if errLow != nil || errHigh != nil || first > last {
		return 0, 0, usagef("--%s: %q is not a range: write 1-1000", flag, text)
	}
	return first, last, nil
}

// one runs one seed and tells about it.
func (r *simRun) one() error {
	row := r.do(r.config)
	if *r.asJSON {
		r.printJSON(row)
	} else {
		r.tell(row)
	}
	if row.bad() && r.shrink {
		r.printShrunk(row)
	}
	return verdictOf(row)
}

// tell prints a run for a person.
func (r *simRun) tell(row *simRow) {
	out := r.console.out
	report := row.result.Report
	for _, line := range report.Watched {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "seed %d: %s. %d operations of clients and %d events in %v simulated; hash %s\n",
		report.Seed, row.result.Verdict, row.result.Operations, report.Events, report.Simulated,
		report.Hash)
	fmt.Fprintf(out, "\n%s\n", row.result.Shape)
	fmt.Fprintln(out, "\nFaults that fired:")
	for _, f := range report.Faults {
		if f.Fired > 0 {
			fmt.Fprintf(out, "  %-26s %6d  %s\n", f.Kind, f.Fired, f.Kind.Describe().Doc)
		}
	}
	if row.bad() || r.explain {
		fmt.Fprintln(out, "\nWhat happened:")
		for _, line := range report.Story {
			fmt.Fprintln(out, "  "+line)
		}
	}
	for _, sentence := range row.result.Open {
		fmt.Fprintln(out, "undecided: "+sentence)
	}
	if report.Failure != nil {
		fmt.Fprintf(out, "\n%s\n%s\n", report.Failure, report.Failure.Detail)
	}
}

// shrinkTriesMax bounds the runs that look for a smaller one.
const shrinkTriesMax = 600

func (r *simRun) printShrunk(row *simRow) {
	failed := row.result.Report
	c := r.config
	shrunk := sim.Shrink(campaign.Runner, c, failed, shrinkTriesMax, func() bool { return true })
	fmt.Fprintf(r.console.out, "\nIt still fails with %d of %d decisions, found in %d runs. "+
		"Save them in a file and replay them with\n  odradek sim run --seed %d --decisions FILE\n",
		len(shrunk.Decisions), len(failed.Decisions), shrunk.Tries, c.Seed)
	for _, decision := range shrunk.Decisions {
		fmt.Fprintln(r.console.out, decision)
	}
	fmt.Fprintln(r.console.out, "\nThe smaller story:")
	for _, line := range shrunk.Report.Story {
		fmt.Fprintln(r.console.out, "  "+line)
	}
}
