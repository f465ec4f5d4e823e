package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/kafka"
)

func topicsDescribeCommand(k *connection) *cobra.Command {
	command := &cobra.Command{
		Use:   "describe TOPIC... [flags]",
		Short: "Show partitions, replicas, offsets, sizes and settings",
		Long: `Show a topic's partitions, replicas, offsets, sizes and settings.

In a pipe: tab-separated topic, partition, leader, leader epoch, replicas, in-sync replicas,
earliest offset, latest offset, bytes.`,
		Example: example(
			"odradek topics describe orders",
			"odradek topics describe orders --json",
		),
		Args: wants(1, -1, "the topics to describe"),
	}
	asJSON := jsonFlag(command)
	command.RunE = func(command *cobra.Command, names []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			_, details, err := topicDetails(ctx, admin, names...)
			if err != nil {
				return err
			}
			for i, d := range details {
				rows := describePartitions(ctx, admin, d)
				if k.console.outTerminal && !*asJSON {
					if i > 0 {
						fmt.Fprintln(k.console.out)
					}
					settings := overriddenSettings(ctx, admin, d.Topic)
					fmt.Fprintf(k.console.out, "%s\n\n", describeHead(d, settings))
				}
				if err := k.console.print(rows, *asJSON); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return command
}

// describeHead is what a person reads above the partitions.
func describeHead(d kadm.TopicDetail, settings []string) string {
	head := fmt.Sprintf("%s: %s, %s each, id %s", d.Topic,
		plural(int64(len(d.Partitions)), "partition"),
		plural(int64(d.Partitions.NumReplicas()), "replica"), kafka.TopicID(d.ID))
	if len(settings) > 0 {
		head += "\n" + strings.Join(settings, "\n")
	}
	return head
}

// overriddenSettings are the settings of the topic itself, as NAME=VALUE.
func overriddenSettings(ctx context.Context, admin *kadm.Client, topic string) []string {
	described, err := admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return nil
	}
	var out []string
	for _, resource := range described {
		for _, config := range resource.Configs {
			if config.Source == kmsg.ConfigSourceDynamicTopicConfig {
				out = append(out, "  "+config.Key+"="+config.MaybeValue())
			}
		}
	}
	return out
}

// describePartitions gathers the rows. Offsets and sizes that cannot be had now
// are left out: a partition without a leader is when one wants to see the rest.
func describePartitions(
	ctx context.Context, admin *kadm.Client, d kadm.TopicDetail,
) *table {
	earliest, _ := admin.ListStartOffsets(ctx, d.Topic)
	latest, _ := admin.ListEndOffsets(ctx, d.Topic)
	set := kadm.TopicsSet{}
	set.Add(d.Topic, d.Partitions.Numbers()...)
	dirs, _ := admin.DescribeAllLogDirs(ctx, set)
	rows := &table{columns: []string{
		"topic", "partition", "leader", "epoch", "replicas", "in sync", "earliest", "latest", "size",
	}}
	for _, p := range d.Partitions.Sorted() {
		rows.add(d.Topic, p.Partition, p.Leader, p.LeaderEpoch, p.Replicas, p.ISR,
			offsetOf(earliest, d.Topic, p.Partition), offsetOf(latest, d.Topic, p.Partition),
			sizeAt(dirs, p))
	}
	return rows
}

func offsetOf(offsets kadm.ListedOffsets, topic string, partition int32) any {
	o, ok := offsets.Lookup(topic, partition)
	if !ok || o.Err != nil || o.Offset < 0 {
		return nil
	}
	return o.Offset
}

// sizeAt is the size of the leader's copy.
func sizeAt(dirs kadm.DescribedAllLogDirs, p kadm.PartitionDetail) any {
	for _, dir := range dirs[p.Leader] {
		if found, ok := dir.Topics.Lookup(p.Topic, p.Partition); ok && !found.IsFuture {
			return byteSize(found.Size)
		}
	}
	return nil
}
