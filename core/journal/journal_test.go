package journal_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/task"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// small are options that make files fill and be given up within a few entries.
func small(run journal.Run) journal.Options {
	return journal.Options{
		Run: run, FileBytes: 16 * env.BlockSize, CommitBytes: 2 * env.BlockSize, FilesMax: 5,
	}
}

// run drives a loop until body has ended or, when turns is positive, for that
// many turns: what has not happened by then never does. Time passes when nothing
// else can happen.
func run(loop *task.Loop, turns int, body func(t *task.Task)) (ended bool) {
	handle := loop.Spawn("test", body)
	for i := 0; handle.Alive() && (turns == 0 || i < turns); i++ {
		if more := loop.Turn(loop.Now()); !more && handle.Alive() {
			if next := loop.NextDeadline(); next != kafka.Never {
				loop.Turn(next)
			}
		}
	}
	return !handle.Alive()
}

// start begins a run on a disk and opens one journal.
func start(t *task.Task, disk *disktest.Disk, loop *task.Loop) (*journal.Journal, error) {
	summary, err := journal.Replay(t, disk, func(journal.Entry) error { return nil })
	if err != nil {
		return nil, err
	}
	begun, err := journal.Begin(t, disk, summary, 7, 1, slices.Values([]journal.Entry(nil)))
	if err != nil {
		return nil, err
	}
	return journal.Open(t, disk, loop, 0, small(begun))
}

// replayAll returns the entries in which something has happened.
func replayAll(disk *disktest.Disk) (entries []journal.Entry, summary journal.Summary, err error) {
	run(task.NewLoop(0), 0, func(t *task.Task) {
		summary, err = journal.Replay(t, disk, func(e journal.Entry) error {
			if e.Kind == journal.Nothing {
				return nil
			}
			e.Data = slices.Clone(e.Data)
			entries = append(entries, e)
			return nil
		})
	})
	return entries, summary, err
}

// logOf is the n-th log of a test.
func logOf(n int) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: kafka.TopicID{1}, Partition: kafka.Partition(n)}
}

// counter is a log that only counts: entry n of it is the number n, padded. Its
// segments are the number that its last checkpoint made durable.
type counter struct {
	writer  *journal.Writer
	count   int
	flushed int
	checked int
	// stateBytes is how long a State is, and said how much was written of them.
	stateBytes int
	said       int
}

func (c *counter) Flushed(end kafka.Offset) { c.flushed = int(end) }

func (c *counter) Checkpoint(t *task.Task) error {
	c.checked++
	mark, synced := c.writer.Mark(), c.count
	for range 3 {
		t.Yield() // a sync takes time, and appends go on
	}
	state := make([]byte, c.stateBytes)
	c.said += len(state)
	c.writer.Append(journal.State, kafka.Offset(synced), 0, state, kafka.Offset(c.count))
	c.writer.Forget(mark)
	return nil
}

func (c *counter) append(pad int) {
	data := binary.BigEndian.AppendUint32(make([]byte, 0, 4+pad), uint32(c.count))
	data = append(data, make([]byte, pad)...)
	c.count++
	c.writer.Append(journal.Data, 0, 0, data, kafka.Offset(c.count))
}

func TestEntriesComeBackInOrder(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	var want []journal.Entry
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			e := journal.Entry{Kind: journal.Data, Log: logOf(i % 3), Base: kafka.Offset(i),
				Position: kafka.Position(i * 7), Data: []byte(strings.Repeat("x", i*100))}
			e.Sequence = j.Append(e)
			want = append(want, e)
			if i%7 == 0 {
				if err := j.Await(tt, e.Sequence, kafka.Never); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := j.Close(tt); err != nil {
			t.Fatal(err)
		}
	})
	got, summary, err := replayAll(disk.PowerLoss(func(int) int { return 0 }))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b []byte) bool {
		return string(a) == string(b)
	})); diff != "" {
		t.Fatal(diff)
	}
	if len(summary.Shards) != 1 || summary.Shards[0].Entries != 40+1 || summary.Shards[0].Torn {
		t.Fatalf("summary is %+v", summary)
	}
	loop.Close()
}

