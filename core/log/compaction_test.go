package log_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/batch"
	"odradek/core/env"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/log"
	"odradek/core/task"
)

// compacted is a configuration of a compacted topic with small segments.
func compacted() log.Config {
	config := tiny()
	config.SegmentBytes = 2_000
	config.Compact, config.Delete = true, false
	config.DirtyRatioMin = 0
	config.FileDeleteDelayMs = 0
	return config
}

func newCleaner(n *node) *log.Cleaner {
	return log.NewCleaner(n.home, &counterRandom{}, log.CleanerConfig{
		KeyMapBytes: 1 << 20, LoadFactor: 900_000, ReadBytes: 4096})
}

// keyed builds a batch of records with keys and values "a=1"; one without = is a
// tombstone.
func keyed(timestamp kafka.Timestamp, records ...string) batch.Batch {
	b := batch.NewBuilder()
	for _, record := range records {
		key, value, valued := strings.Cut(record, "=")
		var v []byte
		if valued {
			v = append([]byte(value), make([]byte, 500)...)
		}
		b.Append(timestamp, []byte(key), v)
	}
	return b.Build()
}

// told is what a log's records say, offsets, keys and values.
func told(t *testing.T, tt *task.Task, l *log.Log) string {
	t.Helper()
	batches, err := contents(tt, l)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range batches {
		records := b.Records(batch.Limits{})
		for records.Next() {
			r := records.Record()
			text := fmt.Sprintf("%d:%s", b.Offset(r), r.Key)
			if r.Value != nil {
				text += "=" + string(r.Value[:1])
			}
			out = append(out, text)
		}
		if b.RecordCount() == 0 {
			out = append(out, fmt.Sprintf("%d..%d:empty", b.BaseOffset(), b.LastOffset()))
		}
	}
	return strings.Join(out, " ")
}

func mustClean(t *testing.T, tt *task.Task, n *node, l *log.Log) log.Cleaned {
	t.Helper()
	cleaned, err := newCleaner(n).Clean(tt, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
	if err != nil {
		t.Fatal(err)
	}
	return cleaned
}

func flush(t *testing.T, tt *task.Task, l *log.Log) {
	t.Helper()
	if err := l.AwaitFlushed(tt, l.LogEndOffset(), kafka.Never); err != nil {
		t.Fatal(err)
	}
}

// fillCompacted appends some generations of a few keys: about one segment each.
func fillCompacted(t *testing.T, tt *task.Task, l *log.Log, generations int) {
	t.Helper()
	for i := range generations {
		mustAppend(t, l, keyed(kafka.Timestamp(1000+i), fmt.Sprintf("a=%d", i),
			fmt.Sprintf("b=%d", i)), 0)
		mustAppend(t, l, keyed(kafka.Timestamp(1000+i), fmt.Sprintf("k%d=%d", i, i)), 0)
	}
	flush(t, tt, l)
}

// What is asked of the disk by a compaction and its swap, in order: a missing sync is a
// line that is missing. Then the same is cut short in its midst.
func TestCompactionTranscript(t *testing.T) {
	r := &transcript{}
	disk := disktest.New()
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 5)
		if err := l.Checkpoint(tt); err != nil {
			t.Fatal(err)
		}
		r.say("the log: " + told(t, tt, l))
		r.listen(disk)
		r.say("compact it")
		mustClean(t, tt, n, l)
		disk.Before = nil
		for range 9 {
			tt.Yield()
		}
		r.say("the log: " + told(t, tt, l))
		fillCompacted(t, tt, l, 3)
		r.say("more is written, compact it again; the node is killed when the first file has its name")
		renamed := false
		r.listen(disk)
		before := disk.Before
		disk.Before = func(op disktest.Op) error {
			if renamed {
				return env.ErrIO
			}
			renamed = op.Kind == "rename" && strings.HasSuffix(op.Name, ".cleaned")
			return before(op)
		}
		_, err := newCleaner(n).Clean(tt, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
		if !errors.Is(err, env.ErrIO) {
			t.Fatalf("a failing device: %v", err)
		}
	})
	disk.Before = nil
	disk = r.listen(disk.Kill())
	r.say("boot after kill -9")
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		disk.Before = nil
		r.say("the log: " + told(t, tt, l))
	})
	compareWithGolden(t, "testdata/compaction.txt", strings.Join(r.lines, "\n")+"\n")
}

