package controller_test

import (
	"testing"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/core/kafka"
)

// TestTheOffsetsTopicIsMadeOnce: with what the node was started with, and never
// again while it exists.
func TestTheOffsetsTopicIsMadeOnce(t *testing.T) {
	n := newNode(t, config.Entry{Name: "offsets.topic.num.partitions", Value: "7"},
		config.Entry{Name: "offsets.topic.segment.bytes", Value: "2000000"},
		config.Entry{Name: "auto.create.topics.enable", Value: "false"},
		config.Entry{Name: "log.cleanup.policy", Value: "delete"},
		config.Entry{Name: "compression.type", Value: "gzip"})
	records, code := controller.CreateOffsetsTopic(n.view, &n.random)
	if code != kafka.None || len(records) != 1+3+7 {
		t.Fatalf("%d records, %s", len(records), code)
	}
	n.apply(t, records)
	topic := n.view.Image.Topic(kafka.ConsumerOffsetsTopic)
	settings := n.view.TopicConfig(kafka.ConsumerOffsetsTopic)
	if topic.PartitionCount() != 7 || settings.SegmentBytes != 2000000 || !settings.CleanupCompact ||
		settings.CleanupDelete || settings.Compression != config.CompressionProducer {
		t.Errorf("%+v %+v", topic, settings)
	}
	if records, code = controller.CreateOffsetsTopic(n.view, &n.random); code != kafka.None ||
		len(records) != 0 {
		t.Errorf("%d records, %s", len(records), code)
	}
}

func TestWhyTheOffsetsTopicIsNotMade(t *testing.T) {
	few := newNode(t, config.Entry{Name: "offsets.topic.replication.factor", Value: "2"})
	if records, code := controller.CreateOffsetsTopic(few.view, &few.random); len(records) != 0 ||
		code != kafka.ErrInvalidReplicationFactor {
		t.Errorf("too few brokers: %d records, %s", len(records), code)
	}
	few.addBrokers(t, 2)
	records, code := controller.CreateOffsetsTopic(few.view, &few.random)
	if code != kafka.None {
		t.Errorf("enough brokers: %s", code)
	}
	few.apply(t, records)
	if p := few.view.Image.Topic(kafka.ConsumerOffsetsTopic).Partition(0); len(p.Replicas) != 2 {
		t.Errorf("%+v", p)
	}
	taken := newNode(t)
	taken.makeTopic(t, "__consumer.offsets", 1)
	if records, code := controller.CreateOffsetsTopic(taken.view, &taken.random); len(records) != 0 ||
		code != kafka.ErrInvalidTopicException {
		t.Errorf("a name that collides: %d records, %s", len(records), code)
	}
}

// TestTheLargestOffsetsTopicCanBeMade: what the setting allows, one request
// writes.
func TestTheLargestOffsetsTopicCanBeMade(t *testing.T) {
	n := newNode(t, config.Entry{Name: "offsets.topic.num.partitions", Value: "9996"})
	records, code := controller.CreateOffsetsTopic(n.view, &n.random)
	if code != kafka.None || len(records) != 10_000 {
		t.Errorf("%d records, %s", len(records), code)
	}
}
