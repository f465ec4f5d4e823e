package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

type topicsCreate struct {
	*connection
	partitions  int32
	replicas    int16
	settings    settings
	ifNotExists bool
	dryRun      bool
}

func topicsCreateCommand(k *connection) *cobra.Command {
	o := &topicsCreate{connection: k}
	command := &cobra.Command{
		Use:   "create TOPIC... [flags]",
		Short: "Make topics",
		Example: example(
			"odradek topics create orders",
			"odradek topics create orders invoices --partitions 6 --replicas 3",
			"odradek topics create users --config cleanup.policy=compact --config segment.ms=3600000",
		),
		Args: wants(1, -1, "the topics to make"),
		RunE: o.run,
	}
	flags := command.Flags()
	flags.Int32VarP(&o.partitions, "partitions", "p", -1, "`N` partitions; -1 is the broker's default")
	flags.Int16VarP(&o.replicas, "replicas", "r", -1, "`N` replicas; -1 is the broker's default")
	flags.StringArrayVarP(&o.settings.set, "config", "c", nil,
		"a setting, `NAME=VALUE`; may be repeated")
	flags.BoolVar(&o.ifNotExists, "if-not-exists", false, "leave a topic that exists as it is")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only ask the broker whether it would")
	return command
}

func (o *topicsCreate) run(command *cobra.Command, names []string) error {
	if o.partitions == 0 || o.partitions < -1 {
		return usagef("--partitions is at least 1, or -1 for the broker's default")
	}
	if o.replicas == 0 || o.replicas < -1 {
		return usagef("--replicas is at least 1, or -1 for the broker's default")
	}
	configs, err := o.settings.values()
	if err != nil {
		return err
	}
	return o.admin(command, func(ctx context.Context, admin *kadm.Client) error {
		create := admin.CreateTopics
		if o.dryRun {
			create = admin.ValidateCreateTopics
		}
		made, err := create(ctx, o.partitions, o.replicas, configs, names...)
		if err != nil {
			return fail("create topics", err)
		}
		var failed error
		for _, name := range names {
			failed = errors.Join(failed, o.report(made[name]))
		}
		return failed
	})
}

// report tells about one topic; only a failure is an error.
func (o *topicsCreate) report(made kadm.CreateTopicResponse) error {
	switch {
	case o.ifNotExists && errors.Is(made.Err, kerr.TopicAlreadyExists):
		fmt.Fprintf(o.console.err, "%s exists already\n", made.Topic)
		return nil
	case made.Err != nil:
		return refused("create topic "+made.Topic, made.Err, made.ErrMessage)
	case o.dryRun:
		fmt.Fprintf(o.console.err, "%s would be created\n", made.Topic)
		return nil
	}
	// Brokers before 2.4 don't say what they made.
	if made.NumPartitions > 0 {
		fmt.Fprintf(o.console.err, "created %s with %s and %s\n", made.Topic,
			plural(int64(made.NumPartitions), "partition"), plural(int64(made.ReplicationFactor), "replica"))
		return nil
	}
	fmt.Fprintf(o.console.err, "created %s\n", made.Topic)
	return nil
}
