package main

import "github.com/spf13/cobra"

func benchCommand(c *console) *cobra.Command {
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure what a broker does in a second",
		Long: `Measure what a broker does in a second, and how long each request takes. It works
against any Kafka-compatible broker, so that two can be compared: run them by turns, with nothing
else on the machine, and believe the ratio.`,
		Example: example("odradek bench commits --connections 64"),
	}
	return group(command, benchCommitsCommand(c))
}
