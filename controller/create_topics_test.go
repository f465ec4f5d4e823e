package controller_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// counter is a Random whose numbers can be told apart.
type counter uint64

func (c *counter) Uint64() uint64 {
	*c++
	return uint64(*c) * 0x9e3779b97f4a7c15
}

// node is one node that decides and applies at once.
type node struct {
	view   controller.View
	random counter
	next   kafka.Offset
}

// newNode boots a node with the given settings.
func newNode(t testing.TB, settings ...config.Entry) *node {
	t.Helper()
	static, _, err := config.Load(config.Sources{Flags: settings})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{view: controller.View{ClusterID: "odradekPeerClusterId00", NodeID: 1,
		Static: static, Image: image.Empty()}}
	n.apply(t, controller.Bootstrap(n.view.Image))
	resolved, err := config.StaticLayers(static).Node()
	if err != nil {
		t.Fatal(err)
	}
	n.apply(t, controller.RegisterBroker(n.view, controller.Registration{BrokerID: 1,
		LogDir: metadata.UUID{1}, Listeners: plaintext(), Rack: resolved.Rack}, n.next, &n.random))
	return n
}

func plaintext() []config.Listener {
	return []config.Listener{{Name: "PLAINTEXT", AdvertisedHost: "localhost", AdvertisedPort: 9092}}
}

// apply takes records in as the log would: through their bytes.
func (n *node) apply(t testing.TB, records []metadata.Record) {
	t.Helper()
	delta := n.view.Image.Begin()
	for _, record := range records {
		read, err := metadata.Parse(metadata.Append(nil, record))
		if err != nil {
			t.Fatal(err)
		}
		if err := delta.Apply(read); err != nil {
			t.Fatal(err)
		}
		n.next++
	}
	img, _, err := delta.Finish(image.Provenance{LastOffset: n.next - 1})
	if err != nil {
		t.Fatal(err)
	}
	n.view.Image = img
}

func TestCreateAndDelete(t *testing.T) {
	n := newNode(t)
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Version = 7
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "orders", 3, -1
	request.Topics = append(request.Topics, topic)
	records, response := controller.CreateTopics(n.view, request, &n.random)
	if len(records) != 4 || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("%d records, %+v", len(records), response)
	}
	n.apply(t, records)
	if made := n.view.Image.Topic("orders"); made == nil || made.PartitionCount() != 3 ||
		made.Partition(2).Leader != 1 || made.ID != response.Topics[0].TopicID {
		t.Fatalf("%+v", made)
	}
	deletion := kmsg.NewPtrDeleteTopicsRequest()
	deletion.Version = 6
	gone := kmsg.NewDeleteTopicsRequestTopic()
	gone.TopicID = response.Topics[0].TopicID
	deletion.Topics = append(deletion.Topics, gone)
	records, answer := controller.DeleteTopics(n.view, deletion)
	if answer.Topics[0].ErrorCode != 0 || *answer.Topics[0].Topic != "orders" {
		t.Fatalf("%+v", answer)
	}
	n.apply(t, records)
	if n.view.Image.TopicCount() != 0 {
		t.Fatal("it is still there")
	}
}
