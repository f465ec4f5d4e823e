package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

type offsets struct {
	*connection
	at         string
	partitions []int32
	asJSON     *bool
}

func offsetsCommand(c *console) *cobra.Command {
	o := &offsets{}
	command := &cobra.Command{
		Use:   "offsets [TOPIC...] [flags]",
		Short: "Show first and last offsets, or offsets by time",
		Long: `Show each partition's first offset, its end (the offset the next record gets) and how many
offsets lie between. With --at, show one offset of each partition: the first record at or after a
time, or the one with the highest timestamp. How far a group has read, and what is left for it, is
the group's: ` + "`odradek groups describe GROUP`" + `.

In a pipe: tab-separated topic, partition, earliest, latest, records; with --at topic, partition,
offset, timestamp in milliseconds.`,
		Example: example(
			"odradek offsets orders",
			"odradek offsets                                    # of all topics",
			"odradek offsets orders --at 2026-01-31T18:00:00Z   # or -2h, or milliseconds",
			"odradek offsets orders --at max-timestamp",
		),
		RunE: func(command *cobra.Command, topics []string) error { return o.run(command, topics) },
	}
	flags := command.Flags()
	flags.StringVar(&o.at, "at", "",
		"earliest, latest, committed (end for read-committed consumers),\n"+
			"local (first on the broker's own disk), max-timestamp, or a time; `WHICH`")
	flags.Int32SliceVarP(&o.partitions, "partition", "p", nil, "only these `partitions`, as 0,3")
	o.asJSON = jsonFlag(command)
	o.connection = connect(c, command)
	return command
}

// lister asks for one kind of offset of topics.
type lister func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)

func (o *offsets) lister(admin *kadm.Client) (lister, error) {
	switch o.at {
	case "", "earliest":
		return admin.ListStartOffsets, nil
	case "latest":
		return admin.ListEndOffsets, nil
	case "committed":
		return admin.ListCommittedOffsets, nil
	case "local":
		return admin.ListLocalLogStartOffsets, nil
	case "max-timestamp":
		return admin.ListMaxTimestampOffsets, nil
	}
	when, err := parseWhen(o.at, o.console.now())
	if err != nil {
		return nil, usagef("--at: %v; or earliest, latest, committed, local, max-timestamp", err)
	}
	return func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return admin.ListOffsetsAfterMilli(ctx, when, topics...)
	}, nil
}

func (o *offsets) run(command *cobra.Command, topics []string) error {
	if _, err := o.lister(&kadm.Client{}); err != nil {
		return err
	}
	return o.admin(command, func(ctx context.Context, admin *kadm.Client) error {
		_, details, err := topicDetails(ctx, admin, topics...)
		if err != nil {
			return err
		}
		var names []string
		for _, d := range details {
			if len(topics) > 0 || !d.IsInternal {
				names = append(names, d.Topic)
			}
		}
		empty := "no topics; `odradek topics create NAME` makes one"
		if len(names) == 0 {
			return o.console.print(&table{empty: empty}, *o.asJSON)
		}
		list, _ := o.lister(admin)
		first, err := list(ctx, names...)
		if err != nil {
			return fail("ask for offsets", err)
		}
		if o.at != "" {
			return o.printOne(details, names, first)
		}
		last, err := admin.ListEndOffsets(ctx, names...)
		if err != nil {
			return fail("ask for offsets", err)
		}
		return o.printBoth(details, names, first, last)
	})
}

// each visits the partitions that were asked for, of the named topics.
func (o *offsets) each(
	details []kadm.TopicDetail, names []string, visit func(topic string, partition int32) error,
) error {
	named := map[string]bool{}
	for _, name := range names {
		named[name] = true
	}
	for _, d := range details {
		if !named[d.Topic] {
			continue
		}
		numbers, err := partitionNumbers(d, o.partitions)
		if err != nil {
			return err
		}
		for _, p := range numbers {
			if err := visit(d.Topic, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *offsets) printOne(
	details []kadm.TopicDetail, names []string, listed kadm.ListedOffsets,
) error {
	rows := &table{columns: []string{"topic", "partition", "offset", "timestamp"}}
	err := o.each(details, names, func(topic string, partition int32) error {
		found, _ := listed.Lookup(topic, partition)
		if found.Err != nil {
			return fail(fmt.Sprintf("%s partition %d", topic, partition), found.Err)
		}
		var offset, when any
		if found.Offset >= 0 {
			offset = found.Offset
		}
		if found.Timestamp >= 0 {
			when = millis(found.Timestamp)
		}
		rows.add(topic, partition, offset, when)
		return nil
	})
	if err != nil {
		return err
	}
	return o.console.print(rows, *o.asJSON)
}

func (o *offsets) printBoth(
	details []kadm.TopicDetail, names []string, first, last kadm.ListedOffsets,
) error {
	rows := &table{columns: []string{"topic", "partition", "earliest", "latest", "records"}}
	err := o.each(details, names, func(topic string, partition int32) error {
		begin, _ := first.Lookup(topic, partition)
		end, _ := last.Lookup(topic, partition)
		for _, found := range []kadm.ListedOffset{begin, end} {
			if found.Err != nil {
				return fail(fmt.Sprintf("%s partition %d", topic, partition), found.Err)
			}
		}
		rows.add(topic, partition, begin.Offset, end.Offset, end.Offset-begin.Offset)
		return nil
	})
	if err != nil {
		return err
	}
	return o.console.print(rows, *o.asJSON)
}
