package log_test

import (
	"fmt"
	"testing"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// node is one run of a broker that has nothing but logs.
type node struct {
	disk      *disktest.Disk
	loop      *task.Loop
	clock     *clock
	home      *log.Home
	recovered *log.Recovered
}

// clock is a wall clock that tests set.
type clock struct{ wall kafka.Timestamp }

func (c *clock) Now() kafka.Instant    { return 0 }
func (c *clock) Wall() kafka.Timestamp { return c.wall }

// counterRandom counts: enough for names and jitter.
type counterRandom struct{ n uint64 }

func (r *counterRandom) Uint64() uint64         { r.n++; return r.n * 0x9e3779b97f4a7c15 }
func (r *counterRandom) Fork(string) env.Random { return &counterRandom{n: r.n} }

// drive runs body as a task until it has ended or, when turns is positive, for
// that many turns. Time passes when nothing else can happen.
func drive(loop *task.Loop, turns int, body func(t *task.Task)) (ended bool) {
	handle := loop.Spawn("test", body)
	for i := 0; handle.Alive() && (turns == 0 || i < turns); i++ {
		if more := loop.Turn(loop.Now()); !more {
			if next := loop.NextDeadline(); next != kafka.Never {
				loop.Turn(next)
			}
		}
	}
	return !handle.Alive()
}

// boot recovers a disk and begins a run with one shard.
func boot(t *task.Task, disk *disktest.Disk, options journal.Options) (*node, error) {
	n := &node{disk: disk, loop: t.Loop(), clock: &clock{wall: 1_700_000_000_000}}
	var err error
	if n.recovered, err = log.Recover(t, disk); err != nil {
		return nil, err
	}
	if options.Run, err = n.recovered.Begin(t, disk, 99, 1); err != nil {
		return nil, err
	}
	j, err := journal.Open(t, disk, n.loop, 0, options)
	if err != nil {
		return nil, err
	}
	n.home = log.NewHome(&env.World{Disk: disk, Loop: n.loop, Clock: n.clock,
		Random: &counterRandom{}}, j)
	return n, nil
}

// smallJournal makes files fill and be given up within a few appends.
func smallJournal() journal.Options {
	return journal.Options{FileBytes: 32 * env.BlockSize, CommitBytes: 4 * env.BlockSize}
}

// openAll opens what was recovered, and creates what was not.
func (n *node) openAll(t *task.Task, partitions int, config log.Config) ([]*log.Log, error) {
	var logs []*log.Log
	for i := range partitions {
		l, err := n.openOne(t, i, config)
		if err != nil {
			return nil, err
		}
		logs = append(logs, l)
	}
	return logs, nil
}

func (n *node) openOne(t *task.Task, i int, config log.Config) (*log.Log, error) {
	if found, ok := n.recovered.Find(partition(i)); ok {
		return log.Open(t, n.home, found, config)
	}
	return log.Create(t, n.home, "orders", partition(i), config)
}

// close ends the run as a clean shutdown does.
func (n *node) close(t *task.Task, logs ...*log.Log) error {
	var offsets []log.LogOffsets
	for _, l := range logs {
		if err := l.Close(t); err != nil {
			return err
		}
		offsets = append(offsets, l.Offsets())
	}
	if err := n.home.Journal.Close(t); err != nil {
		return err
	}
	return log.WriteCleanShutdown(t, n.disk, offsets)
}

func partition(i int) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: kafka.TopicID{7}, Partition: kafka.Partition(i)}
}

// withNode runs body on a new node over a disk.
func withNode(
	t *testing.T, disk *disktest.Disk, body func(tt *task.Task, n *node),
) {
	t.Helper()
	loop := task.NewLoop(0)
	ended := drive(loop, 0, func(tt *task.Task) {
		n, err := boot(tt, disk, smallJournal())
		if err != nil {
			t.Error(err)
			return
		}
		body(tt, n)
	})
	if !ended {
		t.Error("the test did not end")
	}
	loop.Close()
}

// withLog runs body on a node with one log.
func withLog(
	t *testing.T, disk *disktest.Disk, config log.Config,
	body func(tt *task.Task, n *node, l *log.Log),
) {
	t.Helper()
	withNode(t, disk, func(tt *task.Task, n *node) {
		l, err := n.openOne(tt, 0, config)
		if err != nil {
			t.Error(err)
			return
		}
		body(tt, n, l)
	})
}

// records builds a batch of n records of about size bytes in all.
func records(n, size int, timestamp kafka.Timestamp) batch.Batch {
	b := batch.NewBuilder()
	for i := range n {
		value := make([]byte, max(0, size/n-10))
		for j := range value {
			value[j] = byte(i + j)
		}
		b.Append(timestamp, fmt.Appendf(nil, "k%d", i), value)
	}
	return b.Build()
}

// mustAppend appends a batch that has no reason to fail.
func mustAppend(t *testing.T, l *log.Log, b batch.Batch, epoch kafka.LeaderEpoch) log.Appended {
	t.Helper()
	appended, code, err := l.Append(b, epoch)
	if err != nil || code != kafka.None {
		t.Fatalf("append: %v, %v", code, err)
	}
	return appended
}

// contents reads a log from its start to its end, and checks every batch.
func contents(t *task.Task, l *log.Log) (batches []batch.Batch, err error) {
	for offset := l.LogStartOffset(); offset < l.LogEndOffset(); {
		r, err := l.ReadCold(t, offset, l.LogEndOffset(), 100_000, true)
		if err != nil {
			return nil, fmt.Errorf("read at %d: %w", offset, err)
		}
		bytes := make([]byte, r.Length)
		if n, err := r.File.ReadAt(t, bytes, r.Position); err != nil || n < len(bytes) {
			return nil, fmt.Errorf("read at %d: %d of %d bytes: %w", offset, n, len(bytes), err)
		}
		if r.Length == 0 {
			return nil, fmt.Errorf("read at %d: nothing", offset)
		}
		for len(bytes) > 0 {
			b, rest, err := batch.Next(bytes)
			if err != nil {
				return nil, fmt.Errorf("read at %d: %w", offset, err)
			}
			if err := b.Check(); err != nil {
				return nil, fmt.Errorf("read at %d: %w", offset, err)
			}
			batches, bytes = append(batches, b), rest
		}
		if r.NextOffset <= offset {
			return nil, fmt.Errorf("read at %d goes on at %d", offset, r.NextOffset)
		}
		offset = r.NextOffset
	}
	return batches, nil
}