// The law of the journal: crash anywhere, and what comes back is everything
// that was said to be committed, perhaps more, in order and without a gap.
func TestCrashAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := disktest.New()
		durable := make([]int, 3)
		for round := range rapid.IntRange(1, 4).Draw(t, "rounds") {
			var acknowledged []int
			disk, acknowledged = crashRound(t, disk, durable, round)
			recovered := recoverCounters(t, disk, len(durable))
			for i := range durable {
				if recovered[i] < acknowledged[i] {
					t.Fatalf("round %d: log %d has %d entries, %d were acknowledged",
						round, i, recovered[i], acknowledged[i])
				}
			}
			durable = recovered
		}
	})
}

// crashRound runs counters over a journal for a while, then pulls the plug.
func crashRound(
	t *rapid.T, disk *disktest.Disk, durable []int, round int,
) (after *disktest.Disk, acknowledged []int) {
	loop := task.NewLoop(0)
	logs := make([]*counter, len(durable))
	acknowledged = slices.Clone(durable)
	turns := rapid.IntRange(1, 400).Draw(t, "turns")
	sizes := rapid.SliceOfN(rapid.IntRange(0, 3*env.BlockSize), 1, 12).Draw(t, "sizes")
	quietEvery := rapid.SampledFrom([]int{1000, 2, 20}).Draw(t, "quiet every")
	stateBytes := rapid.SampledFrom([]int{0, 0, 3000, 14000, 40000, 80000}).Draw(t, "state bytes")
	run(loop, turns, func(tt *task.Task) {
		summary, err := journal.Replay(tt, disk, func(journal.Entry) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		states := func(yield func(journal.Entry) bool) {
			for i, count := range durable {
				e := journal.Entry{Kind: journal.State, Log: logOf(i), Base: kafka.Offset(count)}
				if !yield(e) {
					return
				}
			}
		}
		begun, err := journal.Begin(tt, disk, summary, uint64(round), 1, states)
		if err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(tt, disk, loop, 0, small(begun))
		if err != nil {
			t.Fatal(err)
		}
		for i := range logs {
			logs[i] = &counter{
				count: durable[i], flushed: durable[i], stateBytes: stateBytes,
			}
			logs[i].writer = j.NewWriter(logOf(i), logs[i])
		}
		appendForEver(tt, j, logs, sizes, quietEvery)
	})
	for i, log := range logs {
		if log != nil {
			acknowledged[i] = log.flushed
		}
	}
	after = disk.PowerLoss(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "fate") })
	loop.Close()
	return after, acknowledged
}

func appendForEver(
	t *task.Task, j *journal.Journal, logs []*counter, sizes []int, quietEvery int,
) {
	for n := 0; ; n++ {
		size := sizes[n%len(sizes)]
		if err := j.AwaitReady(t, 4+size, kafka.Never); err != nil {
			panic(err)
		}
		logs[(n*n+size)%len(logs)].append(size)
		if n%3 == 0 {
			t.Yield()
		}
		if n%quietEvery == quietEvery-1 {
			t.Sleep(time.Minute) // what was written is sealed
		}
	}
}

// recoverCounters replays and checks that each log's numbers have no gap behind
// what its last State says was made durable elsewhere.
func recoverCounters(t *rapid.T, disk *disktest.Disk, logs int) []int {
	counts, synced := make([]int, logs), make([]int, logs)
	seen := make([]map[int]bool, logs)
	entries, _, err := replayAll(disk)
	if err != nil {
		t.Fatalf("replay: %v", err)
	}
	for _, e := range entries {
		i := int(e.Log.Partition)
		switch e.Kind {
		case journal.State:
			synced[i] = int(e.Base)
		case journal.Data:
			n := int(binary.BigEndian.Uint32(e.Data))
			if seen[i] == nil {
				seen[i] = map[int]bool{}
			}
			seen[i][n] = true
		}
	}
	for i := range counts {
		counts[i] = synced[i]
		for seen[i][counts[i]] {
			delete(seen[i], counts[i])
			counts[i]++
		}
		for n := range seen[i] {
			if n > counts[i] {
				t.Fatalf("log %d: entry %d is there, %d is not", i, n, counts[i])
			}
		}
	}
	return counts
}

