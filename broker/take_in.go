package broker

import (
	"errors"
	"fmt"

	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/assert"
	"odradek/core/batch"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
	"odradek/replica"
)

// takeIn makes an image the shard's own: it makes and opens the partitions that
// are new, lets go of those that were deleted, and applies changed
// configurations. What it can't do leaves a partition offline; the metadata
// stand.
func (s *Shard) takeIn(t *task.Task, next *image.Image, changes image.Changes) {
	s.beginTakingIn(t)
	defer s.endTakingIn()
	previous := s.image
	if node, err := s.view(next).Layers().Node(); err == nil {
		s.node = &node // with the settings that change while the node runs
		s.limitConnections()
		if s.cleaner != nil {
			s.cleaner.SetConfig(s.cleanerConfig())
		}
	}
	gone := func(c image.TopicChange) bool {
		return c.Old != nil && (c.New == nil || c.New.ID != c.Old.ID)
	}
	for _, change := range changes.Topics {
		if gone(change) {
			s.leaving = append(s.leaving, change.Old.ID)
		}
	}
	for _, change := range changes.Topics {
		if gone(change) {
			s.dropTopic(t, change.Old)
		}
	}
	for _, change := range changes.Topics {
		if change.New != nil {
			s.openTopic(t, next, change.New)
		}
	}
	s.image, s.leaving = next, nil
	s.topicVersions.note(next.Provenance().LastOffset, changes.Topics)
	var deleted []string
	for _, change := range changes.Topics {
		if gone(change) {
			s.dropRoute(change.Old)
			deleted = append(deleted, change.Old.Name)
		}
	}
	for _, change := range changes.Topics {
		if change.New != nil {
			s.setRoute(change.New)
		}
	}
	s.reconfigure(previous, changes.Configs)
	s.topicsDeleted(deleted)
}

// openTopic opens the topic's partitions that this shard owns and doesn't have.
func (s *Shard) openTopic(t *task.Task, next *image.Image, topic *image.Topic) {
	settings := s.view(next).TopicConfig(topic.Name)
	var missing []kafka.TopicPartition
	for i, p := range topic.Partitions() {
		id := kafka.TopicPartition{Topic: topic.ID, Partition: kafka.Partition(i)}
		if ownerOf(id, s.world.Shards.Count()) != s.index() || p.Leader != s.node.NodeID {
			continue
		}
		if host := s.hosts[id]; host != nil {
			host.SetEpoch(p.LeaderEpoch)
			continue
		}
		missing = append(missing, id)
	}
	task.Each(t, "open a partition", len(missing), opensAtATime, func(t *task.Task, i int) {
		id := missing[i]
		epoch := topic.Partition(id.Partition).LeaderEpoch
		host, err := s.openPartition(t, topic.Name, id, epoch, settings)
		if err != nil {
			s.goesOffline(topic, id, err)
			return
		}
		if failed := host.Log.Failed(); errors.Is(failed, log.ErrCorrupt) {
			s.goesOffline(topic, id, failed) // its host answers for it
		}
		s.hosts[id] = host
		if topic.Name == kafka.ConsumerOffsetsTopic {
			s.openCoordinator(host)
		}
	})
}

// opensAtATime is how many partitions a shard opens or makes at the same time:
// what each waits for is mostly syncs, and the device does many as fast as one.
const opensAtATime = 32

func (s *Shard) openPartition(t *task.Task, topic string, id kafka.TopicPartition,
	epoch kafka.LeaderEpoch, settings config.TopicConfig) (*partition, error) {
	l, err := s.openLog(t, topic, id, logConfig(s.node, settings))
	if err != nil {
		return nil, err
	}
	h := &partition{Leader: replica.NewLeader(topic, l, id, epoch, s.node.NodeID)}
	h.rules.Codecs = s.codecs
	// Kafka looks into every record, and so does this broker: a batch that can't
	// be read would stop every consumer of the partition.
	h.rules.Inspect = batch.InspectAll
	h.rules.Partition = fmt.Sprintf("%s-%d", topic, id.Partition)
	h.configure(s.node, settings)
	return h, nil
}

