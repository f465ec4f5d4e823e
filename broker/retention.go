package broker

import (
	"slices"
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
)

// retentionLoop drops what partitions no longer have to keep, every
// log.retention.check.interval.ms, in bounded steps beside the traffic.
func (s *Shard) retentionLoop(t *task.Task) {
	for {
		t.Sleep(time.Duration(s.node.RetentionCheckIntervalMs) * time.Millisecond)
		s.openAgain(t)
		for _, id := range s.hostIDs() {
			host := s.hosts[id]
			if host == nil || host.retired || host.Log.Failed() != nil {
				continue
			}
			if err := s.retain(t, host); err != nil {
				s.diskFailed(err)
			}
			if s.broken != nil {
				return
			}
		}
	}
}

func (s *Shard) retain(t *task.Task, host *partition) error {
	for !host.retired {
		more, err := host.Log.RetentionStep(s.world.Clock.Wall(), host.HighWatermark())
		if err != nil || !more {
			return err
		}
		t.Yield()
	}
	return nil
}

// hostIDs lists the shard's partitions in order.
func (s *Shard) hostIDs() []kafka.TopicPartition {
	ids := make([]kafka.TopicPartition, 0, len(s.hosts))
	//tidy:allow map-range the ids are sorted before they are used
	for id := range s.hosts {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, kafka.TopicPartition.Compare)
	return ids
}