// A compaction leaves the segments alone that it may not touch.
func TestWhatIsNotCompacted(t *testing.T) {
	withLog(t, disktest.New(), compacted(), func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 6)
		whole := l.Dirt(n.clock.wall, l.FlushedEndOffset())
		if !whole.Due() || whole.Ratio() != 1_000_000 {
			t.Errorf("all is new: %+v", whole)
		}
		if d := l.Dirt(n.clock.wall, 0); d.Due() {
			t.Errorf("nothing is committed: %+v", d)
		}
		config := compacted()
		config.MinCompactionLagMs = 1 << 60
		l.SetConfig(config)
		if d := l.Dirt(n.clock.wall, l.FlushedEndOffset()); d.Due() {
			t.Errorf("all is too young: %+v", d)
		}
		config = compacted()
		config.Compact = false
		l.SetConfig(config)
		if d := l.Dirt(n.clock.wall, l.FlushedEndOffset()); d.Due() {
			t.Errorf("not a compacted topic: %+v", d)
		}
		config = compacted()
		l.SetConfig(config)
		before := told(t, tt, l)
		cleaned, err := newCleaner(n).Clean(tt, l, l.Dirt(n.clock.wall, 7))
		if err != nil {
			t.Fatal(err)
		}
		// Segments of four and two records: only the first is wholly below offset 7.
		if cleaned.End > 7 || cleaned.End == 0 {
			t.Errorf("compacted up to %d", cleaned.End)
		}
		after := told(t, tt, l)
		if !strings.HasSuffix(before, after[strings.Index(after, "7:"):]) {
			t.Errorf("before %s\nafter  %s", before, after)
		}
		mustClean(t, tt, n, l)
		config.DirtyRatioMin = 500_000
		l.SetConfig(config)
		if d := l.Dirt(n.clock.wall, l.FlushedEndOffset()); d.Due() {
			t.Errorf("nothing is new: %+v", d)
		}
	})
}

// max.compaction.lag.ms makes a log due, however little of it is new, and rolls its
// active segment if nobody else does.
func TestCompactionIsDueInTime(t *testing.T) {
	config := compacted()
	config.DirtyRatioMin = 999_999
	config.MaxCompactionLagMs = 10_000
	withLog(t, disktest.New(), config, func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 8)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		mustClean(t, tt, n, l)
		mustAppend(t, l, keyed(n.clock.wall, "a=x"), 0)
		flush(t, tt, l)
		if err := l.RollForCompaction(n.clock.wall + 10_000); err != nil {
			t.Fatal(err)
		}
		if d := l.Dirt(n.clock.wall+10_000, l.FlushedEndOffset()); d.Due() {
			t.Errorf("too early: %+v", d)
		}
		if err := l.RollForCompaction(n.clock.wall + 10_001); err != nil {
			t.Fatal(err)
		}
		if d := l.Dirt(n.clock.wall+10_001, l.FlushedEndOffset()); !d.Due() {
			t.Errorf("overdue: %+v", d)
		}
	})
}

// The last batch below the end and the last one of a producer stay, empty.
func TestPlacesThatAreKept(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		for i := range 2 {
			b := batch.NewBuilder().Producer(7, 0, kafka.Sequence(i))
			b.Append(1, []byte("a"), make([]byte, 900))
			mustAppend(t, l, b.Build(), 0)
		}
		fillCompacted(t, tt, l, 1)
		mustAppend(t, l, keyed(5, "a"), 0)
		mustAppend(t, l, keyed(5, "a"), 0)
		flush(t, tt, l)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		n.clock.wall += 1
		mustClean(t, tt, n, l)
		if got, want := told(t, tt, l), "1..1:empty 3:b=0 4:k0=0 6:a"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		// Later the tombstone's time is over; nothing is left of the log's end but its place.
		n.clock.wall += kafka.Timestamp(compacted().DeleteRetentionMs)
		mustAppend(t, l, keyed(6, "c=0"), 0)
		flush(t, tt, l)
		if err := l.Roll(); err != nil {
			t.Fatal(err)
		}
		mustClean(t, tt, n, l)
		if got, want := told(t, tt, l), "1..1:empty 3:b=0 4:k0=0 7:c=0"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if err := l.Truncate(tt, 5); err != nil {
			t.Fatal(err)
		}
		if got := l.Producers(); len(got) != 1 || got[0].LastSequence != 1 || got[0].LastOffset != 1 {
			t.Fatalf("producers %+v", got)
		}
	})
}

