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

// partitionKey names a partition.
type partitionKey struct {
	topic     string
	partition int32
}

// resets finds what the rule comes to, partition by partition.
func (o *groupsReset) resets(
	ctx context.Context, admin *kadm.Client, committed *describedGroup,
	selections []topicPartitions, plan []plannedOffset,
) ([]offsetReset, error) {
	var err error
	if o.selection.all {
		selections, err = o.committedTopics(ctx, admin, committed)
	} else {
		selections, err = partitionsOf(ctx, admin, append(selections, topicsOf(plan)...))
	}
	if err != nil || len(selections) == 0 {
		return nil, err
	}
	ask, err := askSituations(ctx, admin, selections, o.rule)
	if err != nil {
		return nil, err
	}
	before, fromFile := committed.offsets(), map[partitionKey]int64{}
	for _, p := range plan {
		fromFile[partitionKey{p.topic, p.partition}] = p.offset
	}
	var out []offsetReset
	var failed error
	for _, t := range selections {
		for _, partition := range t.Partitions {
			key := partitionKey{t.Topic, partition}
			situation, err := ask(key)
			if err != nil {
				return nil, err
			}
			rule := o.rule
			if rule.kind == resetFromFile {
				rule.value = fromFile[key]
			}
			situation.committed = -1
			if at, ok := before[key]; ok {
				situation.committed = at
			}
			offset, note, err := rule.resolve(situation)
			failed = errors.Join(failed, o.unresolved(key, err))
			out = append(out, offsetReset{t.Topic, partition, situation.committed, offset, situation.end,
				note})
		}
	}
	return out, failed
}

// unresolved is the error for a partition that the rule does not come to anything for.
func (o *groupsReset) unresolved(key partitionKey, err error) error {
	if err == nil {
		return nil
	}
	return &fault{cause: err,
		sentence: fmt.Sprintf("%s partition %d: %v", key.topic, key.partition, err),
		hint: fmt.Sprintf("give it an offset first, as `odradek groups reset-offsets %s "+
			"--topic %s:%d --to latest`, or leave it out", o.group, key.topic, key.partition)}
}

// topicsOf are the partitions of a file of offsets.
func topicsOf(plan []plannedOffset) []topicPartitions {
	at := map[string]int{}
	var out []topicPartitions
	for _, p := range plan {
		i, seen := at[p.topic]
		if !seen {
			i = len(out)
			at[p.topic] = i
			out = append(out, topicPartitions{Topic: p.topic})
		}
		out[i].Partitions = append(out[i].Partitions, p.partition)
	}
	return out
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

// offsets are what the group has committed.
func (g *describedGroup) offsets() map[partitionKey]int64 {
	out := map[partitionKey]int64{}
	for _, p := range g.partitions {
		if at, ok := p.committed.(int64); ok {
			out[partitionKey{p.topic, p.partition}] = at
		}
	}
	return out
}

// askSituations asks for the offsets of the logs, once for all partitions.
func askSituations(
	ctx context.Context, admin *kadm.Client, selections []topicPartitions, rule resetRule,
) (func(key partitionKey) (resetSituation, error), error) {
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
	return func(key partitionKey) (resetSituation, error) {
		var at [3]int64
		for i, listed := range []kadm.ListedOffsets{first, end, byTime} {
			found, ok := listed.Lookup(key.topic, key.partition)
			if !ok || found.Err != nil {
				return resetSituation{}, fail(fmt.Sprintf("%s partition %d", key.topic, key.partition),
					cmp.Or(found.Err, errNoAnswer))
			}
			at[i] = found.Offset
		}
		return resetSituation{first: at[0], end: at[1], byTime: at[2]}, nil
	}, nil
}
