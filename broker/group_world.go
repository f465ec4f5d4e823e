package broker

import (
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/core/group"
	"odradek/core/group/classic"
	"odradek/core/group/offset"
	"odradek/core/kafka"
)

// groupTopics is the image as the group coordinator sees it.
type groupTopics struct{ image *image.Image }

// TopicID implements group.Topics.
func (g groupTopics) TopicID(name string) (kafka.TopicID, bool) {
	topic := g.image.Topic(name)
	if topic == nil {
		return kafka.TopicID{}, false
	}
	return topic.ID, true
}

// TopicName implements group.Topics.
func (g groupTopics) TopicName(id kafka.TopicID) (string, bool) {
	topic := g.image.TopicByID(id)
	if topic == nil {
		return "", false
	}
	return topic.Name, true
}

// PartitionCount implements group.Topics.
func (g groupTopics) PartitionCount(id kafka.TopicID) int32 {
	topic := g.image.TopicByID(id)
	if topic == nil {
		return 0
	}
	return int32(topic.PartitionCount())
}

// groupSettings is what a node's settings say to the group coordinator. They were checked
// to be within what the protocol's 32 bits hold.
func groupSettings(g *config.GroupSettings) group.Settings {
	return group.Settings{
		Classic: classic.Settings{
			GroupMinSessionTimeoutMs:     int32(g.MinSessionTimeoutMs),
			GroupMaxSessionTimeoutMs:     int32(g.MaxSessionTimeoutMs),
			GroupInitialRebalanceDelayMs: int32(g.InitialRebalanceDelayMs),
			GroupMaxSize:                 int32(min(g.MaxSize, 1<<31-1)),
		},
		Offsets: offset.Settings{
			OffsetMetadataMaxBytes:  int32(g.Offsets.MetadataMaxBytes),
			OffsetsRetentionMinutes: int32(g.Offsets.RetentionMs / minuteMs),
		},
	}
}

const minuteMs = 60_000