// A batch that can't be read stops the compaction, and nothing of the log is touched.
func TestRotIsNotCompactedAway(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 6)
		if err := l.Checkpoint(tt); err != nil {
			t.Fatal(err)
		}
		files := logFiles(t, disk)
		if err := disk.Damage("orders-0/00000000000000000000.log", 100); err != nil {
			t.Fatal(err)
		}
		_, err := newCleaner(n).Clean(tt, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
		if !errors.Is(err, log.ErrUncleanable) || !errors.Is(err, log.ErrCorrupt) ||
			!strings.Contains(err.Error(), "orders-0/00000000000000000000.log at 0") {
			t.Fatalf("%v", err)
		}
		if l.Failed() != nil || n.home.Journal.Failed() != nil || l.Uncleanable() == nil ||
			l.Dirt(n.clock.wall, l.FlushedEndOffset()).Due() || logFiles(t, disk) != files {
			t.Fatalf("the log: %v, %v", l.Failed(), l.Uncleanable())
		}
	})
}

// A disk without room for the copy ends the pass, and the log is as it was.
func TestNoRoomToCompact(t *testing.T) {
	for _, kind := range []string{"write", "create"} {
		disk := disktest.New()
		withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
			fillCompacted(t, tt, l, 6)
			before := told(t, tt, l)
			if err := l.Checkpoint(tt); err != nil {
				t.Fatal(err)
			}
			disk.Before = func(op disktest.Op) error {
				if op.Kind == kind && strings.HasSuffix(op.Name, ".cleaned") {
					return env.ErrNoSpace
				}
				return nil
			}
			_, err := newCleaner(n).Clean(tt, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
			if !errors.Is(err, env.ErrNoSpace) || l.Failed() != nil || n.home.Journal.Failed() != nil {
				t.Fatalf("%s: %v, %v", kind, err, l.Failed())
			}
			disk.Before = nil
			if got := told(t, tt, l); got != before {
				t.Fatalf("%s\nwas %s", got, before)
			}
			entries, err := disk.List("orders-0")
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(entries,
				func(e env.Entry) bool { return strings.HasSuffix(e.Name, ".cleaned") }) {
				t.Fatalf("%s: left behind: %v", kind, entries)
			}
			mustClean(t, tt, n, l)
		})
	}
}

// A State may still say that a swap brings a segment that the logStartOffset has passed
// since, and whose files are gone.
func TestASwappedSegmentThatWentSoonAfter(t *testing.T) {
	disk := disktest.New()
	config := compacted()
	config.Delete = true
	withLog(t, disk, config, func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 3)
		mustClean(t, tt, n, l)
		if err := l.DeleteRecordsAndWait(tt, 6); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			tt.Yield()
		}
		if got := bases(t, disk); got[0] != 6 {
			t.Fatalf("the files of %v are there", got)
		}
	})
	withLog(t, disk.Kill(), config, func(tt *task.Task, n *node, l *log.Log) {
		if got, want := told(t, tt, l), "6:a=2 7:b=2 8:k2=2"; got != want || l.Failed() != nil {
			t.Fatalf("%s, want %s: %v", got, want, l.Failed())
		}
	})
}

