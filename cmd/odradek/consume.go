package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// consumerPartitionBytesMax is how much of a partition one answer holds.
	consumerPartitionBytesMax = 4 << 20
	// consumerFetchBytesMax is how much one answer holds in all.
	consumerFetchBytesMax = 32 << 20
)

type consume struct {
	*connection
	topic      string
	offset     string
	partitions []int32
	follow     bool
	untilEnd   bool
	most       int64
	format     string
	delimiter  string
	chomp      bool
	asJSON     *bool
	committed  bool
	group      string
	protocol   string
}

func consumeCommand(c *console) *cobra.Command {
	o := &consume{}
	command := &cobra.Command{
		Use:   "consume TOPIC [flags]",
		Short: "Read records of a topic",
		Long: `Read records of a topic, by default from the first one, and write their values, one
per line.

At a terminal it then waits for more records until Ctrl-C; in a pipe or a file it ends when it
has read all records that were there when it began. --follow and --until-end choose otherwise.
Values are written byte for byte. Records of one partition come in order; those of several are
mixed.

With --group it reads as a member of a consumer group: the group's members share the partitions,
each begins where the group left off, and what was written is committed every second, at the end
and at Ctrl-C, never before it was written. An interruption loses nothing; a kill repeats at most
the last second. --offset then says where to begin in a partition of which the group has committed
nothing. ` + "`odradek groups describe`" + ` shows how far the group is behind.

--format writes what you ask for:
  %s or %v value   %k key   %o offset   %p partition   %t topic   %T timestamp in milliseconds
  %D timestamp as a date   %h headers   %S value's length   %K key's length (-1: null)   %% percent
and \n \t \r \0 \\ \xHH. --json writes one object per record; a key, value or header that is not
UTF-8 comes as keyBase64, valueBase64.`,
		Example: example(
			"odradek consume orders                            # all of it, then wait for more",
			"odradek consume orders > orders.log               # all of it, then end",
			"odradek consume orders --offset -10               # the last ten of each partition",
			"odradek consume orders --offset @-15m --follow    # from a quarter of an hour ago",
			"odradek consume orders --group mail --follow | ./send-mail    # share the work, go on later",
			"odradek consume orders --group nightly > new.log              # what is new since last night",
			"odradek consume orders -p 0 --offset 4711 --max 1 --json",
			`odradek consume orders --format '%p/%o %k %s\n'`,
		),
		Args: wants(1, 1, "the topic to read"),
		RunE: func(command *cobra.Command, args []string) error {
			o.topic = args[0]
			return o.run(command)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&o.offset, "offset", "o", "earliest",
		"`WHERE` to begin: an offset, earliest, latest, -N (the last N\nof each partition), "+
			"@TIME (@2026-01-31T18:00:00Z, @-2h, @milliseconds)")
	flags.Int32SliceVarP(&o.partitions, "partition", "p", nil,
		"only these `partitions`, as 0,3 (default all)")
	flags.BoolVarP(&o.follow, "follow", "f", false, "wait for more records at the end")
	flags.BoolVarP(&o.untilEnd, "until-end", "e", false, "end where the topic ended at the start")
	flags.Int64VarP(&o.most, "max", "n", -1, "end after `N` records; -1 is no bound")
	flags.StringVarP(&o.format, "format", "F", "",
		"what to write of a record, as `TEXT` with %s, %k, %o ...")
	flags.StringVarP(&o.delimiter, "delimiter", "D", "\\n",
		"`TEXT` to write after a value, as \\0 or nothing")
	flags.BoolVar(&o.chomp, "chomp", false, "no delimiter after the last record")
	flags.BoolVar(&o.committed, "committed", false, "only records of committed transactions")
	flags.StringVarP(&o.group, "group", "g", "", "read as a member of this consumer `GROUP`")
	flags.StringVar(&o.protocol, "protocol", protocolClassic,
		"the group's `PROTOCOL`: classic, or consumer, where the broker\n"+
			"divides the partitions (KIP-848)")
	o.asJSON = jsonFlag(command)
	o.connection = connect(c, command)
	return command
}

func (o *consume) run(command *cobra.Command) error {
	if o.follow && o.untilEnd {
		return usagef("--follow and --until-end exclude each other")
	}
	from, err := parseStart(o.offset, o.console.now())
	if err != nil {
		return err
	}
	sink, err := o.sink()
	if err != nil {
		return err
	}
	if o.group != "" {
		return o.runInGroup(command, from, sink)
	}
	if command.Flags().Changed("protocol") || command.Flags().Changed("group") {
		return usagef("--protocol is a group's: name it with --group GROUP")
	}
	ctx := command.Context()
	away := &outage{}
	client, err := o.client(ctx, append(o.options(), kgo.WithHooks(away))...)
	if err != nil {
		return err
	}
	defer client.Close()
	ranges, err := o.ranges(ctx, kadm.NewClient(client), from)
	if err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}
	r := &reading{consume: o, client: client, ranges: ranges, sink: sink, outage: away,
		follow: o.follow || o.console.outTerminal && !o.untilEnd}
	err = r.run(ctx)
	interrupted := errors.Is(err, errInterrupted)
	if o.console.errTerminal || interrupted {
		fmt.Fprintln(o.console.err, r.summary(err))
	}
	if interrupted && r.follow {
		return nil // which is how following ends
	}
	return err
}

