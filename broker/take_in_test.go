package broker

import (
	"testing"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
)

// What is set for all brokers while a node runs holds for it at once.
func TestChangedSettingsOfTheNodeAreTakenIn(t *testing.T) {
	static, _, err := config.Load(config.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	node, err := config.StaticLayers(static).Node()
	if err != nil {
		t.Fatal(err)
	}
	s := &Shard{node: &node, static: static, image: image.Empty()}
	value := "4711"
	delta := s.image.Begin()
	err = delta.Apply(&metadata.ConfigRecord{ResourceType: metadata.BrokerResource,
		Name: config.ProducerIDExpirationMs, Value: &value})
	if err != nil {
		t.Fatal(err)
	}
	next, changes, err := delta.Finish(image.Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	s.takeIn(nil, next, changes)
	if got := s.node.ProducerIDExpirationMs; got != 4711 {
		t.Errorf("%s is %d", config.ProducerIDExpirationMs, got)
	}
}
