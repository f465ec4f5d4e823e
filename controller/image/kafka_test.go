package image_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// readLog reads lines of offset, kind, key and value, and leaves out control
// records and what stands at or after end.
func readLog(t *testing.T, path string, end kafka.Offset) []metadata.Record {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var records []metadata.Record
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if fields[0] == "#" || fields[1] == "control" {
			continue
		}
		offset, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		value, err := hex.DecodeString(fields[3])
		if err != nil {
			t.Fatal(err)
		}
		record, err := metadata.Parse(value)
		if err != nil {
			t.Fatal(err)
		}
		if kafka.Offset(offset) < end {
			records = append(records, record)
		}
	}
	return records
}

// TestKafkasSnapshot follows Kafka's log up to the offset where Kafka took a
// snapshot, and comes to the same metadata as that says.
func TestKafkasSnapshot(t *testing.T) {
	const log, snapshot = "testdata/kafka-4.3-log.txt", "testdata/kafka-4.3-snapshot-73.txt"
	followed, err := image.Load(slices.Values(readLog(t, log, 73)), at(72))
	if err != nil {
		t.Fatal(err)
	}
	// Kafka numbers the records of a snapshot from 0.
	written := readLog(t, snapshot, 1<<62)
	loaded, err := image.Load(slices.Values(written), at(72))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bytesOf(loaded), bytesOf(followed)); diff != "" {
		t.Error(diff)
	}
	// Whichever version of a record Kafka chose, it says what ours does, and as
	// often: nothing is left out of our snapshots and nothing is added.
	var kafkas, ours []string
	for _, record := range written {
		if broker, ok := record.(*metadata.RegisterBrokerRecord); ok {
			slices.SortFunc(broker.Features, func(a, b metadata.Feature) int {
				return strings.Compare(a.Name, b.Name)
			})
		}
		kafkas = append(kafkas, fmt.Sprintf("%s %x", record.Key(), metadata.Append(nil, record)))
	}
	ours = bytesOf(followed)
	slices.Sort(kafkas)
	slices.Sort(ours)
	if diff := cmp.Diff(kafkas, ours); diff != "" {
		t.Error(diff)
	}
}

// TestKafkasLog follows the rest of the log: a reassignment, a topic deleted, a
// broker that left and was unregistered, the others shut down.
func TestKafkasLog(t *testing.T) {
	img, err := image.Load(slices.Values(readLog(t, "testdata/kafka-4.3-log.txt", 1<<62)), at(105))
	if err != nil {
		t.Fatal(err)
	}
	topic := img.Topic("g1")
	if topic == nil || img.TopicCount() != 1 || img.PartitionCount() != 2 {
		t.Fatalf("%d topics", img.TopicCount())
	}
	p := topic.Partition(0)
	if !slices.Equal(p.Replicas, []kafka.BrokerID{3, 1, 2}) || len(p.AddingReplicas) != 0 ||
		len(p.Directories) != 3 || p.PartitionEpoch < 3 {
		t.Errorf("%+v", p)
	}
	if img.Broker(3) != nil || img.BrokerCount() != 2 || !img.Broker(1).InControlledShutdown {
		t.Error("broker 3 is gone and broker 1 about to")
	}
	if level, _ := img.Feature("metadata.version"); level != 30 || img.NextProducerID() != 3000 {
		t.Errorf("metadata.version %d, next producer id %d", level, img.NextProducerID())
	}
	if len(img.Config(image.TopicResource("g1")).Entries()) != 0 {
		t.Error("the setting was removed")
	}
}
