package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

func topicsCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "topics",
		Short: "Create, list, describe, alter and delete topics",
		Example: example(
			"odradek topics create orders --partitions 3",
			"odradek topics list",
			"odradek topics describe orders",
		),
	}
	k := connect(c, command)
	return group(command,
		topicsCreateCommand(k),
		topicsListCommand(k),
		topicsDescribeCommand(k),
		topicsAlterCommand(k),
		topicsDeleteCommand(k),
	)
}

// topicDetails fetches the metadata of topics that must exist. With no names it
// fetches all topics.
func topicDetails(
	ctx context.Context, admin *kadm.Client, names ...string,
) (kadm.Metadata, []kadm.TopicDetail, error) {
	metadata, err := admin.Metadata(ctx, names...)
	if err != nil {
		return metadata, nil, fail("ask for topics", err)
	}
	details := metadata.Topics.Sorted()
	for _, d := range details {
		if errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
			return metadata, nil, unknownTopic(ctx, admin, d.Topic)
		}
		if d.Err != nil && len(names) > 0 {
			return metadata, nil, fail("topic "+d.Topic, d.Err)
		}
	}
	return metadata, details, nil
}

// errUnknownTopic is what unknownTopic's errors wrap.
var errUnknownTopic = errors.New("there is no such topic")

// unknownTopic is the error for a topic that does not exist, with the name of
// one that does if it looks like a slip.
func unknownTopic(ctx context.Context, admin *kadm.Client, name string) error {
	f := &fault{
		sentence: fmt.Sprintf("there is no topic %q", name),
		hint:     fmt.Sprintf("`odradek topics create %s` makes it", name),
		cause:    errUnknownTopic,
	}
	if all, err := admin.ListTopics(ctx); err == nil {
		if best := nearest(name, all.Names()); best != "" {
			f.hint = fmt.Sprintf("did you mean %s? Otherwise %s", best, f.hint)
		}
	}
	return f
}

// partitionNumbers checks that the partitions asked for exist; none asked for
// means all of them.
func partitionNumbers(detail kadm.TopicDetail, wanted []int32) ([]int32, error) {
	all := detail.Partitions.Numbers()
	if len(wanted) == 0 {
		return all, nil
	}
	for _, p := range wanted {
		if !slices.Contains(all, p) {
			return nil, &fault{
				sentence: fmt.Sprintf("topic %s has no partition %d", detail.Topic, p),
				hint:     fmt.Sprintf("it has partitions 0 to %d", len(all)-1),
			}
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted), nil
}
