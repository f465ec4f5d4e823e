package broker

import (
	"fmt"
	"strings"
	"testing"

	"odradek/controller/image"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/log"
)

type noTrace struct{}

func (noTrace) Event(string, string, int64, int64) {}
func (noTrace) Sometimes(string, bool)             {}

// onlyShard is a node of one shard.
type onlyShard struct{ env.Shards }

func (onlyShard) Self() int { return 0 }

// A corrupt partition is reported by name and leaves the node alone; a disk that
// fails ends it; a full one is tried again.
func TestWhatGoesOffline(t *testing.T) {
	for _, c := range []struct {
		err          error
		halts, again bool
	}{
		{err: fmt.Errorf("%w: its directory is gone", log.ErrCorrupt)},
		{err: fmt.Errorf("open: %w", env.ErrIO), halts: true},
		{err: fmt.Errorf("open: %w", env.ErrNoSpace), again: true},
	} {
		halted := false
		s := &Shard{world: &env.World{Trace: noTrace{}, Shards: onlyShard{},
			Halt: func(error) { halted = true }}}
		id := kafka.TopicPartition{Partition: 3}
		s.goesOffline(&image.Topic{Name: "orders"}, id, c.err)
		if halted != c.halts {
			t.Errorf("%v: halted %v, want %v", c.err, halted, c.halts)
		}
		if again := len(s.unopened) == 1; again != c.again {
			t.Errorf("%v: to be tried again %v, want %v", c.err, again, c.again)
		}
		if len(s.offline) != 1 || !strings.HasPrefix(s.offline[0].Error(), "orders-3: ") {
			t.Errorf("%v: reported as %v", c.err, s.offline)
		}
	}
}
