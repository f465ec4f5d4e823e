package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func clusterCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "cluster",
		Short: "Show the brokers, and which APIs they speak",
		Example: example(
			"odradek cluster describe",
			"odradek cluster api-versions",
		),
	}
	k := connect(c, command)
	return group(command, clusterDescribeCommand(k), clusterVersionsCommand(k))
}

func clusterDescribeCommand(k *connection) *cobra.Command {
	command := &cobra.Command{
		Use:   "describe [flags]",
		Short: "Show the cluster's id, controller and brokers",
		Long: `Show the cluster's id, controller and brokers.

In a pipe: tab-separated id, host, port, rack, controller (true or false).`,
		Example: example(
			"odradek cluster describe",
			"odradek cluster describe --bootstrap broker1:9092,broker2:9092 --json",
		),
		Args: wants(0, 0, "nothing"),
	}
	asJSON := jsonFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			metadata, err := admin.BrokerMetadata(ctx)
			if err != nil {
				return fail("ask for the cluster", err)
			}
			rows := &table{columns: []string{"id", "host", "port", "rack", "controller"}}
			for _, b := range metadata.Brokers {
				var rack any
				if b.Rack != nil {
					rack = *b.Rack
				}
				rows.add(b.NodeID, b.Host, b.Port, rack, b.NodeID == metadata.Controller)
			}
			if k.console.outTerminal && !*asJSON {
				fmt.Fprintf(k.console.out, "cluster %s, %s\n\n", metadata.Cluster,
					plural(int64(len(metadata.Brokers)), "broker"))
			}
			return k.console.print(rows, *asJSON)
		})
	}
	return command
}

func clusterVersionsCommand(k *connection) *cobra.Command {
	command := &cobra.Command{
		Use:   "api-versions [flags]",
		Short: "Show the versions of each API that each broker serves",
		Long: `Show the versions of each API that each broker serves.

In a pipe: tab-separated broker, key, API, lowest and highest version.`,
		Example: example(
			"odradek cluster api-versions",
			"odradek cluster api-versions --json | grep Fetch",
		),
		Args: wants(0, 0, "nothing"),
	}
	asJSON := jsonFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			brokers, err := admin.ApiVersions(ctx)
			if err != nil {
				return fail("ask for API versions", err)
			}
			rows := &table{columns: []string{"broker", "key", "api", "min", "max"}}
			for _, b := range brokers.Sorted() {
				if b.Err != nil {
					return fail(fmt.Sprintf("ask broker %d for API versions", b.NodeID), b.Err)
				}
				b.EachKeySorted(func(key, lowest, highest int16) {
					rows.add(b.NodeID, key, kmsg.NameForKey(key), lowest, highest)
				})
			}
			return k.console.print(rows, *asJSON)
		})
	}
	return command
}
