package metadata_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/metadata"
	"odradek/core/batch"
	"odradek/core/kafka"
)

var segment = flag.String("segment", "", "write our records into this file, for Kafka's dump tool")

// ours is one record of each kind, with every field set.
func ours() []metadata.Record {
	id := kafka.TopicID{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}
	dir, rack, name, value := metadata.UUID{15: 7}, "r1", "a name", "1000"
	change := metadata.NewPartitionChange(id, 1)
	change.ISR, change.Leader = []kafka.BrokerID{2}, 2
	moved := metadata.NewPartitionChange(id, 1)
	moved.Replicas, moved.AddingReplicas = []kafka.BrokerID{1, 2, 3}, []kafka.BrokerID{3}
	moved.RemovingReplicas = []kafka.BrokerID{1}
	moved.Directories = []metadata.UUID{dir, dir, dir}
	unclean := metadata.NewPartitionChange(id, 0)
	unclean.Leader, unclean.RecoveryState = kafka.NoBroker, metadata.Recovering
	unclean.ELR, unclean.LastKnownELR = []kafka.BrokerID{1}, []kafka.BrokerID{2}
	return []metadata.Record{
		&metadata.BeginTransactionRecord{Name: &name},
		&metadata.FeatureLevelRecord{Name: "metadata.version", Level: 30},
		&metadata.EndTransactionRecord{},
		&metadata.RegisterBrokerRecord{BrokerID: 1, BrokerEpoch: 12, IncarnationID: dir, Rack: &rack,
			Endpoints: []metadata.Endpoint{{Name: "PLAINTEXT", Host: "localhost", Port: 9092}},
			Features:  []metadata.Feature{{Name: "metadata.version", Min: 7, Max: 30}},
			LogDirs:   []metadata.UUID{dir}, CordonedLogDirs: []metadata.UUID{}},
		&metadata.BrokerRegistrationChangeRecord{BrokerID: 1, BrokerEpoch: 12, Fenced: metadata.Set,
			InControlledShutdown: metadata.Set, LogDirs: []metadata.UUID{dir}},
		&metadata.FenceBrokerRecord{BrokerID: 1, BrokerEpoch: 12},
		&metadata.UnfenceBrokerRecord{BrokerID: 1, BrokerEpoch: 12},
		&metadata.RegisterControllerRecord{ControllerID: 1, IncarnationID: dir,
			Endpoints: []metadata.Endpoint{{Name: "CONTROLLER", Host: "localhost", Port: 9093}}},
		&metadata.TopicRecord{Name: "orders", TopicID: id},
		&metadata.ConfigRecord{ResourceType: metadata.TopicResource, ResourceName: "orders",
			Name: "retention.ms", Value: &value},
		&metadata.ConfigRecord{ResourceType: metadata.BrokerResource, Name: "log.retention.ms"},
		&metadata.PartitionRecord{PartitionID: 0, TopicID: id, Replicas: []kafka.BrokerID{1, 2},
			ISR: []kafka.BrokerID{1, 2}, Leader: 1, Directories: []metadata.UUID{dir, dir}},
		&metadata.PartitionRecord{PartitionID: 1, TopicID: id, Replicas: []kafka.BrokerID{1, 2},
			ISR: []kafka.BrokerID{1}, Leader: 1, LeaderEpoch: 3, PartitionEpoch: 4,
			RecoveryState: metadata.Recovering, Directories: []metadata.UUID{dir, dir},
			ELR: []kafka.BrokerID{2}, LastKnownELR: []kafka.BrokerID{}},
		change, moved, unclean,
		&metadata.ClearELRRecord{TopicName: "orders"},
		&metadata.ProducerIDsRecord{BrokerID: 1, BrokerEpoch: 12, NextProducerID: 1000},
		&metadata.RemoveTopicRecord{TopicID: id},
		&metadata.UnregisterBrokerRecord{BrokerID: 1, BrokerEpoch: 12},
		&metadata.AbortTransactionRecord{Reason: &name},
		&metadata.ZkMigrationStateRecord{State: 0},
		&metadata.NoOpRecord{},
	}
}

// TestKafkaReadsOurs holds our bytes to those that Kafka's dump tool was given;
// below each stands what it made of them. To do it again: -segment a file called
// 00000000000000000000.log, dump that with --cluster-metadata-decoder, and put
// the payloads under the bytes.
func TestKafkaReadsOurs(t *testing.T) {
	b := batch.NewBuilder()
	var lines []string
	for _, record := range ours() {
		value := metadata.Append(nil, record)
		b.Append(1_700_000_000_000, nil, value)
		lines = append(lines, fmt.Sprintf("record %x", value))
	}
	if *segment != "" {
		if err := os.WriteFile(*segment, b.Build(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile("testdata/ours.txt")
	if err != nil {
		t.Fatal(err)
	}
	var dumped []string
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "record ") {
			dumped = append(dumped, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(dumped, lines); diff != "" {
		t.Error(diff)
	}
}
