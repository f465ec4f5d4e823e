package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func groupsDeleteCommand(k *connection) *cobra.Command {
	var ifExists bool
	command := &cobra.Command{
		Use:   "delete GROUP... [flags]",
		Short: "Delete groups and the offsets they committed",
		Long: `Delete groups and the offsets they committed. A group that has members is not deleted: stop
them first.`,
		Example: example(
			"odradek groups delete payments",
			"odradek groups delete payments invoices --if-exists",
		),
		Args: wants(1, -1, "the groups to delete"),
	}
	command.Flags().BoolVar(&ifExists, "if-exists", false,
		"don't fail for a group that does not exist")
	command.RunE = func(command *cobra.Command, names []string) error {
		return k.both(command, func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error {
			gone, err := admin.DeleteGroups(ctx, names...)
			if err != nil && len(gone) == 0 {
				return fail("delete groups", err)
			}
			var failed error
			for _, name := range names {
				answer, answered := gone[name]
				switch {
				case !answered:
					failed = errors.Join(failed, fail("delete group "+name, cmp.Or(err, errNoAnswer)))
				case answer.Err == nil:
					fmt.Fprintf(k.console.err, "deleted %s\n", name)
				case ifExists && errors.Is(answer.Err, kerr.GroupIDNotFound):
				default:
					failed = errors.Join(failed, groupFault(ctx, client, "delete group "+name, name,
						answer.Err, answer.ErrMessage))
				}
			}
			return failed
		})
	}
	return command
}

func groupsDeleteOffsetsCommand(k *connection) *cobra.Command {
	var topics []string
	command := &cobra.Command{
		Use:   "delete-offsets GROUP --topic TOPIC... [flags]",
		Short: "Forget the offsets that a group committed of some topics",
		Long: `Forget the offsets that a group committed of some topics, so that they count as lag no
more. A topic that a member of the group reads now is refused.`,
		Example: example(
			"odradek groups delete-offsets payments --topic orders",
			"odradek groups delete-offsets payments --topic orders:0,2-4 --topic refunds",
		),
		Args: wants(1, 1, "the group"),
	}
	command.Flags().StringArrayVarP(&topics, "topic", "t", nil,
		"a `TOPIC`, or some of its partitions as orders:0,2-4;\nmay be repeated")
	command.RunE = func(command *cobra.Command, args []string) error {
		if len(topics) == 0 {
			return usagef("say of which topics: --topic TOPIC, or --topic TOPIC:0,2")
		}
		selections, err := parseSelections(topics)
		if err != nil {
			return err
		}
		forget := func(ctx context.Context, client *kgo.Client, admin *kadm.Client) error {
			return k.deleteOffsets(ctx, client, admin, args[0], selections)
		}
		return k.both(command, forget)
	}
	return command
}

func (k *connection) deleteOffsets(
	ctx context.Context, client *kgo.Client, admin *kadm.Client, group string,
	selections []topicPartitions,
) error {
	committed, err := mustDescribe(ctx, client, admin, group)
	if err != nil {
		return err
	}
	set := kadm.TopicsSet{}
	for _, s := range selections {
		found := false
		for _, p := range committed.partitions {
			if p.committed != nil && s.holds(p.topic, p.partition) {
				set.Add(p.topic, p.partition)
				found = true
			}
		}
		if !found {
			return &fault{sentence: fmt.Sprintf("group %s has committed no offset of %s", group, s),
				hint: "`odradek groups describe " + group + "` shows what it has"}
		}
	}
	answers, err := admin.DeleteOffsets(ctx, group, set)
	if err != nil {
		return groupFault(ctx, client, "delete offsets of group "+group, group, err, "")
	}
	deleted := map[string]int64{}
	var failed error
	for _, t := range assignmentOf(set) {
		for _, partition := range t.Partitions {
			err, answered := answers.Lookup(t.Topic, partition)
			if err == nil && answered {
				deleted[t.Topic]++
				continue
			}
			failed = errors.Join(failed, fail(fmt.Sprintf("delete the offset of %s partition %d",
				t.Topic, partition), cmp.Or(err, errNoAnswer)))
		}
		if n := deleted[t.Topic]; n > 0 {
			fmt.Fprintf(k.console.err, "deleted %s of %s\n", plural(n, "offset"), t.Topic)
		}
	}
	return failed
}
