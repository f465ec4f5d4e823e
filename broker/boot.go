package broker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"odradek/controller"
	"odradek/controller/config"
	"odradek/controller/image"
	"odradek/controller/metadata"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
	"odradek/replica"
)

// Config is what a node is booted with; every shard gets the same.
type Config struct {
	// Static is what config.Load made of the node's settings.
	Static *config.Static
	// Journal sizes the journals; the zero value has the defaults.
	Journal journal.Options
	// Ready, when set, is called once on shard 0 when the node serves, with the
	// listeners as they are and a report of what the start found.
	Ready func(listeners []config.Listener, report Report)
	// Tell, when set, is called on any shard with what a person should know of while
	// the node goes on: that a partition can't be compacted any more, and why.
	Tell func(news error)
}

// Report is what a start found in the log directory.
type Report struct {
	// Journal says what the journals held.
	Journal journal.Summary
	// Logs is how many logs were found, Recovery how long it took to make them
	// whole, and Opening how long from there until the node served.
	Logs     int
	Recovery log.Spent
	Opening  time.Duration
	// Topics and Partitions are what the node serves.
	Topics, Partitions int
	// Offline says which partitions could not be opened, and why.
	Offline []error
}

// Boot makes one shard of a broker. It is called on the shard's thread, once
// for each shard of the node; shard 0 then starts them all: it recovers the log
// directory, reads the metadata, registers the broker, and has every shard open
// its partitions and its doors. A node that can't start halts with the reason.
func Boot(w *env.World, c Config) *Shard {
	layers := config.StaticLayers(c.Static)
	node, err := layers.Node()
	if err != nil {
		w.Halt(err)
		return nil
	}
	s := newShard(w, &node)
	s.static = c.Static
	s.journalOptions, s.tell = c.Journal, c.Tell
	if s.index() == 0 {
		w.Loop.Spawn("start the node", func(t *task.Task) {
			if err := s.start(t, c.Ready); err != nil {
				w.Halt(err)
			}
		})
	}
	return s
}

// start is the life of a node until it serves. It runs on shard 0.
func (s *Shard) start(t *task.Task, ready func([]config.Listener, Report)) error {
	identity, err := loadMetaProperties(t, s.world, s.node.NodeID)
	if err != nil {
		return err
	}
	found, err := log.Recover(t, s.world.Disk)
	if err != nil {
		return err
	}
	recovered := t.Now()
	if err := s.openJournals(t, found, identity); err != nil {
		return err
	}
	loaded, open, err := s.openMetadata(t, found)
	if err != nil {
		return err
	}
	s.image = loaded
	if err := s.removeOrphans(t, found); err != nil {
		return err
	}
	listeners, err := s.listen(t)
	if err != nil {
		return err
	}
	if err := s.register(t, listeners, open); err != nil {
		return err
	}
	s.removeLeftovers(found)
	report := Report{Journal: found.Journal, Logs: len(found.Logs), Recovery: found.Spent,
		Opening: t.Now().Since(recovered), Topics: s.image.TopicCount(),
		Partitions: s.image.PartitionCount()}
	offline := make([][]error, s.world.Shards.Count())
	s.onEach(t, s.everywhere(), "serve", func(_ *task.Task, other *Shard) {
		offline[other.index()] = other.offline
		other.serve()
		other.world.Loop.Spawn("retention", other.retentionLoop)
		other.world.Loop.Spawn("retention of offsets", other.groupCleanupLoop)
		if other.node.Cleaner.Enabled {
			other.world.Loop.Spawn("cleaner", other.cleaningLoop)
		}
	})
	for _, errs := range offline {
		report.Offline = append(report.Offline, errs...)
	}
	s.world.Trace.Event("serves", "", int64(report.Topics), int64(report.Partitions))
	if ready != nil {
		ready(listeners, report)
	}
	return nil
}

