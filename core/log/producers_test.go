package log_test

import (
	"errors"
	"math"
	"testing"

	"odradek/core/batch"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// sent is a batch of producer 7 and what must become of it.
type sent struct {
	name  string
	epoch kafka.ProducerEpoch
	base  kafka.Sequence
	count int
	code  kafka.ErrorCode
	// at is the base offset of the batch or, of a duplicate, of the first one.
	at        kafka.Offset
	duplicate bool
}

// A snapshot that a cut has dropped does not come back with a crash: other batches
// have its offsets by then, and another segment its name.
func TestADroppedSnapshotStaysDropped(t *testing.T) {
	disk := disktest.New()
	var crashed *disktest.Disk
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		b := batch.NewBuilder().Producer(1, 0, 0)
		b.Append(1, nil, []byte("one"))
		mustAppend(t, l, b.Build(), 0)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		for range 50 { // the checkpoint that a roll asks for
			tt.Yield()
		}
		if err := errors.Join(l.Checkpoint(tt), l.Truncate(tt, 0)); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, records(1, 100, 1), 0)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, l, records(1, 100, 1), 0)
		for l.FlushedEndOffset() < 2 {
			tt.Yield()
		}
		crashed = disk.PowerLoss(func(int) int { return 0 })
	})
	withLog(t, crashed, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		mustAppend(t, l, records(1, 100, 1), 0)
		if err := l.Truncate(tt, 2); err != nil {
			t.Fatal(err)
		}
		if known := l.Producers(); len(known) != 0 {
			t.Errorf("producers %+v are remembered without a batch", known)
		}
	})
}

func TestIdempotence(t *testing.T) {
	const (
		outOfOrder = kafka.ErrOutOfOrderSequenceNumber
		oldEpoch   = kafka.ErrInvalidProducerEpoch
	)
	tests := map[string][]sent{
		"a producer that is not known may begin anywhere": {
			{name: "first", base: 42, count: 2},
			{name: "next", base: 44, count: 1, at: 2},
		},
		"a gap and an overlap are out of order": {
			{name: "first", base: 0, count: 3},
			{name: "gap", base: 4, count: 1, code: outOfOrder},
			{name: "overlap", base: 1, count: 3, code: outOfOrder},
			{name: "within", base: 1, count: 1, code: outOfOrder},
			{name: "right", base: 3, count: 1, at: 3},
		},
		"the last five batches may come again": {
			{name: "1", base: 0, count: 1}, {name: "2", base: 1, count: 2, at: 1},
			{name: "3", base: 3, count: 3, at: 3}, {name: "4", base: 6, count: 1, at: 6},
			{name: "5", base: 7, count: 1, at: 7}, {name: "6", base: 8, count: 2, at: 8},
			{name: "2 again", base: 1, count: 2, at: 1, duplicate: true},
			{name: "6 again", base: 8, count: 2, at: 8, duplicate: true},
			{name: "4 again", base: 6, count: 1, at: 6, duplicate: true},
			{name: "1 again is too old", base: 0, count: 1, code: outOfOrder},
			{name: "2 with another end", base: 1, count: 1, code: outOfOrder},
		},
		"a new epoch begins at 0 and ends the old one": {
			{name: "first", epoch: 3, base: 0, count: 1},
			{name: "new epoch, wrong sequence", epoch: 4, base: 1, count: 1, code: outOfOrder},
			{name: "new epoch", epoch: 4, base: 0, count: 1, at: 1},
			{name: "old epoch", epoch: 3, base: 1, count: 1, code: oldEpoch},
			{name: "old epoch again", epoch: 3, base: 0, count: 1, code: oldEpoch},
			{name: "new epoch again", epoch: 4, base: 0, count: 1, at: 1, duplicate: true},
			{name: "next", epoch: 4, base: 1, count: 1, at: 2},
		},
		"sequences wrap": {
			{name: "before", base: math.MaxInt32 - 1, count: 1},
			{name: "across", base: math.MaxInt32, count: 3, at: 1},
			{name: "across again", base: math.MaxInt32, count: 3, at: 1, duplicate: true},
			{name: "behind", base: 2, count: 1, at: 4},
			{name: "at 0", base: 0, count: 1, code: outOfOrder},
		},
	}
	for name, batches := range tests {
		t.Run(name, func(t *testing.T) {
			withLog(t, disktest.New(), tiny(), func(_ *task.Task, _ *node, l *log.Log) {
				for _, s := range batches {
					s.send(t, l)
				}
			})
		})
		t.Run(name+", each after a crash", func(t *testing.T) {
			disk := disktest.New()
			for _, s := range batches {
				withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
					s.send(t, l)
					if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
						t.Error(err)
					}
				})
				disk = disk.PowerLoss(func(int) int { return 0 })
			}
		})
	}
}

func (s *sent) send(t *testing.T, l *log.Log) {
	t.Helper()
	b := batch.NewBuilder().Producer(7, s.epoch, s.base)
	for range s.count {
		b.Append(1000, nil, []byte("v"))
	}
	end := l.LogEndOffset()
	appended, code, err := l.Append(b.Build(), 0)
	if err != nil || code != s.code {
		t.Fatalf("%s: %v, %v", s.name, code, err)
	}
	if code != kafka.None {
		if l.LogEndOffset() != end {
			t.Fatalf("%s: refused, but the log has grown", s.name)
		}
		return
	}
	if appended.BaseOffset != s.at || appended.Duplicate != s.duplicate ||
		appended.LastOffset != s.at+kafka.Offset(s.count)-1 {
		t.Fatalf("%s: %+v, want offset %d", s.name, appended, s.at)
	}
}

func TestProducersExpireByTheirOwnTimestamps(t *testing.T) {
	config := tiny()
	config.RetentionMs = -1
	config.ProducerExpirationMs = 1000
	withLog(t, disktest.New(), config, func(_ *task.Task, n *node, l *log.Log) {
		for id := range kafka.ProducerID(3) {
			b := batch.NewBuilder().Producer(id, 0, 5)
			b.Append(kafka.Timestamp(2000+500*int64(id)), nil, nil)
			mustAppend(t, l, b.Build(), 0)
		}
		for _, step := range []struct {
			now  kafka.Timestamp
			left int
		}{{2999, 3}, {3000, 2}, {3499, 2}, {4000, 0}} {
			for more := true; more; {
				var err error
				if more, err = l.RetentionStep(step.now, l.LogEndOffset()); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(l.Producers()); got != step.left {
				t.Errorf("at %d there are %d producers, want %d", step.now, got, step.left)
			}
		}
		_ = n
	})
}
