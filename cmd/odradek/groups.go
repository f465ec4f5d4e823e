package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func groupsCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "groups",
		Short: "Show consumer groups and their lag, reset offsets, delete groups",
		Long: `Show consumer groups and their lag, reset the offsets they committed, delete groups.

A group is made by its first member: ` + "`odradek consume TOPIC --group GROUP`" + ` joins one.`,
		Example: example(
			"odradek groups list",
			"odradek groups describe payments                     # lag, members, assignments",
			"odradek groups reset-offsets payments --topic orders --to earliest",
			"odradek groups delete payments",
		),
	}
	k := connect(c, command)
	return group(command,
		groupsListCommand(k),
		groupsDescribeCommand(k),
		groupsResetOffsetsCommand(k),
		groupsDeleteCommand(k),
		groupsDeleteOffsetsCommand(k),
	)
}

// errUnknownGroup is what unknownGroup's errors wrap.
var errUnknownGroup = errors.New("there is no such group")

// unknownGroup is the error for a group that does not exist, with the name of one
// that does if it looks like a slip.
func unknownGroup(ctx context.Context, client *kgo.Client, name string) error {
	f := &fault{
		sentence: fmt.Sprintf("there is no group %q", name),
		hint:     "`odradek groups list` shows the groups",
		cause:    errUnknownGroup,
	}
	listed, err := listGroups(ctx, client, groupFilter{})
	if err != nil {
		return f
	}
	var known []string
	for _, g := range listed {
		if g.name == name {
			f.sentence = fmt.Sprintf("%s is a %s group, and no group of consumers", name, g.kind)
			f.hint = "these commands show groups of the classic and the consumer protocol"
			return f
		}
		known = append(known, g.name)
	}
	if best := nearest(name, known); best != "" {
		f.hint = fmt.Sprintf("did you mean %s? Otherwise %s", best, f.hint)
	}
	return f
}

// groupFault is the error for a request about a group that was refused.
func groupFault(
	ctx context.Context, client *kgo.Client, about, name string, err error, message string,
) error {
	if errors.Is(err, kerr.GroupIDNotFound) {
		return unknownGroup(ctx, client, name)
	}
	return refused(about, err, message)
}

// selectionFlags let a person say which partitions of a group are meant.
type selectionFlags struct {
	topics []string
	all    bool
}

func (s *selectionFlags) register(command *cobra.Command, all string) {
	flags := command.Flags()
	flags.StringArrayVarP(&s.topics, "topic", "t", nil,
		"a `TOPIC`, or some of its partitions as orders:0,2-4;\nmay be repeated")
	flags.BoolVar(&s.all, "all-topics", false, all)
}

// parse is what was meant; nil stands for all topics of the group.
func (s *selectionFlags) parse() ([]topicPartitions, error) {
	switch {
	case s.all && len(s.topics) > 0:
		return nil, usagef("--topic and --all-topics exclude each other")
	case s.all:
		return nil, nil
	case len(s.topics) == 0:
		return nil, usagef("say of which topics: --topic TOPIC, --topic TOPIC:0,2 or --all-topics")
	}
	return parseSelections(s.topics)
}

// partitionsOf checks that topics and partitions exist, and lists them in full.
func partitionsOf(
	ctx context.Context, admin *kadm.Client, selections []topicPartitions,
) ([]topicPartitions, error) {
	var names []string
	for _, s := range selections {
		names = append(names, s.Topic)
	}
	_, details, err := topicDetails(ctx, admin, names...)
	if err != nil {
		return nil, err
	}
	byName := map[string]kadm.TopicDetail{}
	for _, d := range details {
		byName[d.Topic] = d
	}
	var out []topicPartitions
	for _, s := range selections {
		numbers, err := partitionNumbers(byName[s.Topic], s.Partitions)
		if err != nil {
			return nil, err
		}
		out = append(out, topicPartitions{s.Topic, numbers})
	}
	return out, nil
}
