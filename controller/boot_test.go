package controller_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

func TestBootstrapIsWrittenOnce(t *testing.T) {
	n := newNode(t)
	if again := controller.Bootstrap(n.view.Image); len(again) != 0 {
		t.Errorf("%d records", len(again))
	}
	level, ok := n.view.Image.Feature(controller.MetadataVersionFeature)
	if !ok || level != controller.MetadataVersionMax {
		t.Error("metadata.version is not finalized")
	}
	for name := range n.view.Image.Features() {
		if name != controller.MetadataVersionFeature {
			t.Errorf("%s is claimed", name)
		}
	}
}

// makeTopic creates a topic with defaults.
func (n *node) makeTopic(t testing.TB, name string, partitions int32) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Version = 7
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, -1
	request.Topics = append(request.Topics, topic)
	records, response := controller.CreateTopics(n.view, request, &n.random)
	if response.Topics[0].ErrorCode != 0 {
		t.Fatalf("%+v", response)
	}
	n.apply(t, records)
}

// TestARestartBeginsNewEpochs: a broker that comes back is another incarnation
// with a higher epoch, and leads its partitions under higher leader epochs.
func TestARestartBeginsNewEpochs(t *testing.T) {
	n := newNode(t)
	n.makeTopic(t, "a", 2)
	before := n.view.Image.Broker(1)
	offset := n.next
	n.apply(t, controller.RegisterBroker(n.view, controller.Registration{BrokerID: 1,
		LogDir: metadata.UUID{1}, Listeners: plaintext()}, n.next, &n.random))
	after := n.view.Image.Broker(1)
	if after.IncarnationID == before.IncarnationID || after.Epoch != kafka.BrokerEpoch(offset) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	for _, p := range n.view.Image.Topic("a").Partitions() {
		if p.LeaderEpoch != 1 || p.Leader != 1 || p.PartitionEpoch != 1 {
			t.Errorf("%+v", p)
		}
	}
}

// TestALeaderlessPartitionIsLedAgain: a broker that Kafka shut down in an orderly
// way left its partitions without a leader.
func TestALeaderlessPartitionIsLedAgain(t *testing.T) {
	n := newNode(t)
	n.makeTopic(t, "a", 1)
	change := metadata.NewPartitionChange(n.view.Image.Topic("a").ID, 0)
	change.Leader = kafka.NoBroker
	n.apply(t, []metadata.Record{change})
	n.apply(t, controller.RegisterBroker(n.view, controller.Registration{BrokerID: 1,
		LogDir: metadata.UUID{1}, Listeners: plaintext()}, n.next, &n.random))
	if p := n.view.Image.Topic("a").Partition(0); p.Leader != 1 || p.LeaderEpoch != 2 {
		t.Errorf("%+v", p)
	}
}

func TestProducerIDsAreGivenOnce(t *testing.T) {
	n := newNode(t)
	epoch := n.view.Image.Broker(1).Epoch
	end := kafka.ProducerID(0)
	for range 3 {
		records, block, code := controller.AllocateProducerIDs(n.view, 1, epoch)
		if code != kafka.None || block.First != end || block.End != block.First+1000 {
			t.Fatalf("%+v %s", block, code)
		}
		end = block.End
		n.apply(t, records)
	}
	for broker, want := range map[kafka.BrokerID]kafka.ErrorCode{1: kafka.ErrStaleBrokerEpoch,
		2: kafka.ErrBrokerIDNotRegistered} {
		records, _, code := controller.AllocateProducerIDs(n.view, broker, epoch+1)
		if code != want || len(records) != 0 {
			t.Errorf("broker %d: %s", broker, code)
		}
	}
	n.apply(t, []metadata.Record{&metadata.ProducerIDsRecord{NextProducerID: math.MaxInt64 - 999}})
	if _, _, code := controller.AllocateProducerIDs(n.view, 1, epoch); code == kafka.None {
		t.Error("ids beyond 2^63 were given")
	}
}

func TestAutoCreation(t *testing.T) {
	n := newNode(t, config.Entry{Name: "num.partitions", Value: "3"})
	names := []string{"new", "bad/name", "__cluster_metadata", ""}
	want := []kafka.ErrorCode{kafka.ErrUnknownTopicOrPartition, kafka.ErrInvalidTopicException,
		kafka.ErrInvalidTopicException, kafka.ErrInvalidTopicException}
	records, codes := controller.AutoCreateTopics(n.view, names, false, &n.random)
	if len(records) != 0 || !cmp.Equal(codes, want) {
		t.Errorf("not allowed: %d records, %v", len(records), codes)
	}
	records, codes = controller.AutoCreateTopics(n.view, names, true, &n.random)
	if len(records) != 4 || !cmp.Equal(codes, want) {
		t.Errorf("%d records, %v", len(records), codes)
	}
	n.apply(t, records)
	if topic := n.view.Image.Topic("new"); topic.PartitionCount() != 3 {
		t.Errorf("%d partitions", topic.PartitionCount())
	}
	n.makeTopic(t, "a.b", 1)
	if _, codes = controller.AutoCreateTopics(n.view, []string{"a_b"}, true,
		&n.random); codes[0] != kafka.ErrInvalidTopicException {
		t.Errorf("a name that collides: %v", codes)
	}

	off := newNode(t, config.Entry{Name: "auto.create.topics.enable", Value: "false"})
	if records, codes = controller.AutoCreateTopics(off.view, names, true,
		&off.random); len(records) != 0 || !cmp.Equal(codes, want) {
		t.Errorf("switched off: %d records, %v", len(records), codes)
	}
	few := newNode(t, config.Entry{Name: "default.replication.factor", Value: "2"})
	if _, codes = controller.AutoCreateTopics(few.view, []string{"x"}, true,
		&few.random); codes[0] != kafka.ErrInvalidReplicationFactor {
		t.Errorf("too few brokers: %v", codes)
	}
}

