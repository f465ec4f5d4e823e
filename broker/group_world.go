package broker

import (
	"iter"
	"time"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/core/group"
	"odradek/core/group/classic"
	"odradek/core/group/consumer"
	"odradek/core/group/offset"
	"odradek/core/kafka"
)

// groupTopics is the image as the group coordinator sees it.
type groupTopics struct {
	image *image.Image
	topicVersions
}

// topicVersions are offsets of the metadata log.
type topicVersions struct {
	// changed is that of the image in which a topic was last made, deleted or altered,
	// made that in which one was last made. Invariant: made <= changed.
	changed, made kafka.Offset
}

// note takes note of the topics that a new image has changed.
func (v *topicVersions) note(at kafka.Offset, changes []image.TopicChange) {
	for _, change := range changes {
		v.changed = at
		if change.Old == nil || change.New != nil && change.New.ID != change.Old.ID {
			v.made = at
		}
	}
}

// Version implements group.Topics.
func (g groupTopics) Version() int64 { return int64(g.changed) }

// Created implements group.Topics.
func (g groupTopics) Created() int64 { return int64(g.made) }

// Names implements group.Topics.
func (g groupTopics) Names(first string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for topic := range g.image.TopicsFrom(first) {
			if !yield(topic.Name) {
				return
			}
		}
	}
}

// Racks implements group.Topics.
func (g groupTopics) Racks(id kafka.TopicID, p kafka.Partition) (racks []string) {
	partition := g.image.Partition(kafka.TopicPartition{Topic: id, Partition: p})
	if partition == nil {
		return nil
	}
	for _, replica := range partition.Replicas {
		if broker := g.image.Broker(replica); broker != nil && broker.Rack != nil {
			racks = append(racks, *broker.Rack)
		}
	}
	return racks
}

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
		Consumer: consumerSettings(&g.Consumer, g.MaxSize),
		Offsets: offset.Settings{
			OffsetMetadataMaxBytes:  int32(g.Offsets.MetadataMaxBytes),
			OffsetsRetentionMinutes: int32(g.Offsets.RetentionMs / minuteMs),
		},
	}
}

const minuteMs = 60_000

func consumerSettings(g *config.ConsumerGroupSettings, classicMaxSize int) consumer.Settings {
	return consumer.Settings{
		SessionTimeout:        millis(g.SessionTimeoutMs),
		MinSessionTimeout:     millis(g.MinSessionTimeoutMs),
		MaxSessionTimeout:     millis(g.MaxSessionTimeoutMs),
		HeartbeatInterval:     millis(g.HeartbeatIntervalMs),
		MinHeartbeatInterval:  millis(g.MinHeartbeatIntervalMs),
		MaxHeartbeatInterval:  millis(g.MaxHeartbeatIntervalMs),
		AssignmentInterval:    millis(g.AssignmentIntervalMs),
		MinAssignmentInterval: millis(g.MinAssignmentIntervalMs),
		MaxAssignmentInterval: millis(g.MaxAssignmentIntervalMs),
		RegexRefreshInterval:  millis(g.RegexRefreshIntervalMs),
		MaxSize:               g.MaxSize,
		Assignors:             g.Assignors,
		MigrationPolicy:       consumer.MigrationPolicy(g.MigrationPolicy),
		ClassicMaxSize:        classicMaxSize,
	}
}

// groupConfig is what holds for one group of the consumer protocol.
func (s *Shard) groupConfig(name string) consumer.GroupConfig {
	own := s.view(s.image).GroupConfig(name)
	session, heartbeat := millis(own.SessionTimeoutMs), millis(own.HeartbeatIntervalMs)
	assignment := millis(own.AssignmentIntervalMs)
	return consumer.GroupConfig{SessionTimeout: &session, HeartbeatInterval: &heartbeat,
		AssignmentInterval: &assignment}
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