// Every file is given up in turn, however little the logs write, and the
// journal stays as small as it was told to.
func TestFilesAreRecycled(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	idle, busy := &counter{}, &counter{}
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		idle.writer, busy.writer = j.NewWriter(logOf(0), idle), j.NewWriter(logOf(1), busy)
		idle.append(10)
		for range 2000 {
			if err := j.AwaitReady(tt, 1004, kafka.Never); err != nil {
				t.Fatal(err)
			}
			busy.append(1000)
		}
		if err := j.Await(tt, j.Appended(), kafka.Never); err != nil {
			t.Fatal(err)
		}
	})
	files, err := disk.List("journal")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 1+5 {
		t.Fatalf("%d files in the journal's directory", len(files))
	}
	if busy.flushed != 2000 || idle.flushed != 1 {
		t.Fatalf("flushed %d and %d", busy.flushed, idle.flushed)
	}
	if busy.checked < 10 || idle.checked < 3 || idle.checked > busy.checked+2 {
		t.Fatalf("checkpoints: busy %d, idle %d", busy.checked, idle.checked)
	}
	entries, _, err := replayAll(disk.Kill())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(entries); n == 0 || n > 400 {
		t.Fatalf("%d entries are replayed", n)
	}
	loop.Close()
}

func TestAFailedCommitIsForEver(t *testing.T) {
	for _, kind := range []string{"through", "sync", "syncdir"} {
		t.Run(kind, func(t *testing.T) { testFailedCommit(t, kind) })
	}
}

func testFailedCommit(t *testing.T, kind string) {
	disk, loop := disktest.New(), task.NewLoop(0)
	log := &counter{}
	var told error
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		j.OnFailure(func(err error) { told = err })
		log.writer = j.NewWriter(logOf(0), log)
		log.append(1)
		if err := j.Await(tt, j.Appended(), kafka.Never); err != nil {
			t.Fatal(err)
		}
		failures := 0
		disk.Before = func(op disktest.Op) error {
			if op.Kind == kind && failures == 0 {
				failures++
				return env.ErrIO
			}
			return nil
		}
		for j.Failed() == nil {
			if err := j.AwaitReady(tt, 1004, kafka.Never); err != nil {
				break
			}
			log.append(1000)
			tt.Yield()
		}
		flushed := log.flushed
		log.append(1)
		if err := j.Await(tt, j.Appended()+1, kafka.Never); !errors.Is(err, env.ErrIO) {
			t.Errorf("Await after the failure: %v", err)
		}
		if err := j.Ready(1); !errors.Is(err, env.ErrIO) {
			t.Errorf("Ready after the failure: %v", err)
		}
		for range 10 {
			tt.Yield()
		}
		if log.flushed != flushed {
			t.Errorf("flushed moved from %d to %d after the failure", flushed, log.flushed)
		}
	})
	if !errors.Is(told, env.ErrIO) {
		t.Fatalf("OnFailure was told %v", told)
	}
	loop.Close()
}

// A full disk stops the journal from growing, and nothing else.
func TestAFullDiskOnlyKeepsTheJournalSmall(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	log := &counter{}
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		disk.Before = func(op disktest.Op) error {
			if op.Kind == "create" || op.Kind == "preallocate" {
				return env.ErrNoSpace
			}
			return nil
		}
		log.writer = j.NewWriter(logOf(0), log)
		for range 500 {
			if err := j.AwaitReady(tt, 1004, kafka.Never); err != nil {
				t.Fatal(err)
			}
			log.append(1000)
		}
		if err := j.Close(tt); err != nil {
			t.Fatal(err)
		}
	})
	if log.flushed != 500 {
		t.Fatalf("flushed %d", log.flushed)
	}
	loop.Close()
}

