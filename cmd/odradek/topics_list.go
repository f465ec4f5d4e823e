package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"

	"odradek/core/kafka"
)

func topicsListCommand(k *connection) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use:   "list [PART-OF-A-NAME] [flags]",
		Short: "List topics, with their partitions and replicas",
		Long: `List topics, with their partitions and replicas.

In a pipe: tab-separated name, partitions, replicas, id.`,
		Example: example(
			"odradek topics list",
			"odradek topics list order      # those with order in their name",
			"odradek topics list | cut -f1  # names only",
		),
		Args: wants(0, 1, "part of a name"),
	}
	asJSON := jsonFlag(command)
	command.Flags().BoolVarP(&all, "all", "a", false, "also internal topics, as __consumer_offsets")
	command.RunE = func(command *cobra.Command, args []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			_, details, err := topicDetails(ctx, admin)
			if err != nil {
				return err
			}
			part := strings.Join(args, "")
			rows := &table{
				columns: []string{"topic", "partitions", "replicas", "id"},
				empty:   "no topics; `odradek topics create NAME` makes one",
			}
			for _, d := range details {
				if strings.Contains(d.Topic, part) && (all || !d.IsInternal) {
					rows.add(d.Topic, len(d.Partitions), d.Partitions.NumReplicas(), kafka.TopicID(d.ID).String())
				}
			}
			return k.console.print(rows, *asJSON)
		})
	}
	return command
}
