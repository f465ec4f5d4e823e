package broker

import (
	"errors"

	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// Stop ends the node in good order: no more requests, every log and journal
// closed as after a clean shutdown. Then done is called, on this shard, and told
// whether all could be closed and marked so; if not, the next start recovers as
// after a crash. It is called on shard 0, between tasks.
func (s *Shard) Stop(done func(clean bool)) {
	s.world.Loop.Spawn("stop the node", func(t *task.Task) { done(s.stopAll(t)) })
}

// stopAll stops all shards. If each could close all it has, Kafka's files hold
// everything then, and the directory says so: the journals are not needed for the
// next start, and Kafka itself may be the next to start. If not, or if that can't
// be written, the next start takes it for a crash, which loses nothing.
func (s *Shard) stopAll(t *task.Task) (clean bool) {
	ends := make([]shardEnd, s.world.Shards.Count())
	s.onEach(t, s.everywhere(), "stop", func(t *task.Task, other *Shard) {
		ends[other.index()] = other.stop(t)
	})
	var logs []log.LogOffsets
	for _, end := range ends {
		if !end.clean {
			return false
		}
		logs = append(logs, end.logs...)
	}
	err := log.WriteCleanShutdown(t, s.world.Disk, logs)
	if err == nil {
		err = journal.NeedNoMore(t, s.world.Disk)
	}
	if err == nil {
		s.world.Trace.Event("stopped cleanly", "", int64(len(logs)), 0)
	}
	return err == nil
}

// shardEnd is how a shard's part in a stop went.
type shardEnd struct {
	logs []log.LogOffsets
	// clean is set when all that there was is closed: no partition is offline or
	// missing, and the shard had got so far as to serve.
	clean bool
}

func (s *Shard) stop(t *task.Task) (end shardEnd) {
	s.stopping = true
	for _, l := range s.listeners {
		l.Close()
	}
	if s.logs == nil {
		return end // it stops before it has started
	}
	end.clean = s.serving && s.hostsAll() && len(s.found.Missing) == 0
	closeLog := func(l *log.Log) {
		// The journal's failure is what the start after this one recovers from.
		if err := errors.Join(l.Failed(), l.Close(t)); err != nil {
			end.clean = false
			return
		}
		end.logs = append(end.logs, l.Offsets())
	}
	for _, c := range s.coordinatorsInOrder() {
		s.closeCoordinator(c.host.Partition.Partition)
	}
	for _, id := range s.hostIDs() {
		host := s.hosts[id]
		host.retired = true
		closeLog(host.Log)
	}
	if s.controller != nil {
		closeLog(s.controller.leader.Log)
	}
	if s.journal != nil && s.journal.Close(t) != nil {
		end.clean = false // as above
	}
	return end
}

// hostsAll reports whether the shard has every partition that is its own. One that
// was offline for want of room may have been opened since.
func (s *Shard) hostsAll() bool {
	for topic := range s.image.Topics() {
		for i, p := range topic.Partitions() {
			id := kafka.TopicPartition{Topic: topic.ID, Partition: kafka.Partition(i)}
			mine := p.Leader == s.node.NodeID && ownerOf(id, s.world.Shards.Count()) == s.index()
			if mine && s.hosts[id] == nil {
				return false
			}
		}
	}
	return true
}