// TestAStateMayBeLongerThanAFile: the committer makes a file for it, or it and
// the task that gives files up would wait for each other.
func TestAStateMayBeLongerThanAFile(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	log := &counter{stateBytes: 20 * env.BlockSize}
	ended := run(loop, 20_000, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		log.writer = j.NewWriter(logOf(0), log)
		for range 500 {
			log.append(1000)
			if err := j.Await(tt, j.Appended(), kafka.Never); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(tt); err != nil {
			t.Fatal(err)
		}
	})
	if !ended || log.flushed != 500 || log.checked == 0 {
		t.Fatalf("ended %v, flushed %d, checked %d times", ended, log.flushed, log.checked)
	}
	got, _, err := replayAll(disk.PowerLoss(func(int) int { return 0 }))
	if err != nil || len(got) == 0 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	loop.Close()
}

// A commit is sealed once, and only when nothing has come for a while: a slow
// steady load is written once.
func TestOnlyQuietIsSealed(t *testing.T) {
	for _, test := range []struct {
		every time.Duration
		want  int
	}{{time.Millisecond, 6 + 1}, {900 * time.Millisecond, 6 + 1}, {time.Minute, 6 + 6}} {
		disk, loop := disktest.New(), task.NewLoop(0)
		log, commits := &counter{}, 0
		disk.Before = func(op disktest.Op) error {
			if op.Kind == "through" {
				commits++
			}
			return nil
		}
		run(loop, 0, func(tt *task.Task) {
			j, err := start(tt, disk, loop)
			if err != nil {
				t.Fatal(err)
			}
			log.writer = j.NewWriter(logOf(0), log)
			for range 6 {
				log.append(100)
				tt.Sleep(test.every)
			}
			tt.Sleep(time.Hour)
		})
		if commits != test.want {
			t.Errorf("6 entries, %v apart, are %d writes, want %d", test.every, commits, test.want)
		}
		loop.Close()
	}
}

func TestReadyRefusesWhatCannotBeTaken(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Ready(8 * env.BlockSize); !errors.Is(err, journal.ErrTooLarge) {
			t.Errorf("half a file: %v", err)
		}
		staged := 0
		for j.Ready(1000) == nil {
			j.Append(journal.Entry{Data: make([]byte, 1000)})
			staged += 1000
		}
		if err := j.Ready(1000); !errors.Is(err, journal.ErrCongested) {
			t.Errorf("with %d bytes staged: %v", staged, err)
		}
		if err := j.AwaitReady(tt, 1000, kafka.Never); err != nil {
			t.Error(err)
		}
	})
	loop.Close()
}

func BenchmarkAppendAndCommit(b *testing.B) {
	for _, size := range []int{170, 16 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkAppend(b, size) })
	}
}

func benchmarkAppend(b *testing.B, size int) {
	disk, loop := disktest.New(), task.NewLoop(0)
	data := make([]byte, size)
	run(loop, 0, func(t *task.Task) {
		summary, _ := journal.Replay(t, disk, func(journal.Entry) error { return nil })
		begun, err := journal.Begin(t, disk, summary, 7, 1, slices.Values([]journal.Entry(nil)))
		if err != nil {
			b.Fatal(err)
		}
		j, err := journal.Open(t, disk, loop, 0, journal.Options{Run: begun})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(size))
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			if err := j.AwaitReady(t, size, kafka.Never); err != nil {
				b.Fatal(err)
			}
			j.Append(journal.Entry{Kind: journal.Data, Data: data})
		}
		if err := j.Close(t); err != nil {
			b.Fatal(err)
		}
	})
	loop.Close()
}
