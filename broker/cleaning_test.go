package broker

import (
	"fmt"
	"testing"

	"odradek/controller/config"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/replica"
)

// A log that can't be compacted is left as it is and a person is told; a disk that
// fails ends the node; anything else is looked at again later.
func TestWhatEndsACompaction(t *testing.T) {
	for _, c := range []struct {
		err          error
		halts, tells bool
	}{
		{err: nil},
		{err: fmt.Errorf("compact orders-3: %w", log.ErrInterrupted)},
		{err: fmt.Errorf("compact orders-3: %w", env.ErrNoSpace)},
		{err: fmt.Errorf("%w: orders-3 at 17", log.ErrUncleanable), tells: true},
		{err: fmt.Errorf("compact orders-3: %w", env.ErrIO), halts: true},
	} {
		halted, told := false, error(nil)
		s := &Shard{world: &env.World{Trace: noTrace{}, Shards: onlyShard{},
			Halt: func(error) { halted = true }}, tell: func(news error) { told = news }}
		host := &partition{Leader: &replica.Leader{Topic: "orders",
			Partition: kafka.TopicPartition{Partition: 3}}}
		s.cleaningFailed(host, c.err)
		if halted != c.halts || (told != nil) != c.tells {
			t.Errorf("%v: halted %v, told %v", c.err, halted, told)
		}
	}
}

// fourShards is a node of four shards.
type fourShards struct{ env.Shards }

func (fourShards) Count() int { return 4 }

// The shards share what the node gives its cleaners.
func TestShardsShareTheCleanersLimits(t *testing.T) {
	s := &Shard{world: &env.World{Shards: fourShards{}}, node: &config.Node{Cleaner: config.Cleaner{
		DedupeBytes: 4 << 20, LoadFactor: 900_000, ReadBytes: 8192, BytesPerSecondMax: 3}}}
	want := log.CleanerConfig{KeyMapBytes: 1 << 20, LoadFactor: 900_000, ReadBytes: 2048,
		BytesPerSecondMax: 1}
	if got := s.cleanerConfig(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s.node.Cleaner.BytesPerSecondMax = 0
	if got := s.cleanerConfig(); got.BytesPerSecondMax != 0 {
		t.Errorf("no limit became one of %d", got.BytesPerSecondMax)
	}
}
