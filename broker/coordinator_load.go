package broker

import (
	"errors"
	"fmt"
	"time"

	"odradek/core/batch"
	"odradek/core/group"
	"odradek/core/group/decision"
	"odradek/core/group/record"
	"odradek/core/kafka"
	"odradek/core/task"
)

// reload begins to apply all records of the partition to a new group.Coordinator. Until it
// is done, requests are told to come back. Whoever waits for other members is told so, too:
// the members in the log are those who had joined, and find out by their next heartbeat.
func (c *coordinator) reload() {
	c.loading = true
	c.unload(kafka.ErrCoordinatorLoadInProgress)
	c.shard.world.Loop.Spawn("load groups", func(t *task.Task) {
		for err := c.load(t); err != nil && !c.closed; err = c.load(t) {
			c.broken = true
			c.shard.world.Trace.Event("groups cannot be loaded", err.Error(),
				int64(c.host.Partition.Partition), 0)
			t.Sleep(loadRetry)
		}
	})
}

// loadRetry is how long a coordinator whose log cannot be read waits before it reads it
// again: a read may fail once, and its groups shall not have to wait for a restart.
const loadRetry = time.Second

func (c *coordinator) load(t *task.Task) error {
	s := c.shard
	groups := group.New(group.Options{
		Settings:    func() group.Settings { return groupSettings(&s.node.Groups) },
		Random:      s.world.Random.Fork(fmt.Sprintf("groups %d", c.host.Partition.Partition)),
		Topics:      func() group.Topics { return groupTopics{s.image, s.topicVersions} },
		GroupConfig: s.groupConfig, Trace: s.world.Trace})
	count := int64(0)
	err := eachBatch(t, c.host.Log, c.host.Log.LogStartOffset(), func(b batch.Batch) error {
		n, err := applyGroupRecords(groups, b)
		count += n
		return err
	})
	if err != nil {
		return err
	}
	if c.closed {
		return nil
	}
	c.groups, c.loading, c.broken = groups, false, false
	s.world.Trace.Event("groups loaded", c.host.Topic, int64(c.host.Partition.Partition), count)
	_ = c.step(t, func(m decision.Moment) decision.Decision { return groups.Loaded(m) })
	return nil
}

// applyGroupRecords gives a batch's records to a coordinator that is being loaded. Records
// of kinds that this broker does not have are passed over: they stay in the log for one
// that does.
func applyGroupRecords(groups *group.Coordinator, b batch.Batch) (count int64, err error) {
	if b.IsControl() {
		return 0, nil
	}
	records := b.Records(batch.Limits{})
	for records.Next() {
		r := records.Record()
		one, err := record.Parse(r.Key, r.Value)
		if errors.Is(err, record.ErrUnknown) {
			continue
		}
		if err != nil {
			return count, fmt.Errorf("offset %d: %w", b.Offset(r), err)
		}
		groups.Apply(one)
		count++
	}
	return count, records.Err()
}

// groupCleanupLoop lets go of offsets and groups whose time has passed, every
// offsets.retention.check.interval.ms.
func (s *Shard) groupCleanupLoop(t *task.Task) {
	for {
		t.Sleep(time.Duration(s.node.Groups.Offsets.RetentionCheckIntervalMs) * time.Millisecond)
		for _, c := range s.coordinatorsInOrder() {
			c.repeat(t, func(m decision.Moment) decision.Decision { return c.groups.CleanUp(m) })
		}
	}
}

// repeat takes a step again and again while its decisions say that there is more to do,
// with other steps in between.
func (c *coordinator) repeat(t *task.Task, decide func(decision.Moment) decision.Decision) {
	for more := true; more; t.Yield() {
		code := c.step(t, func(m decision.Moment) decision.Decision {
			d := decide(m)
			more = d.More
			return d
		})
		more = more && code == kafka.None
	}
}

// topicsDeleted has all coordinators of the shard forget the offsets of topics that are no
// more. A crash before they have is made up for by the retention of offsets.
func (s *Shard) topicsDeleted(names []string) {
	if len(names) == 0 {
		return
	}
	for _, c := range s.coordinatorsInOrder() {
		s.world.Loop.Spawn("forget offsets of deleted topics", func(t *task.Task) {
			c.repeat(t, func(m decision.Moment) decision.Decision {
				return c.groups.TopicsDeleted(m, names)
			})
		})
	}
}

// coordinatorsInOrder lists the shard's coordinators by partition.
func (s *Shard) coordinatorsInOrder() []*coordinator {
	var list []*coordinator
	for _, id := range s.hostIDs() {
		if c := s.coordinators[id.Partition]; c != nil && c.host == s.hosts[id] {
			list = append(list, c)
		}
	}
	return list
}
