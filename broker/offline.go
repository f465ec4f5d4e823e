package broker

import (
	"errors"
	"fmt"
	"slices"

	"odradek/controller/image"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// offlineCode answers for a partition that the metadata has and its shard does
// not. Clients ask again after it.
const offlineCode = kafka.ErrKafkaStorageError

// absentCode answers for a partition that was routed here and is not here: it is
// offline, or its topic has just been deleted. Some clients give up at a storage
// error, and none does when it has to look for the leader again: then it finds
// that the topic is gone, or another one of its name.
func (s *Shard) absentCode(id kafka.TopicPartition) kafka.ErrorCode {
	if s.image.Partition(id) == nil || slices.Contains(s.leaving, id.Topic) {
		return kafka.ErrNotLeaderOrFollower
	}
	return offlineCode
}

// goesOffline enters that a partition could not be opened, or was found corrupt. A
// full disk leaves it to be tried again; whatever else is wrong, only a start can
// look at anew. Corruption is that partition's own: the node serves the others.
func (s *Shard) goesOffline(topic *image.Topic, id kafka.TopicPartition, err error) {
	s.world.Trace.Event("partition offline", topic.Name, int64(id.Partition), 0)
	s.offline = append(s.offline, fmt.Errorf("%s-%d: %w", topic.Name, id.Partition, err))
	if isFullDisk(err) {
		s.unopened = append(s.unopened, id)
	}
	if !errors.Is(err, log.ErrCorrupt) {
		s.diskFailed(err)
	}
}

// beginTakingIn waits until no other task opens or drops partitions: two that
// opened the same one would both own its files.
func (s *Shard) beginTakingIn(t *task.Task) {
	for s.takingIn {
		// Without a deadline the wait only ends by a notification.
		_ = s.takenIn.Wait(t, kafka.Never, "another change of the shard's partitions")
	}
	s.takingIn = true
}

func (s *Shard) endTakingIn() {
	s.takingIn = false
	s.takenIn.Notify()
}

// openAgain tries to open the partitions for which the disk had no room. A
// topic that was deleted meanwhile is not found any more, which is all right.
func (s *Shard) openAgain(t *task.Task) {
	s.beginTakingIn(t)
	defer s.endTakingIn()
	again := s.unopened
	s.unopened = nil
	for _, id := range again {
		if topic := s.image.TopicByID(id.Topic); topic != nil && s.hosts[id] == nil {
			s.openTopic(t, s.image, topic)
			s.setRoute(topic)
		}
	}
}
