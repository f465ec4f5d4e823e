package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
)

func deleteRecordsCommand(c *console) *cobra.Command {
	var before string
	var partitions []int32
	command := &cobra.Command{
		Use:   "delete-records TOPIC --before OFFSET [flags]",
		Short: "Delete the oldest records of a topic",
		Long: `Delete the records of a topic below an offset, or below the first one at or after a time.
The partition's first offset moves up; space is freed a segment at a time.`,
		Example: example(
			"odradek delete-records orders --partition 0 --before 4711",
			"odradek delete-records orders --before @-7d     # older than a week",
			"odradek delete-records orders --before latest   # everything there is now",
		),
		Args: wants(1, 1, "the topic"),
	}
	flags := command.Flags()
	flags.StringVar(&before, "before", "", "the first `OFFSET` to keep; or latest, or @TIME")
	flags.Int32SliceVarP(&partitions, "partition", "p", nil,
		"only these `partitions`, as 0,3 (default all)")
	k := connect(c, command)
	command.RunE = func(command *cobra.Command, args []string) error {
		if before == "" {
			return usagef("say what to delete: --before OFFSET, --before latest or --before @TIME")
		}
		from, err := parseStart(before, c.now())
		if err != nil || from.kind == startAtTail || from.kind == startAtEarliest {
			return usagef("--before: %q is neither an offset nor latest nor @TIME", before)
		}
		return k.admin(command, func(ctx context.Context, admin *kadm.Client) error {
			return deleteRecords(ctx, c, admin, args[0], partitions, from)
		})
	}
	return command
}

func deleteRecords(
	ctx context.Context, c *console, admin *kadm.Client, topic string, wanted []int32, before start,
) error {
	_, details, err := topicDetails(ctx, admin, topic)
	if err != nil {
		return err
	}
	numbers, err := partitionNumbers(details[0], wanted)
	if err != nil {
		return err
	}
	var byTime kadm.ListedOffsets
	if before.kind == startAtTime {
		if byTime, err = admin.ListOffsetsAfterMilli(ctx, before.value, topic); err != nil {
			return fail("ask for offsets by time of "+topic, err)
		}
	}
	cuts := kadm.Offsets{}
	for _, p := range numbers {
		at := int64(-1) // Kafka's own for the high watermark
		switch before.kind {
		case startAtOffset:
			at = before.value
		case startAtTime:
			if found, ok := byTime.Lookup(topic, p); ok && found.Err == nil && found.Offset >= 0 {
				at = found.Offset
			}
		}
		cuts.AddOffset(topic, p, at, -1)
	}
	answers, err := admin.DeleteRecords(ctx, cuts)
	if err != nil {
		return fail("delete records of "+topic, err)
	}
	var failed error
	for _, answer := range answers.Sorted() {
		if answer.Err != nil {
			about := fmt.Sprintf("delete records of %s partition %d", topic, answer.Partition)
			failed = errors.Join(failed, fail(about, answer.Err))
			continue
		}
		fmt.Fprintln(c.err, topic, "partition", answer.Partition, "now begins at offset",
			strconv.FormatInt(answer.LowWatermark, 10))
	}
	return failed
}
