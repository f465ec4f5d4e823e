package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

func topicsDeleteCommand(k *connection) *cobra.Command {
	var ifExists bool
	command := &cobra.Command{
		Use:   "delete TOPIC... [flags]",
		Short: "Delete topics and their records",
		Example: example(
			"odradek topics delete orders",
			"odradek topics delete orders invoices --if-exists",
		),
		Args: wants(1, -1, "the topics to delete"),
	}
	command.Flags().BoolVar(&ifExists, "if-exists", false,
		"don't fail for a topic that does not exist")
	command.RunE = func(command *cobra.Command, names []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			gone, err := admin.DeleteTopics(ctx, names...)
			if err != nil {
				return fail("delete topics", err)
			}
			var failed error
			for _, name := range names {
				answer := gone[name]
				switch {
				case answer.Err == nil:
					fmt.Fprintf(k.console.err, "deleted %s\n", name)
				case !errors.Is(answer.Err, kerr.UnknownTopicOrPartition):
					failed = errors.Join(failed,
						refused("delete topic "+name, answer.Err, answer.ErrMessage))
				case !ifExists:
					failed = errors.Join(failed, unknownTopic(ctx, admin, name))
				}
			}
			return failed
		})
	}
	return command
}
