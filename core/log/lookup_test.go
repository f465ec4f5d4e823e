package log_test

import (
	"testing"

	"odradek/core/batch"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"

	"pgregory.net/rapid"
)

// Looking a timestamp up is the same as looking at every record, however the
// timestamps go up and down, and whatever codec hides them.
func TestTimestampsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := log.DefaultConfig()
		config.SegmentBytes = 3000
		config.IndexIntervalBytes = 300
		var all []log.Found
		sizes := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 60).Draw(t, "batches")
		times := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 80).Draw(t, "timestamps")
		codec := batch.Codec(rapid.IntRange(0, 4).Draw(t, "codec"))
		slope := rapid.IntRange(-2, 2).Draw(t, "slope")
		loop := task.NewLoop(0)
		drive(loop, 0, func(tt *task.Task) {
			n, err := boot(tt, disktest.New(), smallJournal())
			if err != nil {
				t.Fatal(err)
			}
			l, err := n.openOne(tt, 0, config)
			if err != nil {
				t.Fatal(err)
			}
			for i, size := range sizes {
				b := batch.NewBuilder().Compress(codec, batch.DefaultLevel)
				for range size {
					at := kafka.Timestamp(1000 + times[len(all)%len(times)] + slope*len(all)/8)
					b.Append(at, nil, make([]byte, 50))
					all = append(all, log.Found{Offset: kafka.Offset(len(all)), Timestamp: at,
						Epoch: kafka.LeaderEpoch(i / 9), Found: true})
				}
				built := b.Build()
				if err := n.home.Journal.AwaitReady(tt, len(built), kafka.Never); err != nil {
					t.Fatal(err)
				}
				if _, _, err := l.Append(built, kafka.LeaderEpoch(i/9)); err != nil {
					t.Fatal(err)
				}
			}
			checkLookups(t, tt, l, all)
			start := l.LogEndOffset() / 2
			if err := l.DeleteRecords(start); err != nil {
				t.Fatal(err)
			}
			checkLookups(t, tt, l, all[start:])
		})
		loop.Close()
	})
}

func checkLookups(t *rapid.T, tt *task.Task, l *log.Log, all []log.Found) {
	none := log.Found{Offset: -1, Timestamp: -1, Epoch: -1}
	for target := kafka.Timestamp(950); target < 1110; target += 4 {
		want := none
		for _, r := range all {
			if r.Timestamp >= target {
				want = r
				break
			}
		}
		got, err := l.OffsetForTimestamp(tt, target, l.LogEndOffset())
		if err != nil || got != want {
			t.Fatalf("timestamp %d is at %+v, %v, want %+v", target, got, err, want)
		}
		got, err = l.OffsetForTimestamp(tt, target, want.Offset)
		if err != nil || got != none {
			t.Fatalf("timestamp %d below %d is at %+v, %v", target, want.Offset, got, err)
		}
	}
	newest := none
	for _, r := range all {
		if r.Timestamp > newest.Timestamp {
			newest = r
		}
	}
	got, err := l.OffsetOfMaxTimestamp(tt, l.LogEndOffset())
	if err != nil || got.Timestamp < newest.Timestamp {
		t.Fatalf("the newest record is %+v, %v, want %+v", got, err, newest)
	}
}

func TestEpochs(t *testing.T) {
	withLog(t, disktest.New(), tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		check := func(asked, epoch kafka.LeaderEpoch, end kafka.Offset) {
			t.Helper()
			gotEpoch, gotEnd := l.EndOffsetForEpoch(asked)
			if gotEpoch != epoch || gotEnd != end {
				t.Errorf("epoch %d ends as %d at %d, want %d at %d", asked, gotEpoch, gotEnd, epoch, end)
			}
		}
		check(0, -1, -1)
		for _, epoch := range []kafka.LeaderEpoch{2, 2, 5, 5, 5, 9} {
			mustAppend(t, l, records(2, 100, 1), epoch)
		}
		check(-1, -1, -1)
		check(0, 0, 0) // older than all: it ends where the first begins
		check(2, 2, 4)
		check(3, 2, 4) // the largest that is not above
		check(5, 5, 10)
		check(8, 5, 10)
		check(9, 9, 12)
		check(10, -1, -1)
		if l.EpochAt(3) != 2 || l.EpochAt(4) != 5 || l.EpochAt(11) != 9 || l.LastLeaderEpoch() != 9 {
			t.Error("EpochAt is wrong")
		}
		if err := l.Truncate(tt, 7); err != nil { // within a batch: the whole of it goes
			t.Fatal(err)
		}
		check(5, 5, 6)
		check(9, -1, -1)
		if err := l.DeleteRecords(5); err != nil {
			t.Fatal(err)
		}
		check(2, 2, 5) // gone: it ends where the first begins
		if l.EpochAt(4) != -1 || l.EpochAt(5) != 5 {
			t.Error("EpochAt is wrong after DeleteRecords")
		}
	})
}

// An epoch that was begun and never written under leaves no trace, whether it is
// cut off at its very start or overtaken by a batch of another leader.
func TestEpochsWithoutABatch(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		mustAppend(t, l, records(2, 100, 1), 4)
		l.BeginEpoch(7)
		if epoch, end := l.EndOffsetForEpoch(4); epoch != 4 || end != 2 || l.LastLeaderEpoch() != 7 {
			t.Errorf("epoch 4 ends as %d at %d", epoch, end)
		}
		if err := l.Truncate(tt, 2); err != nil || l.LastLeaderEpoch() != 4 {
			t.Errorf("after the cut the newest epoch is %d, %v", l.LastLeaderEpoch(), err)
		}
		l.BeginEpoch(8)
		if err := l.Checkpoint(tt); err != nil {
			t.Fatal(err)
		}
		b := records(2, 100, 1)
		b.SetBaseOffset(2)
		b.SetLeaderEpoch(6)
		if err := l.AppendFetched(b); err != nil || l.LastLeaderEpoch() != 6 || l.EpochAt(1) != 4 {
			t.Errorf("after a batch of epoch 6 the newest is %d, %v", l.LastLeaderEpoch(), err)
		}
		if err := l.AwaitFlushed(tt, 4, kafka.Never); err != nil {
			t.Fatal(err)
		}
	})
	withLog(t, disk.Kill(), tiny(), func(_ *task.Task, _ *node, l *log.Log) {
		if l.LastLeaderEpoch() != 6 || l.EpochAt(2) != 6 || l.EpochAt(1) != 4 {
			t.Errorf("after a restart the newest epoch is %d", l.LastLeaderEpoch())
		}
	})
}
