package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

type topicsAlter struct {
	*connection
	partitions int
	settings   settings
	dryRun     bool
}

func topicsAlterCommand(k *connection) *cobra.Command {
	o := &topicsAlter{connection: k}
	command := &cobra.Command{
		Use:   "alter TOPIC... [flags]",
		Short: "Add partitions, change settings",
		Example: example(
			"odradek topics alter orders --partitions 6",
			"odradek topics alter orders --config retention.ms=3600000 --config segment.bytes=104857600",
			"odradek topics alter orders --unset retention.ms    # back to the broker's default",
		),
		Args: wants(1, -1, "the topics to alter"),
		RunE: o.run,
	}
	flags := command.Flags()
	flags.IntVarP(&o.partitions, "partitions", "p", 0, "have `N` partitions; it can only grow")
	flags.StringArrayVarP(&o.settings.set, "config", "c", nil,
		"a setting, `NAME=VALUE`; may be repeated")
	flags.StringArrayVar(&o.settings.unset, "unset", nil,
		"`NAME` of a setting to go back to its default")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only ask the broker whether it would")
	return command
}

func (o *topicsAlter) run(command *cobra.Command, names []string) error {
	changes, err := o.settings.changes()
	if err != nil {
		return err
	}
	grow := command.Flags().Changed("partitions")
	if !grow && len(changes) == 0 {
		return usagef("say what to alter: --partitions N, --config NAME=VALUE or --unset NAME")
	}
	if grow && o.partitions < 1 {
		return usagef("--partitions is at least 1")
	}
	return o.admin(command, func(ctx context.Context, admin *kadm.Client) error {
		if _, _, err := topicDetails(ctx, admin, names...); err != nil {
			return err
		}
		if grow {
			if err := o.grow(ctx, admin, names); err != nil {
				return err
			}
		}
		if len(changes) == 0 {
			return nil
		}
		return o.configure(ctx, admin, changes, names)
	})
}

func (o *topicsAlter) grow(ctx context.Context, admin *kadm.Client, names []string) error {
	update, done := admin.UpdatePartitions, "has"
	if o.dryRun {
		update, done = admin.ValidateUpdatePartitions, "would have"
	}
	answers, err := update(ctx, o.partitions, names...)
	if err != nil {
		return fail("add partitions", err)
	}
	for _, name := range names {
		answer := answers[name]
		if answer.Err != nil {
			return refused("add partitions to "+name, answer.Err, answer.ErrMessage)
		}
		fmt.Fprintf(o.console.err, "%s %s %s\n", name, done,
			plural(int64(o.partitions), "partition"))
	}
	return nil
}

func (o *topicsAlter) configure(
	ctx context.Context, admin *kadm.Client, changes []kadm.AlterConfig, names []string,
) error {
	alter, done := admin.AlterTopicConfigs, "changed"
	if o.dryRun {
		alter, done = admin.ValidateAlterTopicConfigs, "would be changed"
	}
	answers, err := alter(ctx, changes, names...)
	if err != nil {
		return fail("change settings", err)
	}
	for _, answer := range answers {
		if answer.Err != nil {
			return refused("change the settings of "+answer.Name, answer.Err, answer.ErrMessage)
		}
	}
	for _, name := range names {
		fmt.Fprintf(o.console.err, "%s of %s %s\n",
			plural(int64(len(changes)), "setting"), name, done)
	}
	return nil
}
