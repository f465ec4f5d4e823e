package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/core/batch"
)

// skipGaps looks at partitions whose end does not come. Offsets may be missing
// from a log: compaction removes records, and what is left at the end can be an
// empty batch, of which a client library shows nothing. Then the batches
// themselves say whether anything is left to read.
func (r *reading) skipGaps(ctx context.Context) error {
	for _, p := range r.ranges {
		if p.done || r.byID[p.partition] == nil {
			continue
		}
		empty, err := r.nothingLeft(ctx, p)
		if err != nil {
			if ctx.Err() != nil {
				return errInterrupted
			}
			return fail(fmt.Sprintf("read %s partition %d", r.topic, p.partition), err)
		}
		if empty {
			p.next = p.end
			r.finish(p)
		}
	}
	return nil
}

// nothingLeft reports whether no batch of [next, end) has a record.
func (r *reading) nothingLeft(ctx context.Context, p *partRange) (bool, error) {
	for next := p.next; next < p.end; {
		bytes, err := r.fetchAt(ctx, p, next)
		if err != nil {
			return false, err
		}
		before := next
		for len(bytes) > 0 {
			b, rest, err := batch.Next(bytes)
			if err != nil {
				break // the last batch of an answer may be cut off
			}
			if b.RecordCount() > 0 && !b.IsControl() && int64(b.LastOffset()) >= p.next {
				return false, nil
			}
			next, bytes = max(next, int64(b.NextOffset())), rest
		}
		if next == before {
			return false, nil
		}
	}
	return true, nil
}

// fetchAt asks the partition's leader for batches at an offset.
func (r *reading) fetchAt(ctx context.Context, p *partRange, offset int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	request := kmsg.NewPtrFetchRequest()
	request.MaxBytes = consumerPartitionBytesMax
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = r.topic, p.topicID
	partition := kmsg.NewFetchRequestTopicPartition()
	partition.Partition = p.partition
	partition.FetchOffset = offset
	partition.PartitionMaxBytes = consumerPartitionBytesMax
	topic.Partitions = append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	answer, err := r.client.Broker(int(p.leader)).RetriableRequest(ctx, request)
	if err != nil {
		return nil, err
	}
	response := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return nil, err
	}
	for _, t := range response.Topics {
		for _, got := range t.Partitions {
			return got.RecordBatches, kerr.ErrorForCode(got.ErrorCode)
		}
	}
	return nil, nil
}
