package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func configsCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "configs",
		Short: "Show and change settings of topics and brokers",
		Example: example(
			"odradek configs describe topic orders",
			"odradek configs describe broker 1 --all",
			"odradek configs alter topic orders retention.ms=3600000",
		),
	}
	k := connect(c, command)
	return group(command, configsDescribeCommand(k), configsAlterCommand(k))
}

// resource is what settings belong to: a topic, a broker, or all brokers.
type resource struct {
	kind    string // topic, broker or brokers
	topic   string
	brokers []int32 // none for all
}

// parseResource reads "topic NAME", "broker ID" or "brokers", and returns what
// is left of the arguments.
func parseResource(args []string) (resource, []string, error) {
	switch {
	case len(args) == 0:
		return resource{}, nil,
			usagef("name what the settings belong to: topic NAME, broker ID, or brokers")
	case args[0] == "brokers":
		return resource{kind: "brokers"}, args[1:], nil
	case args[0] != "topic" && args[0] != "broker":
		return resource{}, nil, usagef("%q has no settings: write topic NAME, broker ID, or brokers",
			args[0])
	case len(args) == 1:
		return resource{}, nil, usagef("which %s? Write %s NAME", args[0], args[0])
	case args[0] == "topic":
		return resource{kind: "topic", topic: args[1]}, args[2:], nil
	}
	id, err := strconv.ParseInt(args[1], 10, 32)
	if err != nil || id < 0 {
		return resource{}, nil,
			usagef("%q is not a broker's id: write a number, as `odradek cluster describe` shows", args[1])
	}
	return resource{kind: "broker", brokers: []int32{int32(id)}}, args[2:], nil
}

func (r resource) String() string {
	switch r.kind {
	case "topic":
		return "topic " + r.topic
	case "broker":
		return "broker " + strconv.Itoa(int(r.brokers[0]))
	}
	return "all brokers"
}

func configsDescribeCommand(k *connection) *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use:   "describe (topic NAME | broker ID | brokers) [PART-OF-A-NAME] [flags]",
		Short: "Show the settings of a topic, a broker or all brokers",
		Long: `Show the settings that were made for a topic, a broker or all brokers, and where each comes
from. With --all or part of a name, also those that have their default.

In a pipe: tab-separated name, value, source.`,
		Example: example(
			"odradek configs describe topic orders",
			"odradek configs describe topic orders retention   # all with retention in their name",
			"odradek configs describe broker 1 --all",
		),
	}
	asJSON := jsonFlag(command)
	command.Flags().BoolVarP(&all, "all", "a", false, "also settings that have their default")
	command.RunE = func(command *cobra.Command, args []string) error {
		of, rest, err := parseResource(args)
		if err != nil {
			return err
		}
		if len(rest) > 1 {
			return usagef("%q is one argument too many", rest[1])
		}
		part := strings.Join(rest, "")
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			configs, err := describeResource(ctx, admin, of)
			if err != nil {
				return err
			}
			rows := &table{
				columns: []string{"name", "value", "source"},
				empty:   "no settings of its own; --all shows the defaults",
			}
			for _, config := range configs {
				own := config.Source != kmsg.ConfigSourceDefaultConfig
				if (own || all || part != "") && strings.Contains(config.Key, part) {
					rows.add(config.Key, settingValue(config), sourceName(config.Source))
				}
			}
			return k.console.print(rows, *asJSON)
		})
	}
	return command
}

func settingValue(config kadm.Config) any {
	if config.Sensitive {
		return "(hidden)"
	}
	if config.Value == nil {
		return nil
	}
	return *config.Value
}

// sourceName says where a setting comes from.
func sourceName(source kmsg.ConfigSource) string {
	switch source {
	case kmsg.ConfigSourceDynamicTopicConfig:
		return "topic"
	case kmsg.ConfigSourceDynamicBrokerConfig:
		return "broker, changed while running"
	case kmsg.ConfigSourceDynamicDefaultBrokerConfig:
		return "all brokers, changed while running"
	case kmsg.ConfigSourceStaticBrokerConfig:
		return "broker, at its start"
	case kmsg.ConfigSourceDefaultConfig:
		return "default"
	}
	return strings.ToLower(source.String())
}

func describeResource(
	ctx context.Context, admin *kadm.Client, of resource,
) ([]kadm.Config, error) {
	if of.kind == "broker" {
		if err := brokerExists(ctx, admin, of.brokers[0]); err != nil {
			return nil, err
		}
	}
	var answers kadm.ResourceConfigs
	var err error
	if of.kind == "topic" {
		if _, _, err := topicDetails(ctx, admin, of.topic); err != nil {
			return nil, err
		}
		answers, err = admin.DescribeTopicConfigs(ctx, of.topic)
	} else {
		answers, err = admin.DescribeBrokerConfigs(ctx, of.brokers...)
	}
	if err != nil {
		return nil, fail("ask for the settings of "+of.String(), err)
	}
	var configs []kadm.Config
	for _, answer := range answers {
		if answer.Err != nil {
			return nil, refused("ask for the settings of "+of.String(), answer.Err, answer.ErrMessage)
		}
		configs = append(configs, answer.Configs...)
	}
	slices.SortFunc(configs, func(a, b kadm.Config) int { return strings.Compare(a.Key, b.Key) })
	return configs, nil
}

func brokerExists(ctx context.Context, admin *kadm.Client, id int32) error {
	metadata, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return fail("ask for the brokers", err)
	}
	if !slices.Contains(metadata.Brokers.NodeIDs(), id) {
		return &fault{sentence: fmt.Sprintf("there is no broker %d", id),
			hint: "`odradek cluster describe` shows the brokers"}
	}
	return nil
}
