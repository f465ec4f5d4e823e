package live

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// bulkRecordBytes is the size of a bulk record: with it a load of all
	// partitions leaves each of them something to recover at every kill.
	bulkRecordBytes = 8 << 10
	// fillRecordBytes is the size of the records that fill the partitions.
	fillRecordBytes = 256 << 10
	// bulkBufferedBytes bounds what the client has under way.
	bulkBufferedBytes = 64 << 20
)

// Bulk is what a broker has beside the topic that is checked record by record:
// many partitions with much in them, all of them written to when it is killed.
type Bulk struct {
	// Partitions is how many partitions it has; 0 for no bulk.
	Partitions int32
	// Bytes is how much is written to them before the first kill.
	Bytes int64
}

// bulk writes to its topic, and knows how far each partition was acknowledged.
type bulk struct {
	Bulk
	name     string
	client   *kgo.Client
	recorder *recorder
	// ends are the offsets behind the last acknowledged record; the mutex guards
	// them.
	mutex sync.Mutex
	ends  []int64
}

// newBulk makes the topic.
func newBulk(
	ctx context.Context, of Bulk, r *recorder, admin *kgo.Client, address string,
) (*bulk, error) {
	made, err := kadm.NewClient(admin).CreateTopic(ctx, of.Partitions, 1, nil, "bulk")
	if err != nil {
		return nil, fmt.Errorf("create the bulk topic: %w", err)
	}
	client, err := kgo.NewClient(clientOptions(address,
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MaxBufferedBytes(bulkBufferedBytes))...)
	if err != nil {
		return nil, err
	}
	return &bulk{Bulk: of, name: made.Topic, client: client, recorder: r,
		ends: make([]int64, of.Partitions)}, nil
}

// fill writes Bytes, spread evenly over the partitions.
func (b *bulk) fill(ctx context.Context) error {
	value := make([]byte, fillRecordBytes)
	for i := int64(0); i*fillRecordBytes < b.Bytes && ctx.Err() == nil; i++ {
		b.produce(ctx, int32(i%int64(b.Partitions)), value)
	}
	return b.client.Flush(ctx)
}

// run writes to every partition in turn until ctx ends.
func (b *bulk) run(ctx context.Context) {
	defer b.client.Close()
	value := make([]byte, bulkRecordBytes)
	for i := int32(0); ctx.Err() == nil; i = (i + 1) % b.Partitions {
		b.produce(ctx, i, value)
	}
}

func (b *bulk) produce(ctx context.Context, partition int32, value []byte) {
	record := &kgo.Record{Topic: b.name, Partition: partition, Value: value}
	b.client.Produce(ctx, record, func(record *kgo.Record, err error) {
		b.mutex.Lock()
		defer b.mutex.Unlock()
		if err == nil {
			b.ends[partition] = max(b.ends[partition], record.Offset+1)
		} else if broken(err) {
			b.recorder.breaks(fmt.Sprintf("the bulk producer was told: %v", err))
		}
	})
}

// check asks the broker whether it has everything that it acknowledged. run has
// ended.
func (b *bulk) check(ctx context.Context, admin *kgo.Client) error {
	listed, err := kadm.NewClient(admin).ListEndOffsets(ctx, b.name)
	if err != nil {
		return err
	}
	return b.compare(listed)
}

// compare holds the ends of the partitions against what was acknowledged.
func (b *bulk) compare(listed kadm.ListedOffsets) error {
	for partition, end := range b.ends {
		got, ok := listed.Lookup(b.name, int32(partition))
		if got.Err != nil {
			return got.Err
		}
		if !ok || got.Offset < end {
			b.recorder.breaks(fmt.Sprintf("bulk partition %d ends at %d, %d was acknowledged",
				partition, got.Offset, end))
		}
	}
	return nil
}
