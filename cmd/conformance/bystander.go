package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// bystanderPatience is how long a client may wait while another misbehaves.
	// A broker that is alive answers in milliseconds; the rest is for a machine
	// that is busy with the misbehaving client itself.
	bystanderPatience = 10 * time.Second
	// growthMax bounds what bad clients may add to the broker's memory: well
	// above what it may buffer, and far below what they ask for.
	growthMax = 384 << 20
)

// bystander is a client that does nothing wrong while others do: it writes a
// record and reads it back, each time it is asked.
type bystander struct {
	topic  string
	client *kgo.Client
	broker *broker // nil when it is not ours, and its memory is not seen
	before int64   // the broker's memory at first
	worst  int64
	count  int64
}

func (s *suite) bystander(ctx context.Context) (*bystander, error) {
	topic, err := s.topic(ctx, 1)
	if err != nil {
		return nil, err
	}
	// No retries: a connection that is closed under a good client is a fault.
	client, err := (&franzClient{s}).open(kgo.RecordRetries(0), kgo.DisableIdempotentWrite(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
	if err != nil {
		return nil, err
	}
	b := &bystander{topic: topic, client: client, broker: s.broker}
	if err := b.check(ctx); err != nil {
		client.Close()
		return nil, err
	}
	if b.before, err = b.broker.memory(); err != nil {
		client.Close()
		return nil, err
	}
	return b, nil
}

// check writes, reads, asks, and looks at the broker's memory.
func (b *bystander) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bystanderPatience)
	defer cancel()
	value := strconv.AppendInt(nil, b.count, 10)
	record := &kgo.Record{Topic: b.topic, Value: value}
	if err := b.client.ProduceSync(ctx, record).FirstErr(); err != nil {
		return fmt.Errorf("a good client writes: %w", err)
	}
	b.count++
	fetches := b.client.PollFetches(ctx)
	if err := fetches.Err(); err != nil {
		return fmt.Errorf("a good client reads: %w", err)
	}
	if records := fetches.Records(); len(records) != 1 || !bytes.Equal(records[0].Value, value) {
		return fmt.Errorf("a good client reads %d records, not the one it wrote", len(records))
	}
	if _, err := kadm.NewClient(b.client).ListTopics(ctx, b.topic); err != nil {
		return fmt.Errorf("a good client asks: %w", err)
	}
	now, err := b.broker.memory()
	b.worst = max(b.worst, now)
	if grown := now - b.before; err == nil && b.before > 0 && grown > growthMax {
		err = fmt.Errorf("the broker's memory grew by %d MiB", grown>>20)
	}
	return err
}

// memory is the broker's resident memory in bytes; 0 when it is not ours.
func (b *broker) memory() (int64, error) {
	if b == nil || b.process == nil {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(b.process.Process.Pid), "statm"))
	if err != nil {
		return 0, fmt.Errorf("the broker is gone: %w; it said: %s", err, b.said())
	}
	fields := bytes.Fields(text) // size resident shared ...
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm is %q", text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}