func TestSettingsOfATopic(t *testing.T) {
	n := newNode(t, config.Entry{Name: "log.segment.bytes", Value: "2000000"})
	n.makeTopic(t, "a", 1)
	value := "7"
	n.apply(t, []metadata.Record{
		&metadata.ConfigRecord{ResourceType: metadata.TopicResource, ResourceName: "a",
			Name: "retention.ms", Value: &value},
		&metadata.ConfigRecord{ResourceType: metadata.BrokerResource, ResourceName: "1",
			Name: "message.max.bytes", Value: &value}})
	got := n.view.TopicConfig("a")
	if got.RetentionMs != 7 || got.MaxMessageBytes != 7 || got.SegmentBytes != 2000000 {
		t.Errorf("%+v", got)
	}
}

// TestPlacement spreads replicas over racks and leaders over brokers.
func TestPlacement(t *testing.T) {
	n := newNode(t, config.Entry{Name: "broker.rack", Value: "r1"})
	for id, rack := range []string{"r1", "r2", "r2", "r3", "r3"} {
		n.apply(t, controller.RegisterBroker(n.view, controller.Registration{
			BrokerID: kafka.BrokerID(id + 2), LogDir: metadata.UUID{9}, Rack: &rack}, n.next, &n.random))
	}
	fenced := n.view.Image.Broker(6)
	n.apply(t, []metadata.Record{&metadata.BrokerRegistrationChangeRecord{BrokerID: 6,
		BrokerEpoch: fenced.Epoch, Fenced: metadata.Set}})
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Version = 7
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "a", 60, 3
	request.Topics = append(request.Topics, topic)
	records, _ := controller.CreateTopics(n.view, request, &n.random)
	n.apply(t, records)
	leads := map[kafka.BrokerID]int{}
	for i, p := range n.view.Image.Topic("a").Partitions() {
		racks := map[string]bool{}
		for _, id := range p.Replicas {
			racks[*n.view.Image.Broker(id).Rack] = true
		}
		if len(racks) != 3 || slices.Contains(p.ISR, 6) {
			t.Errorf("partition %d is in %d racks: %v", i, len(racks), p.Replicas)
		}
		leads[p.Leader]++
	}
	for id := kafka.BrokerID(1); id <= 5; id++ {
		if leads[id] < 8 {
			t.Errorf("broker %d leads %d of 60", id, leads[id])
		}
	}
	if leads[6] != 0 {
		t.Error("a fenced broker leads")
	}
}

// TestDescribeClusterByListener: a broker without the listener is left out, and
// one that is fenced is shown only on request.
func TestDescribeClusterByListener(t *testing.T) {
	n := newNode(t)
	n.addBrokers(t, 3)
	n.apply(t, []metadata.Record{&metadata.BrokerRegistrationChangeRecord{BrokerID: 2,
		BrokerEpoch: n.view.Image.Broker(2).Epoch, Fenced: metadata.Set}})
	for _, c := range []struct {
		listener string
		fenced   bool
		want     int
	}{{"PLAINTEXT", false, 2}, {"PLAINTEXT", true, 3}, {"OTHER", true, 0}} {
		request := kmsg.NewPtrDescribeClusterRequest()
		request.Version, request.IncludeFencedBrokers = 2, c.fenced
		response := controller.DescribeCluster(n.view, request, c.listener)
		if len(response.Brokers) != c.want || response.ControllerID != 1 {
			t.Errorf("%s: %+v", c.listener, response)
		}
	}
}

// BenchmarkOneOfTenThousand measures a request that alters one of many topics:
// it must cost about the change.
func BenchmarkOneOfTenThousand(b *testing.B) {
	n := newNode(b)
	delta := n.view.Image.Begin()
	for i := range 10_000 {
		id := kafka.TopicID{0: 1, 12: byte(i >> 8), 13: byte(i)}
		records := []metadata.Record{
			&metadata.TopicRecord{Name: "topic-" + id.String(), TopicID: id},
			&metadata.PartitionRecord{TopicID: id, Replicas: []kafka.BrokerID{1},
				ISR: []kafka.BrokerID{1}, Leader: 1}}
		for _, record := range records {
			if err := delta.Apply(record); err != nil {
				b.Fatal(err)
			}
		}
	}
	img, _, err := delta.Finish(image.Provenance{})
	if err != nil {
		b.Fatal(err)
	}
	n.view.Image = img
	b.Run("change", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			change := metadata.NewPartitionChange(kafka.TopicID{0: 1}, 0)
			change.Leader = 1
			delta := n.view.Image.Begin()
			if err := delta.Apply(change); err != nil {
				b.Fatal(err)
			}
			n.view.Image, _, _ = delta.Finish(image.Provenance{})
		}
	})
	b.Run("create and delete", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n.makeTopic(b, "one", 1)
			n.apply(b, []metadata.Record{
				&metadata.RemoveTopicRecord{TopicID: n.view.Image.Topic("one").ID}})
		}
	})
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := image.Load(n.view.Image.Records(), image.Provenance{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
