package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// franzClient is franz-go, in this process.
type franzClient struct{ suite *suite }

func (c *franzClient) name() string     { return "franz-go" }
func (c *franzClient) codecs() []string { return allCodecs }

func (c *franzClient) open(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(c.suite.bootstrap),
		kgo.DisableClientMetrics())...)
}

// serves tells whether the broker has an API.
func (s *suite) serves(ctx context.Context, key kmsg.Key) (bool, error) {
	client, err := (&franzClient{s}).open()
	if err != nil {
		return false, err
	}
	defer client.Close()
	versions, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(versions.ApiKeys, func(k kmsg.ApiVersionsResponseApiKey) bool {
		return k.ApiKey == key.Int16()
	}), nil
}

// franzFlush is how many records are given to the client before their answers
// are looked at: many batches, and little memory.
const franzFlush = 200_000

// produce reads the file as it goes: it may be larger than memory.
func (c *franzClient) produce(ctx context.Context, topic, codec, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	client, err := c.open(kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MaxBufferedRecords(franzFlush), kgo.ProducerLinger(5*time.Millisecond),
		kgo.ProducerBatchCompression(map[string]kgo.CompressionCodec{
			"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
			"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(),
			"zstd": kgo.ZstdCompression(),
		}[codec]))
	if err != nil {
		return err
	}
	defer client.Close()
	var failed firstError
	reader := bufio.NewReaderSize(in, 1<<20)
	for ctx.Err() == nil && failed.get() == nil {
		line, err := reader.ReadBytes('\n')
		if value, ok := bytes.CutSuffix(line, []byte("\n")); ok || len(line) > 0 {
			client.Produce(ctx, &kgo.Record{Topic: topic, Value: value},
				func(_ *kgo.Record, err error) { failed.set(err) })
		}
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	return errors.Join(client.Flush(ctx), failed.get(), ctx.Err())
}

// firstError keeps the first of the errors that callbacks report.
type firstError struct {
	lock sync.Mutex
	err  error
}

func (f *firstError) set(err error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.err
}

func (c *franzClient) send(ctx context.Context, records []*kgo.Record, options ...kgo.Opt) error {
	client, err := c.open(append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.ProduceSync(ctx, records...).FirstErr()
}

func (c *franzClient) produceRecords(ctx context.Context, topic string, records []record) error {
	var all []*kgo.Record
	for _, r := range records {
		one := &kgo.Record{Topic: topic, Key: bytesOf(r.Key), Value: bytesOf(r.Value)}
		for _, h := range r.Headers {
			one.Headers = append(one.Headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
		}
		all = append(all, one)
	}
	return c.send(ctx, all)
}

// read gives out partition 0's records from its first to its last offset.
func (c *franzClient) read(
	ctx context.Context, topic string, use func(*kgo.Record) error,
) error {
	client, err := c.open(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		return err
	}
	defer client.Close()
	end, err := endOffset(ctx, client, topic)
	if err != nil {
		return err
	}
	for next := int64(0); next < end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, r := range fetches.Records() {
			if next = r.Offset + 1; next > end {
				break
			}
			if err := use(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// endOffset is the end of a topic's partition 0: what a consumer can read.
func endOffset(ctx context.Context, client *kgo.Client, topic string) (int64, error) {
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	end, ok := ends.Lookup(topic, 0)
	if !ok {
		return 0, fmt.Errorf("no end offset of %s", topic)
	}
	return end.Offset, end.Err
}

func (c *franzClient) consume(ctx context.Context, topic string, to io.Writer) error {
	out := bufio.NewWriterSize(to, 1<<20)
	err := c.read(ctx, topic, func(r *kgo.Record) error {
		_, err := out.Write(r.Value)
		return errors.Join(err, out.WriteByte('\n'))
	})
	return errors.Join(err, out.Flush())
}

func (c *franzClient) consumeRecords(ctx context.Context, topic string) ([]record, error) {
	var records []record
	err := c.read(ctx, topic, func(r *kgo.Record) error {
		one := record{Key: textOf(r.Key), Value: textOf(r.Value)}
		for _, h := range r.Headers {
			one.Headers = append(one.Headers, [2]string{h.Key, string(h.Value)})
		}
		records = append(records, one)
		return nil
	})
	return records, err
}

func bytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

func textOf(b []byte) *string {
	if b == nil {
		return nil
	}
	text := string(b)
	return &text
}
