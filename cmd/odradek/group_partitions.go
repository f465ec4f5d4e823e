package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// selectionPartitionsMax bounds what a range of --topic stands for: more partitions
// than any topic has, and few enough to list when a digit slipped in.
const selectionPartitionsMax = 1_000_000

// topicPartitions are partitions of a topic, in order. What it prints is what --topic
// takes: orders:0,2-4.
type topicPartitions struct {
	Topic string `json:"topic"`
	// Partitions of a --topic are nil when all of them are meant.
	Partitions []int32 `json:"partitions"`
}

// holds reports whether a partition is one of them.
func (t topicPartitions) holds(topic string, partition int32) bool {
	return t.Topic == topic && (t.Partitions == nil || slices.Contains(t.Partitions, partition))
}

// String is orders:0,2-4, and orders when all are meant.
func (t topicPartitions) String() string {
	if t.Partitions == nil {
		return t.Topic
	}
	var parts []string
	for i := 0; i < len(t.Partitions); {
		end := i + 1
		for end < len(t.Partitions) && t.Partitions[end] == t.Partitions[end-1]+1 {
			end++
		}
		first, last := t.Partitions[i], t.Partitions[end-1]
		part := strconv.Itoa(int(first))
		switch {
		case last == first+1:
			part += "," + strconv.Itoa(int(last))
		case last > first:
			part += "-" + strconv.Itoa(int(last))
		}
		parts = append(parts, part)
		i = end
	}
	return t.Topic + ":" + strings.Join(parts, ",")
}

// assignment is what a member of a group reads.
type assignment []topicPartitions

// String is orders:0-2 payments:1.
func (a assignment) String() string {
	parts := make([]string, len(a))
	for i, t := range a {
		parts[i] = t.String()
	}
	return strings.Join(parts, " ")
}

// count is how many partitions they are.
func (a assignment) count() int {
	n := 0
	for _, t := range a {
		n += len(t.Partitions)
	}
	return n
}

// assignmentOf puts a set in order.
func assignmentOf(set kadm.TopicsSet) assignment {
	out := assignment{}
	for _, topic := range slices.Sorted(maps.Keys(set)) {
		if partitions := slices.Sorted(maps.Keys(set[topic])); len(partitions) > 0 {
			out = append(out, topicPartitions{topic, partitions})
		}
	}
	return out
}

// parseSelections reads the values of --topic. A topic that is named twice has the
// partitions of both.
func parseSelections(texts []string) ([]topicPartitions, error) {
	var out []topicPartitions
	for _, text := range texts {
		topic, list, some := strings.Cut(text, ":")
		if topic == "" {
			return nil, usagef("--topic: %q names no topic: write orders, or orders:0,2-4", text)
		}
		var partitions []int32
		if some {
			var err error
			if partitions, err = parsePartitions(text, list); err != nil {
				return nil, err
			}
		}
		i := slices.IndexFunc(out, func(t topicPartitions) bool { return t.Topic == topic })
		switch {
		case i < 0:
			out = append(out, topicPartitions{topic, partitions})
		case out[i].Partitions == nil || partitions == nil:
			out[i].Partitions = nil
		default:
			both := slices.Sorted(slices.Values(append(out[i].Partitions, partitions...)))
			out[i].Partitions = slices.Compact(both)
		}
	}
	return out, nil
}

// parsePartitions reads 0,2-4.
func parsePartitions(text, list string) ([]int32, error) {
	var out []int32
	for _, part := range strings.Split(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 31)
		last, errLast := strconv.ParseUint(to, 10, 31)
		if err != nil || errLast != nil || last < first {
			return nil, usagef("--topic: %q is no list of partitions: write orders:0,2-4", text)
		}
		if last-first+uint64(len(out)) >= selectionPartitionsMax {
			return nil, usagef("--topic: %q is more than %s", text,
				plural(selectionPartitionsMax, "partition"))
		}
		for n := first; n <= last; n++ {
			out = append(out, int32(n))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
