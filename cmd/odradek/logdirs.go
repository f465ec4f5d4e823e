package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

func logDirsCommand(c *console) *cobra.Command {
	var partitions bool
	command := &cobra.Command{
		Use:   "log-dirs [TOPIC...] [flags]",
		Short: "Show the brokers' log directories and what is in them",
		Long: `Show the brokers' log directories: how much they hold, how much room is left. With
--partitions or topics, show the size of each partition.

In a pipe: tab-separated broker, directory, partitions, bytes, free bytes, total bytes, error; with
--partitions broker, directory, topic, partition, bytes, lag.`,
		Example: example(
			"odradek log-dirs",
			"odradek log-dirs orders               # each partition of a topic",
			"odradek log-dirs --partitions --json",
		),
	}
	asJSON := jsonFlag(command)
	command.Flags().BoolVarP(&partitions, "partitions", "p", false, "a line for each partition")
	k := connect(c, command)
	command.RunE = func(command *cobra.Command, topics []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			var set kadm.TopicsSet // nil asks for everything
			if len(topics) > 0 {
				_, details, err := topicDetails(ctx, admin, topics...)
				if err != nil {
					return err
				}
				set = kadm.TopicsSet{}
				for _, d := range details {
					set.Add(d.Topic, d.Partitions.Numbers()...)
				}
			}
			dirs, err := admin.DescribeAllLogDirs(ctx, set)
			if err != nil {
				return fail("ask for log directories", err)
			}
			if partitions || len(topics) > 0 {
				return c.print(partitionSizes(dirs), *asJSON)
			}
			return c.print(directorySizes(dirs), *asJSON)
		})
	}
	return command
}

func directorySizes(dirs kadm.DescribedAllLogDirs) *table {
	rows := &table{
		columns: []string{"broker", "directory", "partitions", "size", "free", "total", "error"},
		empty:   "no log directories",
	}
	for _, dir := range dirs.Sorted() {
		held, failed := 0, any(nil)
		dir.Topics.Each(func(kadm.DescribedLogDirPartition) { held++ })
		if dir.Err != nil {
			failed = said(dir.Err)
		}
		rows.add(dir.Broker, dir.Dir, held, byteSize(dir.Size()),
			maybeSize(dir.UsableBytes), maybeSize(dir.TotalBytes), failed)
	}
	return rows
}

func maybeSize(n int64) any {
	if n < 0 {
		return nil
	}
	return byteSize(n)
}

func partitionSizes(dirs kadm.DescribedAllLogDirs) *table {
	rows := &table{
		columns: []string{"broker", "directory", "topic", "partition", "size", "lag"},
		empty:   "no partitions",
	}
	for _, dir := range dirs.Sorted() {
		for _, p := range dir.Topics.Sorted() {
			rows.add(p.Broker, p.Dir, p.Topic, p.Partition, byteSize(p.Size), p.OffsetLag)
		}
	}
	return rows
}
