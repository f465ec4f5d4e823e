package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// offsetReset is one partition of a reset.
type offsetReset struct {
	topic     string
	partition int32
	committed int64 // -1 when there is none
	offset    int64 // the new one
	end       int64 // of the log
	note      string
}

// resets finds what the rule comes to, partition by partition.
func (o *groupsReset) resets(
	ctx context.Context, admin *kadm.Client, committed *describedGroup,
	selections []topicPartitions, plan []plannedOffset,
) ([]offsetReset, error) {
	fromFile := map[string]map[int32]int64{}
	for _, p := range plan {
		if fromFile[p.topic] == nil {
			fromFile[p.topic] = map[int32]int64{}
			selections = append(selections, topicPartitions{Topic: p.topic})
		}
		fromFile[p.topic][p.partition] = p.offset
		last := &selections[slices.IndexFunc(selections, func(t topicPartitions) bool {
			return t.Topic == p.topic
		})]
		last.Partitions = append(last.Partitions, p.partition)
	}
	var err error
	if o.selection.all {
		selections, err = o.committedTopics(ctx, admin, committed)
	} else {
		selections, err = partitionsOf(ctx, admin, selections)
	}
	if err != nil || len(selections) == 0 {
		return nil, err
	}
	ask, err := askSituations(ctx, admin, selections, o.rule)
	if err != nil {
		return nil, err
	}
	var out []offsetReset
	var failed error
	for _, t := range selections {
		for _, partition := range t.Partitions {
			situation, err := ask(t.Topic, partition)
			if err != nil {
				return nil, err
			}
			situation.committed = committed.offset(t.Topic, partition)
			rule := o.rule
			if rule.kind == resetFromFile {
				rule.value = fromFile[t.Topic][partition]
			}
			offset, note, err := rule.resolve(situation)
			if err != nil {
				failed = errors.Join(failed, &fault{cause: err,
					sentence: fmt.Sprintf("%s partition %d: %v", t.Topic, partition, err),
					hint: fmt.Sprintf("give it an offset first, as `odradek groups reset-offsets %s "+
						"--topic %s:%d --to latest`, or leave it out", o.group, t.Topic, partition)})
			}
			out = append(out, offsetReset{t.Topic, partition, situation.committed, offset, situation.end,
				note})
		}
	}
	return out, failed
}

// committedTopics are the partitions that the group committed offsets of. Offsets of
// a topic that was deleted are left alone, and the person is told.
func (o *groupsReset) committedTopics(
	ctx context.Context, admin *kadm.Client, committed *describedGroup,
) ([]topicPartitions, error) {
	var out []topicPartitions
	for _, p := range committed.partitions {
		if last := len(out) - 1; last >= 0 && out[last].Topic == p.topic {
			out[last].Partitions = append(out[last].Partitions, p.partition)
			continue
		}
		out = append(out, topicPartitions{p.topic, []int32{p.partition}})
	}
	if len(out) == 0 {
		return nil, nil
	}
	var names []string
	for _, t := range out {
		names = append(names, t.Topic)
	}
	metadata, err := admin.Metadata(ctx, names...)
	if err != nil {
		return nil, fail("ask for topics", err)
	}
	return slices.DeleteFunc(out, func(t topicPartitions) bool {
		gone := errors.Is(metadata.Topics[t.Topic].Err, kerr.UnknownTopicOrPartition)
		if gone {
			fmt.Fprintf(o.console.err, "topic %s does not exist any more; its offsets stay\n", t.Topic)
		}
		return gone
	}), nil
}

// offset is what the group has committed, or -1.
func (g *describedGroup) offset(topic string, partition int32) int64 {
	for _, p := range g.partitions {
		if at, ok := p.committed.(int64); ok && p.topic == topic && p.partition == partition {
			return at
		}
	}
	return -1
}

// askSituations asks for the offsets of the logs, once for all partitions.
func askSituations(
	ctx context.Context, admin *kadm.Client, selections []topicPartitions, rule resetRule,
) (func(topic string, partition int32) (resetSituation, error), error) {
	var topics []string
	for _, t := range selections {
		topics = append(topics, t.Topic)
	}
	first, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fail("ask for the first offsets", err)
	}
	end, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fail("ask for the last offsets", err)
	}
	byTime := end
	if rule.kind == resetToTime {
		if byTime, err = admin.ListOffsetsAfterMilli(ctx, rule.value, topics...); err != nil {
			return nil, fail("ask for offsets by time", err)
		}
	}
	return func(topic string, partition int32) (resetSituation, error) {
		var at [3]int64
		for i, listed := range []kadm.ListedOffsets{first, end, byTime} {
			found, ok := listed.Lookup(topic, partition)
			if !ok || found.Err != nil {
				return resetSituation{}, fail(fmt.Sprintf("%s partition %d", topic, partition),
					cmp.Or(found.Err, errNoAnswer))
			}
			at[i] = found.Offset
		}
		return resetSituation{first: at[0], end: at[1], byTime: at[2]}, nil
	}, nil
}
