package controller

import (
	"strconv"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/kafka"
)

// View is what decisions are made on.
type View struct {
	// ClusterID names the cluster: 22 characters of URL-safe base64.
	ClusterID string
	// NodeID is this node.
	NodeID kafka.BrokerID
	// Static is what this node was started with.
	Static *config.Static
	// Image is the metadata with every record that was written.
	Image *image.Image
}

// Layers are the places that set this node's settings now.
func (v View) Layers() config.Layers {
	return config.Layers{
		Broker:     v.Image.Config(image.BrokerResource(v.NodeID)),
		AllBrokers: v.Image.Config(image.ClusterResource()),
		Static:     v.Static,
	}
}

// TopicConfig returns the settings of a topic as they hold now.
func (v View) TopicConfig(topic string) config.TopicConfig {
	return v.Layers().TopicConfig(v.Image.Config(image.TopicResource(topic)))
}

// GroupConfig returns the settings of a group of the consumer protocol as they
// hold now.
func (v View) GroupConfig(group string) config.GroupConfig {
	return v.Layers().GroupConfig(v.Image.Config(image.GroupResource(group)))
}

// setting returns a number among this node's settings.
func (v View) setting(name string) int64 {
	value, _, _ := v.Layers().BrokerValue(name)
	number, _ := strconv.ParseInt(value, 10, 64)
	return number
}

// enabled reports whether a yes-or-no among this node's settings is yes.
func (v View) enabled(name string) bool {
	value, _, _ := v.Layers().BrokerValue(name)
	return value == "true"
}

// Random gives the numbers that ids are made of.
type Random interface{ Uint64() uint64 }

// newTopicID makes an id that no topic has, never was reserved, and does not
// begin with '-', which tools would take for a flag. It has the form of a random
// UUID, version 4, as Kafka's ids have.
func newTopicID(img *image.Image, random Random) kafka.TopicID {
	for {
		id := kafka.TopicID(randomUUID(random))
		reserved := id.IsZero() || id == kafka.MetadataTopicID() || id.String()[0] == '-'
		if !reserved && img.TopicByID(id) == nil {
			return id
		}
	}
}

// randomUUID makes a UUID of version 4.
func randomUUID(random Random) metadata.UUID {
	var id metadata.UUID
	high, low := random.Uint64(), random.Uint64()
	for i := range 8 {
		id[i], id[8+i] = byte(high>>(56-8*i)), byte(low>>(56-8*i))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
