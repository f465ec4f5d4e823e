package broker

import (
	"errors"
	"time"

	"odradek/core/compact"
	"odradek/core/log"
	"odradek/core/task"
)

// cleanerPauseMin is the least that the cleaner sleeps when it has found nothing to do:
// log.cleaner.backoff.ms may be 0.
const cleanerPauseMin = 10 * time.Millisecond

// cleaningLoop compacts the dirtiest of the shard's logs, one after the other, in small
// steps beside the traffic. Source: Kafka, LogCleaner.CleanerThread.
func (s *Shard) cleaningLoop(t *task.Task) {
	s.cleaner = log.NewCleaner(s.logs, s.world.Random.Fork("cleaner"), s.cleanerConfig())
	for s.broken == nil && !s.stopping {
		if !s.cleanDirtiest(t) {
			backoff := time.Duration(s.node.Cleaner.BackoffMs) * time.Millisecond
			t.Sleep(max(backoff, cleanerPauseMin))
		}
	}
}

// cleanerConfig is the shard's part of what the node's settings give the cleaner.
func (s *Shard) cleanerConfig() log.CleanerConfig {
	c, shards := &s.node.Cleaner, int64(s.world.Shards.Count())
	config := log.CleanerConfig{KeyMapBytes: c.DedupeBytes / shards,
		LoadFactor: compact.LoadFactor(c.LoadFactor), ReadBytes: c.ReadBytes / shards}
	if c.BytesPerSecondMax > 0 {
		config.BytesPerSecondMax = max(c.BytesPerSecondMax/shards, 1)
	}
	return config
}

// cleanDirtiest compacts the log of which the largest part is new, and reports whether
// it got any further.
func (s *Shard) cleanDirtiest(t *task.Task) bool {
	host, dirt, err := s.dirtiest()
	if err != nil || host == nil {
		s.cleaningFailed(host, err)
		return false
	}
	size := host.Log.SizeBytes()
	cleaned, err := s.cleaner.Clean(t, host.Log, dirt)
	if err != nil {
		s.cleaningFailed(host, err)
		return false
	}
	s.world.Trace.Event("compacted", host.Topic, int64(cleaned.From), int64(cleaned.End))
	s.world.Trace.Sometimes("cleaner: a pass makes the log smaller", host.Log.SizeBytes() < size)
	return cleaned.End > cleaned.From
}

// dirtiest finds the log that is due and of which the largest part is new. A log that
// could not be compacted in time otherwise is rolled.
func (s *Shard) dirtiest() (found *partition, most log.Dirt, err error) {
	now := s.world.Clock.Wall()
	for _, id := range s.hostIDs() {
		host := s.hosts[id]
		if host.retired {
			continue
		}
		if err := host.Log.RollForCompaction(now); err != nil {
			return host, most, err
		}
		d := host.Log.Dirt(now, host.LastStableOffset())
		if d.Due() && (found == nil || d.Ratio() > most.Ratio()) {
			found, most = host, d
		}
	}
	return found, most, nil
}

// cleaningFailed decides what an error of the cleaner means. A log that can't be read
// is left as it is, and a person is told; one that went away, or a disk without room,
// is looked at again later.
func (s *Shard) cleaningFailed(host *partition, err error) {
	switch {
	case err == nil || errors.Is(err, log.ErrInterrupted) || s.stopping:
	case errors.Is(err, log.ErrUncleanable):
		s.world.Trace.Event("can't be compacted", host.Topic, int64(host.Partition.Partition), 0)
		if s.tell != nil {
			s.tell(err)
		}
	default:
		s.diskFailed(err)
	}
}
