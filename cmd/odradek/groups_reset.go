package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

type groupsReset struct {
	*connection
	group     string
	selection selectionFlags
	flags     resetFlags
	rule      resetRule
	export    string
	execute   bool
	dryRun    bool
	asJSON    *bool
}

func groupsResetOffsetsCommand(k *connection) *cobra.Command {
	o := &groupsReset{connection: k}
	command := &cobra.Command{
		Use:   "reset-offsets GROUP [flags]",
		Short: "Make a group read again, or skip: change its committed offsets",
		Long: `Change the offsets that a group has committed: its members begin there when they come back.

Without --execute nothing is changed: it shows what would be, so that a slip costs nothing. The
group must have no members, since they would commit over it; stop them first. A group that does
not exist yet is made by it.

--to takes earliest, latest, current (what is committed, or the end), an offset, -N (the last N
records of each partition) or @TIME (@2026-01-31T18:00:00Z, @-2h, @milliseconds). An offset outside
of a partition becomes the nearest in it. Kafka's own --to-earliest, --to-latest, --to-current,
--to-offset and --to-datetime work too.

--export writes the new offsets as lines of topic,partition,offset, which --from-file and Kafka's
tool take: with --to current a backup of what is committed.

In a pipe: tab-separated topic, partition, committed, new offset, end, lag from there.`,
		Example: example(
			"odradek groups reset-offsets payments --topic orders --to earliest             # a dry run",
			"odradek groups reset-offsets payments --topic orders --to earliest --execute",
			"odradek groups reset-offsets payments --topic orders:0,2-4 --shift-by -100",
			"odradek groups reset-offsets payments --all-topics --by-duration 2h",
			"odradek groups reset-offsets payments --all-topics --to current --export backup.csv",
			"odradek groups reset-offsets payments --from-file backup.csv --execute",
		),
		Args: wants(1, 1, "the group"),
		RunE: func(command *cobra.Command, args []string) error {
			o.group = args[0]
			return o.run(command)
		},
	}
	o.register(command)
	return command
}

func (o *groupsReset) register(command *cobra.Command) {
	o.selection.register(command, "all topics that the group committed offsets of")
	flags := command.Flags()
	flags.StringVar(&o.flags.to, "to", "",
		"`WHERE` to: earliest, latest, current, an offset, -N, @TIME")
	flags.Int64Var(&o.flags.shiftBy, "shift-by", 0,
		"`N` records on from what is committed, or back if it is negative")
	flags.StringVar(&o.flags.byDuration, "by-duration", "",
		"the first record not older than this `TIME`: 15m, 1h30m, 7d, PT1H")
	flags.StringVar(&o.flags.fromFile, "from-file", "",
		"the offsets in this `FILE`, - being standard input")
	flags.StringVar(&o.export, "export", "",
		"write the new offsets to this `FILE`, - being standard output")
	flags.BoolVar(&o.execute, "execute", false, "do it: commit the new offsets")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only show it, which is the default")
	for _, name := range []string{"earliest", "latest", "current"} {
		flags.Bool("to-"+name, false, "as --to "+name)
	}
	flags.Int64Var(&o.flags.toOffset, "to-offset", 0, "as --to `OFFSET`")
	flags.StringVar(&o.flags.toDatetime, "to-datetime", "", "as --to @`TIME`")
	for _, name := range ruleFlags {
		flags.Lookup(name).Hidden = strings.HasPrefix(name, "to-")
	}
	o.asJSON = jsonFlag(command)
}