// A pass reads and writes no more in a second than it may.
func TestCompactionIsThrottled(t *testing.T) {
	withLog(t, disktest.New(), compacted(), func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 60)
		cleaner := newCleaner(n)
		cleaner.SetConfig(log.CleanerConfig{KeyMapBytes: 1 << 20, LoadFactor: 900_000,
			ReadBytes: 4096, BytesPerSecondMax: 20_000})
		began, size := tt.Now(), l.SizeBytes()
		cleaned, err := cleaner.Clean(tt, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
		if err != nil {
			t.Fatal(err)
		}
		// All is read twice, and what stays is written; the last step is not waited for.
		bytes := 2*cleaned.Stats.BytesRead + cleaned.Stats.BytesKept - 64<<10
		if spent := tt.Now().Since(began); spent < time.Duration(bytes)*time.Second/20_000 {
			t.Fatalf("%d bytes of %d in %v", bytes, size, spent)
		}
	})
}

// A log that is removed in the middle of a pass takes the half-written segments with it:
// their names are another log's by then.
func TestRemoveInTheMiddleOfAPass(t *testing.T) {
	disk := disktest.New()
	withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
		fillCompacted(t, tt, l, 60)
		if err := l.Checkpoint(tt); err != nil {
			t.Fatal(err)
		}
		var made []string
		removed := false
		disk.Before = func(op disktest.Op) error {
			if !strings.HasPrefix(op.Name, "orders-0/") || !strings.HasSuffix(op.Name, ".cleaned") {
				return nil
			}
			if removed {
				t.Errorf("after the removal: %v", op)
			}
			made = append(made, op.String())
			return nil
		}
		cleaner := newCleaner(n)
		cleaner.SetConfig(log.CleanerConfig{KeyMapBytes: 1 << 20, LoadFactor: 900_000,
			ReadBytes: 4096, BytesPerSecondMax: 20_000})
		var ended error
		handle := n.loop.Spawn("cleaner", func(t *task.Task) {
			_, ended = cleaner.Clean(t, l, l.Dirt(n.clock.wall, l.FlushedEndOffset()))
		})
		for len(made) == 0 {
			tt.Sleep(time.Millisecond)
		}
		if err := l.Remove(tt); err != nil {
			t.Fatal(err)
		}
		removed = true
		another, err := log.Create(tt, n.home, "orders", partition(0), compacted())
		if err != nil {
			t.Fatal(err)
		}
		for handle.Alive() {
			tt.Sleep(time.Second)
		}
		if !errors.Is(ended, log.ErrInterrupted) || another.Failed() != nil {
			t.Fatalf("the pass: %v; the log: %v", ended, another.Failed())
		}
	})
}

// A key map that is too small makes several passes, each of which goes on where the
// last one ended, over a restart too.
func TestSeveralPasses(t *testing.T) {
	disk := disktest.New()
	var want string
	for round := 0; ; round++ {
		done := false
		withLog(t, disk, compacted(), func(tt *task.Task, n *node, l *log.Log) {
			if round == 0 {
				fillCompacted(t, tt, l, 20)
				mustAppend(t, l, keyed(9, "end=0"), 0)
				flush(t, tt, l)
				if err := l.Roll(); err != nil {
					t.Fatal(err)
				}
			}
			cleaner := log.NewCleaner(n.home, &counterRandom{}, log.CleanerConfig{
				KeyMapBytes: 24 * 16, LoadFactor: 500_000, ReadBytes: 4096})
			d := l.Dirt(n.clock.wall, l.FlushedEndOffset())
			if done = !d.Due(); done {
				want = told(t, tt, l)
				return
			}
			cleaned, err := cleaner.Clean(tt, l, d)
			if err != nil || cleaned.End <= cleaned.From || cleaned.Keys > 8 ||
				cleaned.KeyMapBytes > 24*16 {
				t.Fatalf("%+v, %v", cleaned, err)
			}
			if err := n.close(tt, l); err != nil {
				t.Fatal(err)
			}
		})
		if done {
			if round < 3 || !strings.Contains(want, " 57:a=1 58:b=1 ") ||
				strings.Count(want, ":a=") != 1 {
				t.Fatalf("%d passes: %s", round, want)
			}
			return
		}
	}
}
