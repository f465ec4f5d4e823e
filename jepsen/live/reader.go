package live

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// reader follows every partition from its beginning, and records what it saw.
type reader struct {
	process  int
	topic    *topic
	recorder *recorder
	client   *kgo.Client
	next     []int64
	// calls are when the last poll and the one before it began: what a poll
	// gives may have been asked for by the client during the one before.
	last, before check.Event
}

func newReader(process int, t *topic, r *recorder, address string) (*reader, error) {
	starts := map[int32]kgo.Offset{}
	for p := range t.partitions {
		starts[p] = kgo.NewOffset().At(0)
	}
	client, err := kgo.NewClient(clientOptions(address,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.name: starts}))...)
	if err != nil {
		return nil, err
	}
	first := r.now()
	return &reader{process: process, topic: t, recorder: r, client: client,
		next: make([]int64, t.partitions), last: first, before: first}, nil
}

// run reads until ctx ends.
func (r *reader) run(ctx context.Context) {
	defer r.client.Close()
	for ctx.Err() == nil {
		r.poll(ctx)
	}
}

// poll takes what there is, and records it.
func (r *reader) poll(ctx context.Context) {
	begin := r.recorder.now()
	fetches := r.client.PollFetches(ctx)
	if ctx.Err() != nil {
		return
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		r.take(p.FetchPartition)
	})
	r.before, r.last = r.last, begin
}

func (r *reader) take(p kgo.FetchPartition) {
	if broken(p.Err) {
		r.recorder.breaks(fmt.Sprintf("reader %d of partition %d at %d was told: %v",
			r.process, p.Partition, r.next[p.Partition], p.Err))
	}
	if p.Err != nil || len(p.Records) == 0 {
		return
	}
	f := check.Fetch{
		Partition:     r.topic.partition(p.Partition),
		Offset:        kafka.Offset(r.next[p.Partition]),
		HighWatermark: kafka.Offset(p.HighWatermark),
		LogStart:      kafka.Offset(p.LogStartOffset),
	}
	for _, record := range p.Records {
		f.Records = append(f.Records,
			check.Record{Offset: kafka.Offset(record.Offset), Hash: hashOf(record)})
	}
	r.next[p.Partition] = p.Records[len(p.Records)-1].Offset + 1
	r.recorder.fetched(r.process, r.before, f)
}

// list asks where every partition ends, as one process.
func list(ctx context.Context, process int, t *topic, r *recorder, client *kgo.Client) error {
	call := r.now()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, t.name)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list the ends of %s: %w", t.name, err)
	}
	ends.Each(func(end kadm.ListedOffset) {
		r.listed(process, call, check.ListOffsets{
			Partition: t.partition(end.Partition), Offset: kafka.Offset(end.Offset)})
	})
	return nil
}

// scan reads every partition from its start to its end; all producers have
// ended.
func scan(ctx context.Context, process int, t *topic, r *recorder, address string) error {
	client, err := kgo.NewClient(clientOptions(address)...)
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, t.name)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("list the starts of %s: %w", t.name, err)
	}
	ends, err := admin.ListEndOffsets(ctx, t.name)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list the ends of %s: %w", t.name, err)
	}
	for p := range t.partitions {
		call := r.now()
		start, _ := starts.Lookup(t.name, p)
		end, _ := ends.Lookup(t.name, p)
		s := check.Scan{Partition: t.partition(p),
			LogStart: kafka.Offset(start.Offset), End: kafka.Offset(end.Offset)}
		if err := readAll(ctx, t, p, client, &s); err != nil {
			return err
		}
		r.scanned(process, call, s)
	}
	return nil
}

// readAll reads [s.LogStart, s.End) of a partition.
func readAll(ctx context.Context, t *topic, p int32, client *kgo.Client, s *check.Scan) error {
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{
		t.name: {p: kgo.NewOffset().At(int64(s.LogStart))}})
	defer client.RemoveConsumePartitions(map[string][]int32{t.name: {p}})
	for next := s.LogStart; next < s.End; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read %s-%d at %d: %w", t.name, p, next, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			next = kafka.Offset(record.Offset) + 1
			if next <= s.End {
				s.Records = append(s.Records,
					check.Record{Offset: next - 1, Hash: hashOf(record)})
			}
		})
	}
	return nil
}
