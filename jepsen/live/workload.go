package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

const (
	// burstRecordsMax is how many records a producer has under way at most: a
	// few batches, so that a kill finds some of them in every stage.
	burstRecordsMax = 64
	// valueBytesMax makes batches of a few bytes and of some disk blocks.
	valueBytesMax = 2000
	// retryBackoff is how soon a client comes back: a broker that starts must
	// meet impatient clients.
	retryBackoff = 10 * time.Millisecond
	// plainSendsMax is how often a client without retries may have sent a
	// record: kgo repeats a request whose connection was dead when it wrote it.
	plainSendsMax = 2
)

// topic is what the clients work on.
type topic struct {
	name       string
	id         kafka.TopicID
	partitions int32
}

func (t *topic) partition(number int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: t.id, Partition: kafka.Partition(number)}
}

// clientOptions are those of every client.
func clientOptions(address string, more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{
		kgo.SeedBrokers(address),
		kgo.ClientID("odradek-jepsen"),
		kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(retryBackoff),
		kgo.RetryBackoffFn(func(int) time.Duration { return retryBackoff }),
	}, more...)
}

// producer writes bursts of records, each to a random partition, and waits for a
// burst's acknowledgements before the next.
type producer struct {
	process    int
	topic      *topic
	recorder   *recorder
	random     *rand.Rand
	client     *kgo.Client
	producerID kafka.ProducerID
	written    int
}

// newProducer opens a client: an idempotent one retries until it is told, the
// other never retries, so that a record whose fate is unknown stays so.
func newProducer(ctx context.Context, process int, t *topic, r *recorder, seed uint64,
	address string, idempotent bool) (*producer, error) {
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	options := clientOptions(address,
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(codecs[process%len(codecs)]))
	if idempotent {
		options = append(options, kgo.StopProducerOnDataLossDetected())
	} else {
		options = append(options, kgo.DisableIdempotentWrite(), kgo.RecordRetries(0))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	p := &producer{process: process, topic: t, recorder: r, client: client,
		random:     rand.New(rand.NewPCG(seed, uint64(process))),
		producerID: kafka.NoProducerID}
	if idempotent {
		id, _, err := client.ProducerID(ctx)
		if err != nil {
			client.Close()
			return nil, fmt.Errorf("producer %d gets no producer id: %w", process, err)
		}
		p.producerID = kafka.ProducerID(id)
	}
	return p, nil
}

// run produces until stop is closed. It returns after the last burst was
// answered, or ctx ended.
func (p *producer) run(ctx context.Context, stop <-chan struct{}) {
	defer p.client.Close()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		default:
			p.burst(ctx)
		}
	}
}

func (p *producer) burst(ctx context.Context) {
	var group sync.WaitGroup
	failed := false
	for range 1 + p.random.IntN(burstRecordsMax) {
		group.Add(1)
		record := p.record()
		call := p.recorder.now()
		p.client.Produce(ctx, record, func(record *kgo.Record, err error) {
			p.answered(call, record, err)
			failed = failed || err != nil // kgo calls one after the other
			group.Done()
		})
	}
	group.Wait()
	if failed {
		time.Sleep(retryBackoff) // nobody is there: don't fill memory with it
	}
}

// record has contents that no other record has.
func (p *producer) record() *kgo.Record {
	p.written++
	value := fmt.Appendf(make([]byte, 0, valueBytesMax+32), "%d/%d ", p.process, p.written)
	for range p.random.IntN(valueBytesMax) {
		value = append(value, byte('a'+p.random.UintN(26)))
	}
	return &kgo.Record{
		Topic:     p.topic.name,
		Partition: p.random.Int32N(p.topic.partitions),
		Key:       fmt.Appendf(nil, "%d", p.process),
		Value:     value,
	}
}

func (p *producer) answered(call check.Event, record *kgo.Record, err error) {
	idempotent := p.producerID != kafka.NoProducerID
	if idempotent && broken(err) {
		p.recorder.breaks(fmt.Sprintf("idempotent producer %d was told: %v", p.process, err))
	}
	sends := plainSendsMax
	if idempotent {
		sends = 1
	}
	p.recorder.produced(p.process, call, check.Produce{
		Partition:  p.topic.partition(record.Partition),
		Records:    []check.Hash{hashOf(record)},
		Acks:       check.AcksAll,
		Base:       kafka.Offset(record.Offset),
		ProducerID: p.producerID,
		Sends:      sends,
	}, err)
}

func hashOf(r *kgo.Record) check.Hash { return check.HashOf(r.Key, r.Value) }

// broken reports whether an error says that the broker broke a promise, rather
// than that it was away: the broker's own refusal, or a loss that the client saw.
func broken(err error) bool {
	var refusal *kerr.Error
	var loss *kgo.ErrDataLoss
	return errors.As(err, &refusal) || errors.As(err, &loss)
}
