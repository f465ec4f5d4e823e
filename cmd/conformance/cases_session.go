package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// sessionPartitions is how many partitions a fetch session has, of which one
	// at a time gets a record: the others must not be sent again.
	sessionPartitions = 40
	sessionRecords    = 200
)

// sessionCases follow many partitions with one consumer.
func (s *suite) sessionCases() []testCase {
	return []testCase{
		{"session/franz-go", func(ctx context.Context) error {
			return s.followed(ctx, func(int) error { return nil })
		}},
		{"session/franz-go-restart", func(ctx context.Context) error {
			if s.broker == nil {
				return errNotOurs
			}
			return s.followed(ctx, func(i int) error {
				if i != sessionRecords/2 {
					return nil
				}
				s.broker.kill()
				return s.broker.start(ctx)
			})
		}},
	}
}

// followed writes records one by one, each to some partition, while a consumer
// that is at the end of all of them must get each, once, in order.
func (s *suite) followed(ctx context.Context, before func(i int) error) error {
	topic, err := s.topic(ctx, sessionPartitions)
	if err != nil {
		return err
	}
	starts := map[int32]kgo.Offset{}
	for p := range int32(sessionPartitions) {
		starts[p] = kgo.NewOffset().At(0)
	}
	// By default a client waits for seconds before it asks where a broker went, and
	// as long for records of the partitions that it has found again.
	client, err := (&franzClient{s}).open(kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(50*time.Millisecond), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}))
	if err != nil {
		return err
	}
	defer client.Close()
	random := rand.New(rand.NewPCG(5, 6))
	written := make([]int64, sessionPartitions)
	for i := range sessionRecords {
		if err := before(i); err != nil {
			return err
		}
		to := random.Int32N(sessionPartitions)
		record := &kgo.Record{Topic: topic, Partition: to, Value: fmt.Append(nil, i)}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read record %d: %w", i, err)
		}
		records := fetches.Records()
		if len(records) != 1 || records[0].Partition != to || records[0].Offset != written[to] ||
			string(records[0].Value) != string(record.Value) {
			return fmt.Errorf("record %d went to partition %d, offset %d; what was read: %d records, %v",
				i, to, written[to], len(records), records)
		}
		written[to]++
	}
	return nil
}
