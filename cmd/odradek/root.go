package main

import (
	"github.com/spf13/cobra"
)

// The groups of commands in the root's help.
const (
	groupBroker  = "broker"
	groupRecords = "records"
	groupInside  = "inside"
)

// Commands are listed in the order of newRoot. It is cobra's own variable for all trees.
func init() { cobra.EnableCommandSorting = false }

// newRoot builds the whole tree of commands. A new command is a line here.
func newRoot(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "odradek",
		Short: "A durable, Kafka-compatible log broker",
		Long: `Odradek is a durable, Kafka-compatible log broker in one binary, with tools that work
against any Kafka-compatible broker.`,
		Example: example(
			"odradek serve                                 # a broker, data in ./odradek-data",
			"odradek topics create orders --partitions 3   # make a topic",
			"odradek produce orders --file orders.log      # each line of the file becomes a record",
			"odradek consume orders                        # read it back, then wait for more",
			"odradek consume orders --offset -10 | sort    # the last ten of each partition",
		),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddGroup(
		&cobra.Group{ID: groupBroker, Title: "Run"},
		&cobra.Group{ID: groupRecords, Title: "Topics and records"},
		&cobra.Group{ID: groupInside, Title: "Look inside"},
	)
	group(root,
		inGroup(groupBroker, serveCommand(c)),
		inGroup(groupRecords, topicsCommand(c)),
		inGroup(groupRecords, produceCommand(c)),
		inGroup(groupRecords, consumeCommand(c)),
		inGroup(groupRecords, offsetsCommand(c)),
		inGroup(groupRecords, groupsCommand(c)),
		inGroup(groupRecords, configsCommand(c)),
		inGroup(groupRecords, deleteRecordsCommand(c)),
		inGroup(groupInside, clusterCommand(c)),
		inGroup(groupInside, logDirsCommand(c)),
		inGroup(groupInside, dumpLogCommand(c)),
		inGroup(groupInside, simCommand(c)),
		inGroup(groupInside, jepsenCommand(c)),
		inGroup(groupInside, benchCommand(c)),
	)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetIn(c.in)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(command *cobra.Command, _ []string) { printHelp(c.out, command) })
	root.SetHelpCommand(&cobra.Command{Hidden: true})
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

func inGroup(id string, command *cobra.Command) *cobra.Command {
	command.GroupID = id
	return command
}