// ranges finds where each partition begins and ends.
func (o *consume) ranges(
	ctx context.Context, admin *kadm.Client, from start,
) ([]*partRange, error) {
	_, details, err := topicDetails(ctx, admin, o.topic)
	if err != nil {
		return nil, err
	}
	numbers, err := partitionNumbers(details[0], o.partitions)
	if err != nil {
		return nil, err
	}
	listEnd := admin.ListEndOffsets
	if o.committed {
		listEnd = admin.ListCommittedOffsets
	}
	earliest, err := admin.ListStartOffsets(ctx, o.topic)
	if err != nil {
		return nil, fail("ask for the first offsets of "+o.topic, err)
	}
	latest, err := listEnd(ctx, o.topic)
	if err != nil {
		return nil, fail("ask for the last offsets of "+o.topic, err)
	}
	after := latest
	if from.kind == startAtTime {
		if after, err = admin.ListOffsetsAfterMilli(ctx, from.value, o.topic); err != nil {
			return nil, fail("ask for offsets by time of "+o.topic, err)
		}
	}
	var out []*partRange
	for _, p := range numbers {
		first, _ := earliest.Lookup(o.topic, p)
		last, _ := latest.Lookup(o.topic, p)
		byTime, _ := after.Lookup(o.topic, p)
		for _, listed := range []kadm.ListedOffset{first, last, byTime} {
			if listed.Err != nil {
				return nil, fail(fmt.Sprintf("%s partition %d", o.topic, p), listed.Err)
			}
		}
		begin, err := from.resolve(first.Offset, last.Offset, byTime.Offset)
		if err != nil {
			return nil, &fault{sentence: fmt.Sprintf("%s partition %d: %v", o.topic, p, err),
				hint: "`odradek offsets " + o.topic + "` shows them"}
		}
		detail := details[0].Partitions[p]
		out = append(out, &partRange{topicID: details[0].ID, partition: p, leader: detail.Leader,
			next: begin, end: last.Offset})
	}
	return out, nil
}

// options are the consumer's. Which partitions to read is told later, when their
// offsets are known.
func (o *consume) options() []kgo.Opt {
	options := []kgo.Opt{
		// An offset that was deleted meanwhile must not become a silent jump.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxPartitionBytes(consumerPartitionBytesMax),
		kgo.FetchMaxBytes(consumerFetchBytesMax),
		kgo.KeepControlRecords(), // they move the position; they are not written
	}
	if o.committed {
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	return options
}