func (o *groupsReset) run(command *cobra.Command) error {
	rule, err := o.flags.rule(command.Flags().Changed, o.console.now())
	if err != nil {
		return err
	}
	o.rule = rule
	if o.execute && o.dryRun {
		return usagef("--execute and --dry-run exclude each other")
	}
	var selections []topicPartitions
	var plan []plannedOffset
	if rule.kind == resetFromFile {
		if o.selection.all || len(o.selection.topics) > 0 {
			return usagef("--from-file says which partitions: leave out --topic and --all-topics")
		}
		if plan, err = readPlan(o.console, o.flags.fromFile, o.group); err != nil {
			return err
		}
	} else if selections, err = o.selection.parse(); err != nil {
		return err
	}
	return o.both(command, func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error {
		committed, err := o.inactive(ctx, client, admin)
		if err != nil {
			return err
		}
		resets, err := o.resets(ctx, admin, committed, selections, plan)
		if err != nil {
			return err
		}
		if err := o.show(resets); err != nil {
			return err
		}
		if !o.execute {
			fmt.Fprintln(o.console.err, "nothing was changed: --execute does it")
			return nil
		}
		return o.commit(ctx, client, admin, resets)
	})
}

// inactive fails if the group has members, and returns what it has committed. A group
// that does not exist has none of both.
func (o *groupsReset) inactive(
	ctx context.Context, client *kgo.Client, admin *kadm.Client,
) (*describedGroup, error) {
	g, err := mustDescribe(ctx, client, admin, o.group)
	if errors.Is(err, errUnknownGroup) {
		var missing *fault
		errors.As(err, &missing)
		fmt.Fprintf(o.console.err, "%s yet: a reset makes it\nhint: %s\n", missing.sentence, missing.hint)
		return &describedGroup{name: o.group}, nil
	}
	if err != nil {
		return nil, err
	}
	if g.active() {
		return nil, o.busy(g.state, len(g.members))
	}
	return g, nil
}

// busy is the error for a group whose members would undo the reset.
func (o *groupsReset) busy(state string, members int) error {
	return &fault{
		sentence: fmt.Sprintf("group %s is %s with %s, whose next commit would undo a reset",
			o.group, state, plural(int64(members), "member")),
		hint: fmt.Sprintf("stop the members first; `odradek groups describe %s --members` shows them. "+
			"One that was killed leaves when its session times out", o.group),
		cause: kerr.NonEmptyGroup,
	}
}

// show prints what the reset does, or writes it to a file.
func (o *groupsReset) show(resets []offsetReset) error {
	var plan []plannedOffset
	rows := &table{columns: []string{"topic", "partition", "committed", "new", "end", "lag"},
		empty: "no partitions: the group has committed nothing"}
	for _, r := range resets {
		if r.note != "" {
			fmt.Fprintf(o.console.err, "%s partition %d: %s\n", r.topic, r.partition, r.note)
		}
		plan = append(plan, plannedOffset{r.topic, r.partition, r.offset})
		rows.add(r.topic, r.partition, maybe(r.committed), r.offset, r.end, r.end-r.offset)
	}
	if o.export != "-" {
		if err := o.console.print(rows, *o.asJSON); err != nil {
			return err
		}
	}
	if o.export == "" {
		return nil
	}
	return exportPlan(o.console, o.export, plan)
}

// commit makes the new offsets the group's.
func (o *groupsReset) commit(
	ctx context.Context, client *kgo.Client, admin *kadm.Client, resets []offsetReset,
) error {
	if len(resets) == 0 {
		return nil
	}
	offsets := kadm.Offsets{}
	for _, r := range resets {
		offsets.AddOffset(r.topic, r.partition, r.offset, -1)
	}
	answers, err := admin.CommitOffsets(ctx, o.group, offsets)
	if err != nil {
		return fail("commit offsets of group "+o.group, err)
	}
	var failed error
	done := int64(0)
	for _, answer := range answers.Sorted() {
		switch {
		case answer.Err == nil:
			done++
		case errors.Is(answer.Err, kerr.UnknownMemberID): // a member has joined meanwhile
			return o.busy("in use", 1)
		default:
			failed = errors.Join(failed, fail(fmt.Sprintf("commit %s partition %d", answer.Topic,
				answer.Partition), answer.Err))
		}
	}
	fmt.Fprintf(o.console.err, "%s of group %s reset\n", plural(done, "offset"), o.group)
	return failed
}
