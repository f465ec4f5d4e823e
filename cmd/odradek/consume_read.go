package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// idleWait is how long nothing may come before the end of a partition is looked
// at more closely: see skipGap.
const idleWait = 500 * time.Millisecond

// partRange is what is to be read of a partition: [next, end).
type partRange struct {
	topicID   [16]byte
	partition int32
	leader    int32
	next      int64
	end       int64
	done      bool

	// As a member of a group: epoch is the leader's at next, or -1; marked is what was
	// marked to be committed last, or -1.
	epoch  int32
	marked int64
}

// reading is one run of consume.
type reading struct {
	*consume
	client *kgo.Client
	ranges []*partRange
	sink   *sink
	outage *outage
	follow bool

	// pause stops the client from fetching a partition.
	pause   func(partition int32)
	byID    map[int32]*partRange
	open    int // partitions that are not done
	records int64
	bytes   int64
}

// run reads until every partition is at its end, or for ever when following.
func (r *reading) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, r.sink.out.Flush()) }()
	r.byID = map[int32]*partRange{}
	offsets := map[int32]kgo.Offset{}
	for _, p := range r.ranges {
		if p.next < p.end || r.follow {
			r.byID[p.partition] = p
			offsets[p.partition] = kgo.NewOffset().At(p.next)
		}
	}
	r.open = len(offsets)
	if r.open == 0 || r.most == 0 {
		return nil
	}
	r.pause = func(partition int32) {
		r.client.PauseFetchPartitions(map[string][]int32{r.topic: {partition}})
	}
	r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: offsets})
	line := newProgress(r.console)
	if r.console.outTerminal {
		line.out = nil // the records themselves are what moves
	}
	defer line.clear()
	for r.open > 0 && !r.enough() {
		if err := r.poll(ctx); err != nil {
			return err
		}
		r.outage.tell(r.console, line)
		line.show(func() string {
			return fmt.Sprintf("%s, %s", plural(r.records, "record"), byteSize(r.bytes))
		})
	}
	return nil
}

func (r *reading) enough() bool { return r.most >= 0 && r.records >= r.most }

// poll writes what came, and flushes it when nothing more is at hand.
func (r *reading) poll(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, idleWait)
	defer cancel()
	fetches := r.client.PollFetches(wait)
	if ctx.Err() != nil {
		return errInterrupted
	}
	var failed error
	idle := true
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil {
			failed = r.judge(p, failed)
			return
		}
		idle = idle && len(p.Records) == 0
		r.take(p.Partition, p.Records)
	})
	if failed != nil {
		return failed
	}
	if err := r.sink.out.Flush(); err != nil {
		return err
	}
	if idle && !r.follow {
		return r.skipGaps(ctx)
	}
	return nil
}

// judge keeps the first error that is not the end of the wait.
func (r *reading) judge(p kgo.FetchTopicPartition, before error) error {
	if before != nil || errors.Is(p.Err, context.DeadlineExceeded) {
		return before
	}
	return fail(fmt.Sprintf("read %s partition %d", r.topic, p.Partition), p.Err)
}

// take writes the records of a partition that are in its range.
func (r *reading) take(partition int32, records []*kgo.Record) {
	p := r.byID[partition]
	for _, record := range records {
		if p == nil || p.done || r.enough() {
			return
		}
		if !r.follow && record.Offset >= p.end {
			r.finish(p)
			return
		}
		p.next, p.epoch = record.Offset+1, record.LeaderEpoch
		if !record.Attrs.IsControl() {
			r.sink.record(record)
			r.records++
			r.bytes += int64(len(record.Key) + len(record.Value))
		}
		if !r.follow && p.next >= p.end {
			r.finish(p)
		}
	}
}

// finish marks a partition read to its end and stops fetching from it.
func (r *reading) finish(p *partRange) {
	p.done = true
	r.open--
	r.pause(p.partition)
}

func (r *reading) summary(err error) string {
	text := fmt.Sprintf("%s (%s) read from %s of %s", plural(r.records, "record"), byteSize(r.bytes),
		plural(int64(len(r.ranges)), "partition"), r.topic)
	if errors.Is(err, errInterrupted) && !r.follow {
		return "interrupted: " + text
	}
	return text
}