// openJournals has every shard open its journal for the new run, and take note
// of the logs that were found.
func (s *Shard) openJournals(t *task.Task, found *log.Recovered, identity metaProperties) error {
	salt := s.world.Random.Fork("journal run").Uint64()
	run, err := found.Begin(t, s.world.Disk, salt, s.world.Shards.Count())
	if err != nil {
		return err
	}
	errs := make([]error, s.world.Shards.Count())
	s.onEach(t, s.everywhere(), "open journal", func(t *task.Task, other *Shard) {
		other.identity, other.found = identity, found
		options := other.journalOptions
		options.Run = run
		j, err := journal.Open(t, other.world.Disk, other.world.Loop, other.index(), options)
		if err != nil {
			errs[other.index()] = err
			return
		}
		other.journal = j
		j.OnFailure(other.diskFailed)
		// A shard that nobody writes to leaves a journal too, so that the next start
		// need not look for one in all of its files.
		j.Append(journal.Entry{Kind: journal.Nothing})
		other.logs = log.NewHome(other.world, j)
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return journal.Need(t, s.world.Disk, run, s.world.Shards.Count())
}

// openLog opens the log of a partition, or makes it when there was none.
func (s *Shard) openLog(t *task.Task, topic string, id kafka.TopicPartition,
	settings log.Config) (*log.Log, error) {
	if s.found != nil {
		if slices.Contains(s.found.Missing, id) {
			return nil, fmt.Errorf("%w: its directory is gone, and the journal has records of it",
				log.ErrCorrupt)
		}
		if known, ok := s.found.Find(id); ok {
			return log.Open(t, s.logs, known, settings)
		}
	}
	return log.Create(t, s.logs, topic, id, settings)
}

// openMetadata opens the metadata log and replays it. It reports whether a
// crash left a transaction open in it.
func (s *Shard) openMetadata(t *task.Task, found *log.Recovered) (
	loaded *image.Image, open bool, err error) {
	id := kafka.TopicPartition{Topic: kafka.MetadataTopicID()}
	if _, ok := found.Find(id); !ok && len(found.Logs) > 0 {
		return nil, false, fmt.Errorf("%w: it is missing, and there are %d partitions in the log"+
			" directory", ErrMetadataLog, len(found.Logs))
	}
	// Metadata are never lost, whatever flush.policy says, and no time or size
	// lets go of them: snapshots do.
	settings := log.DefaultConfig()
	settings.RetentionMs = -1
	l, err := s.openLog(t, kafka.MetadataTopic, id, settings)
	if err == nil {
		err = l.Failed()
	}
	if err != nil {
		return nil, false, fmt.Errorf("open the metadata log: %w", err)
	}
	loaded, err = loadSnapshot(t, s.world.Disk, l.Dir())
	if errors.Is(err, errNoSnapshot) {
		loaded, err = image.Empty(), nil
	}
	if err != nil {
		return nil, false, err
	}
	from := loaded.Provenance().LastOffset + 1
	if from < l.LogStartOffset() {
		return nil, false, fmt.Errorf("%w: it begins at offset %d and the snapshot ends at %d",
			ErrMetadataLog, l.LogStartOffset(), from)
	}
	loaded, open, err = replay(t, l, from, loaded)
	if err != nil {
		return nil, false, err
	}
	epoch := max(l.LastLeaderEpoch(), loaded.Provenance().LeaderEpoch, 0) + 1
	s.controller = &metadataLog{shard: s, ids: s.world.Random.Fork("topic ids"),
		leader:             replica.NewLeader(kafka.MetadataTopic, l, id, epoch, s.node.NodeID),
		bytesSinceSnapshot: l.SizeBytes()}
	return loaded, open, nil
}

// register writes what a start has to say: the new epoch, in a new cluster the
// first records, and this broker's registration. Then every shard takes the
// whole image in.
func (s *Shard) register(t *task.Task, listeners []config.Listener, open bool) error {
	m := s.controller
	if err := m.begin(t, open); err != nil {
		return err
	}
	delta := s.image.Begin()
	apply := func(records []metadata.Record) error {
		for _, r := range records {
			if err := delta.Apply(r); err != nil {
				return err
			}
		}
		return nil
	}
	first := controller.Bootstrap(s.image)
	if len(first) > 0 {
		if _, err := m.write(t, first); err != nil {
			return err
		}
		if err := apply(first); err != nil {
			return err
		}
	}
	next := m.leader.Log.LogEndOffset()
	registration := controller.Registration{BrokerID: s.node.NodeID,
		LogDir: metadata.UUID(s.identity.directoryID), Listeners: listeners, Rack: s.node.Rack}
	records := controller.RegisterBroker(s.view(s.image), registration, next, m.ids)
	last, err := m.write(t, records)
	if err != nil {
		return err
	}
	if err := apply(records); err != nil {
		return err
	}
	whole, _, err := delta.Finish(image.Provenance{LastOffset: last,
		LeaderEpoch: m.leader.Epoch(), Timestamp: s.world.Clock.Wall()})
	if err != nil {
		return err
	}
	s.image = image.Empty()
	m.publish(t, whole, everything(whole))
	return m.snapshotIfDue(t)
}

// removeOrphans deletes logs whose topic was deleted just before the node went
// down: a new topic may have the same name, and needs the directory's.
func (s *Shard) removeOrphans(t *task.Task, found *log.Recovered) error {
	for _, known := range found.Logs {
		id := known.Partition
		if id.Topic == kafka.MetadataTopicID() || s.image.Partition(id) != nil {
			continue
		}
		s.world.Trace.Event("orphan removed", known.Dir, int64(known.LogEndOffset()), 0)
		l, err := log.Open(t, s.logs, known, log.DefaultConfig())
		if err == nil {
			err = l.Remove(t)
		}
		if err != nil {
			return fmt.Errorf("remove the log of a deleted topic: %w", err)
		}
	}
	return nil
}

// removeLeftovers removes what deletions that were cut short have left, beside
// the traffic.
func (s *Shard) removeLeftovers(found *log.Recovered) {
	s.world.Loop.Spawn("remove what deletions left", func(t *task.Task) {
		for _, dir := range found.Leftovers {
			if err := log.RemoveLeftover(t, s.world.Disk, dir); err != nil {
				s.diskFailed(err)
				return
			}
		}
	})
}

// everything is the changes from nothing to an image.
func everything(whole *image.Image) image.Changes {
	var changes image.Changes
	for topic := range whole.Topics() {
		changes.Topics = append(changes.Topics, image.TopicChange{New: topic})
	}
	return changes
}

// isFullDisk reports whether an error only says that something was not written.
// A journal that failed for want of room has failed all the same.
func isFullDisk(err error) bool {
	return errors.Is(err, env.ErrNoSpace) && !errors.Is(err, env.ErrIO)
}
