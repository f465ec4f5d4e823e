package main

import (
	"bytes"
	"context"
	"os"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// franzClient is franz-go, in this process.
type franzClient struct{ suite *suite }

func (c *franzClient) name() string     { return "franz-go" }
func (c *franzClient) codecs() []string { return allCodecs }

func (c *franzClient) open(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(c.suite.bootstrap),
		kgo.DisableClientMetrics())...)
}

func (c *franzClient) produce(ctx context.Context, topic, codec, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var records []*kgo.Record
	for _, line := range bytes.SplitAfter(data, []byte("\n")) {
		if value, ok := bytes.CutSuffix(line, []byte("\n")); ok || len(line) > 0 {
			records = append(records, &kgo.Record{Topic: topic, Value: value})
		}
	}
	return c.send(ctx, records, kgo.ProducerBatchCompression(map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}[codec]))
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

// read reads partition 0 from its first to its last offset.
func (c *franzClient) read(ctx context.Context, topic string) ([]*kgo.Record, error) {
	client, err := c.open(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	end, _ := ends.Lookup(topic, 0)
	var records []*kgo.Record
	for len(records) == 0 && end.Offset > 0 ||
		len(records) > 0 && records[len(records)-1].Offset+1 < end.Offset {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		records = append(records, fetches.Records()...)
	}
	return records, nil
}

func (c *franzClient) consume(ctx context.Context, topic string) ([]byte, error) {
	records, err := c.read(ctx, topic)
	var out bytes.Buffer
	for _, r := range records {
		out.Write(r.Value)
		out.WriteByte('\n')
	}
	return out.Bytes(), err
}

func (c *franzClient) consumeRecords(ctx context.Context, topic string) ([]record, error) {
	read, err := c.read(ctx, topic)
	var records []record
	for _, r := range read {
		one := record{Key: textOf(r.Key), Value: textOf(r.Value)}
		for _, h := range r.Headers {
			one.Headers = append(one.Headers, [2]string{h.Key, string(h.Value)})
		}
		records = append(records, one)
	}
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
