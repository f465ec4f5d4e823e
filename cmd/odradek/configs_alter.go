package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

type configsAlter struct {
	*connection
	unset    []string
	append   []string
	subtract []string
	dryRun   bool
}

func configsAlterCommand(k *connection) *cobra.Command {
	o := &configsAlter{connection: k}
	command := &cobra.Command{
		Use:   "alter (topic NAME | broker ID | brokers) [NAME=VALUE...] [flags]",
		Short: "Change settings of a topic, a broker or all brokers",
		Long: `Change settings of a topic, a broker or all brokers. Settings that are not named stay
as they are; all of one call change together or not at all.`,
		Example: example(
			"odradek configs alter topic orders retention.ms=3600000 segment.ms=600000",
			"odradek configs alter topic orders --unset retention.ms",
			"odradek configs alter topic orders --append cleanup.policy=compact",
			"odradek configs alter brokers log.retention.ms=86400000",
		),
		RunE: o.run,
	}
	flags := command.Flags()
	flags.StringArrayVar(&o.unset, "unset", nil, "`NAME` of a setting to go back to its default")
	flags.StringArrayVar(&o.append, "append", nil, "add to a list, `NAME=VALUE`")
	flags.StringArrayVar(&o.subtract, "subtract", nil, "take out of a list, `NAME=VALUE`")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only ask the broker whether it would")
	return command
}

func (o *configsAlter) changes(set []string) ([]kadm.AlterConfig, error) {
	changes, err := settings{set: set, unset: o.unset}.changes()
	if err != nil {
		return nil, err
	}
	for _, list := range []struct {
		op    kadm.IncrementalOp
		given []string
	}{{kadm.AppendConfig, o.append}, {kadm.SubtractConfig, o.subtract}} {
		given, err := pairs(list.given)
		if err != nil {
			return nil, err
		}
		for _, pair := range given {
			changes = append(changes, kadm.AlterConfig{Op: list.op, Name: pair[0], Value: &pair[1]})
		}
	}
	if len(changes) == 0 {
		return nil,
			usagef("say what to change: NAME=VALUE, --unset NAME, --append or --subtract NAME=VALUE")
	}
	return changes, nil
}

func (o *configsAlter) run(command *cobra.Command, args []string) error {
	of, set, err := parseResource(args)
	if err != nil {
		return err
	}
	changes, err := o.changes(set)
	if err != nil {
		return err
	}
	return o.admin(command, func(ctx context.Context, admin *kadm.Client) error {
		if of.kind == "broker" {
			if err := brokerExists(ctx, admin, of.brokers[0]); err != nil {
				return err
			}
		}
		answers, err := o.alter(ctx, admin, of, changes)
		if err != nil {
			return fail("change the settings of "+of.String(), err)
		}
		for _, answer := range answers {
			if answer.Err != nil {
				return refused("change the settings of "+of.String(), answer.Err, answer.ErrMessage)
			}
		}
		done := "changed"
		if o.dryRun {
			done = "would be changed"
		}
		fmt.Fprintf(o.console.err, "%s of %s %s\n", plural(int64(len(changes)), "setting"), of, done)
		return nil
	})
}

func (o *configsAlter) alter(
	ctx context.Context, admin *kadm.Client, of resource, changes []kadm.AlterConfig,
) (kadm.AlterConfigsResponses, error) {
	switch {
	case of.kind == "topic" && o.dryRun:
		return admin.ValidateAlterTopicConfigs(ctx, changes, of.topic)
	case of.kind == "topic":
		return admin.AlterTopicConfigs(ctx, changes, of.topic)
	case o.dryRun:
		return admin.ValidateAlterBrokerConfigs(ctx, changes, of.brokers...)
	}
	return admin.AlterBrokerConfigs(ctx, changes, of.brokers...)
}