// dropTopic lets go of a deleted topic's partitions.
func (s *Shard) dropTopic(t *task.Task, topic *image.Topic) {
	for i := range topic.Partitions() {
		id := kafka.TopicPartition{Topic: topic.ID, Partition: kafka.Partition(i)}
		host := s.hosts[id]
		if host == nil {
			continue
		}
		if topic.Name == kafka.ConsumerOffsetsTopic {
			s.closeCoordinator(id.Partition)
		}
		host.retired = true
		delete(s.hosts, id)
		host.Retire()
		if err := host.Log.Remove(t); err != nil {
			s.diskFailed(err)
		}
	}
}

// reconfigure applies changed configurations to the partitions concerned.
func (s *Shard) reconfigure(_ *image.Image, changed []image.Resource) {
	for _, resource := range changed {
		switch resource.Type {
		case metadata.TopicResource:
			if topic := s.image.Topic(resource.Name); topic != nil {
				s.reconfigureTopic(topic)
			}
		case metadata.BrokerResource:
			for topic := range s.image.Topics() {
				s.reconfigureTopic(topic)
			}
		}
	}
}

func (s *Shard) reconfigureTopic(topic *image.Topic) {
	settings := s.view(s.image).TopicConfig(topic.Name)
	for i := range topic.Partitions() {
		id := kafka.TopicPartition{Topic: topic.ID, Partition: kafka.Partition(i)}
		if host := s.hosts[id]; host != nil {
			host.configure(s.node, settings)
		}
	}
}

// configure gives a partition its topic's configuration.
func (h *partition) configure(node *config.Node, settings config.TopicConfig) {
	h.Log.SetConfig(logConfig(node, settings))
	h.insyncMin = settings.MinInsyncReplicas
	h.compactOnly = settings.CleanupCompact && !settings.CleanupDelete
	h.rules.Compression, h.rules.Level = compressionOf(settings)
	h.rules.TimestampType = batch.CreateTime
	if settings.LogAppendTime {
		h.rules.TimestampType = batch.LogAppendTime
	}
	h.rules.BeforeMaxMs = settings.TimestampBeforeMaxMs
	h.rules.AfterMaxMs = settings.TimestampAfterMaxMs
	h.rules.MaxMessageBytes = settings.MaxMessageBytes
	h.rules.CompactedTopic = settings.CleanupCompact
}

// compressionOf is the topic's compression.type and the level of its codec.
func compressionOf(settings config.TopicConfig) (batch.Compression, int) {
	compression, err := batch.ParseCompression(settings.Compression)
	assert.That(err == nil, "a topic's compression.type was checked when it was set")
	switch settings.Compression {
	case "gzip":
		return compression, settings.GzipLevel
	case "lz4":
		return compression, settings.Lz4Level
	case "zstd":
		return compression, settings.ZstdLevel
	}
	return compression, batch.DefaultLevel
}

// logConfig is what a log has to know of its topic's configuration.
func logConfig(node *config.Node, settings config.TopicConfig) log.Config {
	policy := log.Background
	if node.FlushDurable {
		policy = log.Durable
	}
	return log.Config{
		SegmentBytes:         int64(settings.SegmentBytes),
		SegmentMs:            settings.SegmentMs,
		SegmentJitterMs:      settings.SegmentJitterMs,
		SegmentIndexBytes:    int64(settings.SegmentIndexBytes),
		IndexIntervalBytes:   int64(settings.IndexIntervalBytes),
		RetentionBytes:       settings.RetentionBytes,
		RetentionMs:          settings.RetentionMs,
		Delete:               settings.CleanupDelete,
		Compact:              settings.CleanupCompact,
		DirtyRatioMin:        int64(settings.MinCleanableDirtyRatio),
		DeleteRetentionMs:    settings.DeleteRetentionMs,
		MinCompactionLagMs:   settings.MinCompactionLagMs,
		MaxCompactionLagMs:   settings.MaxCompactionLagMs,
		FileDeleteDelayMs:    settings.FileDeleteDelayMs,
		ProducerExpirationMs: node.ProducerIDExpirationMs,
		FlushPolicy:          policy,
	}
}
