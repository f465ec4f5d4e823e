package log_test

import (
	"errors"
	"testing"

	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// tiny is a configuration with small segments and dense indexes.
func tiny() log.Config {
	config := log.DefaultConfig()
	config.SegmentBytes = 20_000
	config.IndexIntervalBytes = 500
	return config
}

func TestAppendReadCloseOpen(t *testing.T) {
	disk := disktest.New()
	var want []string
	withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
		for i := range 200 {
			b := records(1+i%5, 100+i*3, kafka.Timestamp(1000+i))
			mustAppend(t, l, b, kafka.LeaderEpoch(i/70))
			want = append(want, string(b))
		}
		end := l.LogEndOffset()
		if err := l.AwaitFlushed(tt, end, kafka.Never); err != nil {
			t.Fatal(err)
		}
		checkContents(t, tt, l, want)
		if err := n.close(tt, l); err != nil {
			t.Fatal(err)
		}
	})
	for round := range 3 {
		if round == 2 {
			disk = disk.PowerLoss(func(int) int { return 0 })
		}
		withLog(t, disk, tiny(), func(tt *task.Task, n *node, l *log.Log) {
			checkContents(t, tt, l, want)
			if epoch, end := l.EndOffsetForEpoch(0); epoch != 0 || end != offsetOf(want, 70) {
				t.Errorf("epoch 0 ends as %d at %d", epoch, end)
			}
			b := records(3, 300, 2000)
			mustAppend(t, l, b, 5)
			want = append(want, string(b))
			if err := n.close(tt, l); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// offsetOf is the base offset of batch i.
func offsetOf(batches []string, i int) kafka.Offset {
	offset := kafka.Offset(0)
	for _, b := range batches[:i] {
		offset += kafka.Offset(b[26]) + 1 // lastOffsetDelta is small here
	}
	return offset
}

func checkContents(t *testing.T, tt *task.Task, l *log.Log, want []string) {
	t.Helper()
	got, err := contents(tt, l)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d batches, want %d", len(got), len(want))
	}
	for i := range got {
		if string(got[i]) != want[i] {
			t.Fatalf("batch %d is not what was appended", i)
		}
	}
}

func TestReadBounds(t *testing.T) {
	withLog(t, disktest.New(), tiny(), func(tt *task.Task, _ *node, l *log.Log) {
		for range 300 {
			mustAppend(t, l, records(2, 200, 1), 0)
		}
		if _, err := l.Read(601, 700, 100, true); !errors.Is(err, log.ErrOutOfRange) {
			t.Errorf("above the end: %v", err)
		}
		end := l.LogEndOffset()
		for offset := range end {
			for _, maxBytes := range []int{0, 1, 199, 400, 1000, 5000, 1 << 20} {
				for _, upTo := range []kafka.Offset{offset, offset + 1, offset + 2, offset + 7, end} {
					checkRead(t, l, offset, upTo, maxBytes)
				}
			}
		}
	})
}

// checkRead compares a read with what it must be, from the batches of two
// records and one size there are.
func checkRead(t *testing.T, l *log.Log, offset, upTo kafka.Offset, maxBytes int) {
	t.Helper()
	size := int64(len(records(2, 200, 1)))
	for _, atLeastOne := range []bool{false, true} {
		r, err := l.Read(offset, upTo, maxBytes, atLeastOne)
		if err != nil {
			t.Fatal(err)
		}
		base := offset &^ 1
		most := min(int64(maxBytes)/size, int64(min(upTo, l.LogEndOffset())-base)/2)
		if most <= 0 && atLeastOne && base+2 <= upTo && offset < upTo {
			most = 1
		}
		if most < 0 || offset >= upTo {
			most = 0
		}
		got := r.Length / size
		ok := r.Length%size == 0 && got <= most && (got > 0) == (most > 0)
		if got > 0 {
			ok = ok && r.BaseOffset == base && r.NextOffset == base+2*kafka.Offset(got)
		}
		if got < most && got > 0 {
			// Only the end of a segment may cut a read short.
			next, err := l.Read(r.NextOffset, upTo, maxBytes, true)
			ok = ok && err == nil && next.Position == 0
		}
		if !ok {
			t.Fatalf("Read(%d, %d, %d, %v) is %+v, want %d batches of %d bytes",
				offset, upTo, maxBytes, atLeastOne, r, most, size)
		}
	}
}
