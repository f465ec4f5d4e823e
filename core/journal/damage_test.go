package journal_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/task"

	gocmp "github.com/google/go-cmp/cmp"
)

// ending is how a journal's run ends.
type ending int

const (
	killed ending = iota
	closed
	// quiet is killed after nothing has come for a while.
	quiet
)

// written makes a disk whose journal has n commits of one entry of size bytes
// each. fill, when not nil, is the entries' data.
func written(t *testing.T, n, size int, fill []byte, end ending) *disktest.Disk {
	t.Helper()
	disk, loop := disktest.New(), task.NewLoop(0)
	if fill == nil {
		fill = make([]byte, size)
	}
	run(loop, 0, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			e := journal.Entry{Kind: journal.Data, Base: kafka.Offset(i), Data: fill}
			if err := j.Await(tt, j.Append(e), kafka.Never); err != nil {
				t.Fatal(err)
			}
		}
		switch end {
		case closed:
			if err := j.Close(tt); err != nil {
				t.Fatal(err)
			}
		case quiet:
			tt.Sleep(10 * time.Second)
		}
	})
	loop.Close()
	return disk.Kill()
}

// damageTest is damage to a journal of some commits, and what becomes of it.
type damageTest struct {
	name    string
	commits int
	ending  ending
	// size is that of an entry's data; 100 if it is 0.
	size     int
	damage   map[string][]kafka.Position
	remove   string
	corrupt  string // part of the error, or ""
	survived int
	torn     bool
}

func damageTests() []damageTest {
	const block = env.BlockSize
	return []damageTest{
		{name: "none", commits: 5, survived: 5},
		{name: "the header of the last frame", commits: 5, survived: 4,
			damage: map[string][]kafka.Position{"journal/0-1": {4*block + 9}}},
		{name: "an entry of the last frame", commits: 5, survived: 4, torn: true,
			damage: map[string][]kafka.Position{"journal/0-1": {4*block + 70}}},
		{name: "the header of the last frame, sealed by quiet", commits: 5, ending: quiet,
			corrupt: "journal/0-1 at 16384: a frame is damaged, and entry 6 is behind it at 20480",
			damage:  map[string][]kafka.Position{"journal/0-1": {4*block + 9}}},
		{name: "an entry of the last frame, sealed by a stop", commits: 5, ending: closed,
			corrupt: "journal/0-1 at 16384: a frame is damaged, and entry 6 is behind it at 20480",
			damage:  map[string][]kafka.Position{"journal/0-1": {4*block + 70}}},
		{name: "the last frame of a file, sealed in the next", commits: 16, ending: quiet,
			corrupt: "before journal/0-2 a file is missing or damaged",
			damage:  map[string][]kafka.Position{"journal/0-1": {15*block + 70}}},
		{name: "the only frame of a file, sealed", commits: 17, ending: quiet,
			corrupt: "journal/0-2 begins with a damaged frame, and entry 18 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-2": {70}}},
		{name: "the only frame of all, sealed", commits: 1, ending: quiet,
			corrupt: "journal/0-1 begins with a damaged frame, and entry 2 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-1": {70}}},
		{name: "the seal", commits: 5, ending: quiet, survived: 5,
			damage: map[string][]kafka.Position{"journal/0-1": {5*block + 9}}},
		{name: "the padding of a frame", commits: 5, survived: 5,
			damage: map[string][]kafka.Position{"journal/0-1": {2*block + 4000}}},
		{name: "the header of a frame with others behind it", commits: 5,
			corrupt: "journal/0-1 at 8192: a frame is damaged, and entry 4 is behind it at 12288",
			damage:  map[string][]kafka.Position{"journal/0-1": {2*block + 30}}},
		{name: "an entry of a frame with others behind it", commits: 5,
			corrupt: "journal/0-1 at 4096: a frame is damaged",
			damage:  map[string][]kafka.Position{"journal/0-1": {block + 100}}},
		{name: "the first header of the only file", commits: 5, corrupt: "begins with a damaged frame",
			damage: map[string][]kafka.Position{"journal/0-1": {0}}},
		{name: "the first header of the second file", commits: 20,
			corrupt: "journal/0-2 begins with a damaged frame, and entry 18 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-2": {8}}},
		{name: "the first entry of the second file", commits: 20,
			corrupt: "journal/0-2 begins with a damaged frame, and entry 18 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-2": {70}}},
		{name: "the first header of the second file, its only frame", commits: 17, survived: 16,
			damage: map[string][]kafka.Position{"journal/0-2": {8}}},
		{name: "the end of the first file", commits: 20, corrupt: "before journal/0-2 a file is missing",
			damage: map[string][]kafka.Position{"journal/0-1": {15*block + 1}}},
		{name: "the first file is gone", commits: 20, remove: "journal/0-1",
			corrupt: "before journal/0-2 a file is missing or damaged: generation 2 begins at entry 17, " +
				"want generation 1"},
		{name: "the first header of the second file, and the first is not full", commits: 8, size: 9000,
			corrupt: "journal/0-2 begins with a damaged frame, and entry 7 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-2": {8}}},
		{name: "the first entry of the second file, and the first is not full", commits: 8, size: 9000,
			corrupt: "journal/0-2 begins with a damaged frame, and entry 7 is behind it",
			damage:  map[string][]kafka.Position{"journal/0-2": {70}}},
		{name: "the last frame before the mark of the end", commits: 8, size: 9000,
			remove: "journal/0-2", corrupt: "journal/0-1 at 49152: a frame is damaged",
			damage: map[string][]kafka.Position{"journal/0-1": {12*block + 70}}},
		{name: "the file that the mark of the end names", commits: 8, size: 9000,
			remove:  "journal/0-2",
			corrupt: "journal/0-1 says that journal/0-2 goes on, which is missing"},
		{name: "the mark of the end", commits: 8, size: 9000, survived: 8,
			damage: map[string][]kafka.Position{"journal/0-1": {15*block + 8}}},
		{name: "the base", commits: 5, corrupt: "journal/base fails its checksum",
			damage: map[string][]kafka.Position{"journal/base": {12}}},
		{name: "the base is gone", commits: 5, remove: "journal/base",
			corrupt: "there is journal/0-1, but no journal/base"},
	}
}

func TestDamage(t *testing.T) {
	for _, test := range damageTests() {
		t.Run(test.name, func(t *testing.T) {
			disk := written(t, test.commits, cmp.Or(test.size, 100), nil, test.ending)
			for name, positions := range test.damage {
				for _, position := range positions {
					if err := disk.Damage(name, position); err != nil {
						t.Fatal(err)
					}
				}
			}
			if test.remove != "" {
				if err := disk.Remove(test.remove); err != nil {
					t.Fatal(err)
				}
			}
			entries, summary, err := replayAll(disk)
			if test.corrupt != "" {
				if !errors.Is(err, journal.ErrCorrupt) || !strings.Contains(err.Error(), test.corrupt) {
					t.Fatalf("got %v, want ... %s ...", err, test.corrupt)
				}
				return
			}
			if err != nil || len(entries) != test.survived || summary.Shards[0].Torn != test.torn {
				t.Fatalf("%d entries, %+v, %v", len(entries), summary, err)
			}
		})
	}
}

// Of files behind the last one no more is read than their first block: there can
// be many, and they are large.
func TestReplayReadsOnlyWhatCounts(t *testing.T) {
	disk := written(t, 5, 100, nil, killed)
	read := map[string]int64{}
	disk.Before = func(op disktest.Op) error {
		if op.Kind == "read" {
			read[op.Name] += op.Length
		}
		return nil
	}
	if entries, _, err := replayAll(disk); err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if got := read["journal/0-2"]; got != env.BlockSize {
		t.Errorf("%d bytes of a file that was not begun were read", got)
	}
}

// A survey reads the journals of several shards together, not one after the other.
func TestASurveyReadsJournalsTogether(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	var order []string
	run(loop, 0, func(tt *task.Task) {
		begun, err := journal.Begin(tt, disk, journal.Summary{}, 7, 2,
			slices.Values([]journal.Entry(nil)))
		if err != nil {
			t.Fatal(err)
		}
		for shard := range 2 {
			j, err := journal.Open(tt, disk, loop, shard, small(begun))
			if err != nil {
				t.Fatal(err)
			}
			for range 8 {
				e := journal.Entry{Kind: journal.Data, Data: make([]byte, 9000)}
				if err := j.Await(tt, j.Append(e), kafka.Never); err != nil {
					t.Fatal(err)
				}
			}
			if err := j.Close(tt); err != nil {
				t.Fatal(err)
			}
		}
		past, err := journal.Find(tt, disk)
		if err != nil {
			t.Fatal(err)
		}
		defer past.Close()
		disk.Before = func(op disktest.Op) error {
			order = append(order, op.Name)
			return nil
		}
		entries := 0
		_, err = past.Survey(tt, func(e journal.Entry) error {
			if e.Kind != journal.Nothing {
				entries++
			}
			return nil
		})
		if err != nil || entries != 16 {
			t.Fatalf("%d entries, %v", entries, err)
		}
	})
	loop.Close()
	want := []string{"journal/0-1", "journal/1-1", "journal/0-2", "journal/1-2"}
	if !slices.Equal(order, want) {
		t.Errorf("read %v, want %v", order, want)
	}
}

// A client may store whatever it likes, also the bytes of a journal's frame.
func TestAForgedFrameInsideAnEntryIsNoFrame(t *testing.T) {
	const block = env.BlockSize
	victim := written(t, 3, 100, nil, killed)
	stolen, err := victim.Bytes("journal/0-1")
	if err != nil {
		t.Fatal(err)
	}
	// The forger has seen a frame of another run and numbers it to come next.
	forged := stolen[:block]
	binary.LittleEndian.PutUint64(forged[24:], 4)
	data := make([]byte, 2*block)
	copy(data[block-64-48:], forged)
	disk := written(t, 3, 0, data, killed)
	// The last commit is torn: its first block is lost, the forged one is not.
	if err := disk.Damage("journal/0-1", 2*3*block+3); err != nil {
		t.Fatal(err)
	}
	entries, _, err := replayAll(disk)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
}

// What is asked of the disk, in order: a missing sync is a line that is missing.
func TestTranscript(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	var lines []string
	disk.Before = func(op disktest.Op) error {
		if op.Kind != "read" {
			lines = append(lines, op.String())
		}
		return nil
	}
	say := func(line string) { lines = append(lines, "# "+line) }
	log := &counter{}
	run(loop, 0, func(tt *task.Task) {
		say("begin and open in an empty directory")
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		log.writer = j.NewWriter(logOf(0), log)
		say("one entry")
		log.append(100)
		if err := j.Await(tt, 1, kafka.Never); err != nil {
			t.Fatal(err)
		}
		say("three entries in one turn")
		log.append(100)
		log.append(3000)
		log.append(3000)
		if err := j.Await(tt, 4, kafka.Never); err != nil {
			t.Fatal(err)
		}
		say("an hour in which nothing comes")
		tt.Sleep(time.Hour)
		say("an entry larger than a staging buffer, then small ones until a file is given up")
		log.append(5 * env.BlockSize)
		for log.checked == 0 || j.Committed() < j.Appended() {
			if log.checked == 0 {
				log.append(7000)
			}
			tt.Yield()
		}
		say("close")
		if err := j.Close(tt); err != nil {
			t.Fatal(err)
		}
		say("the next run takes the files over")
		if _, err := start(tt, disk, tt.Loop()); err != nil {
			t.Fatal(err)
		}
	})
	compareWithGolden(t, "testdata/transcript.txt", strings.Join(lines, "\n")+"\n")
	loop.Close()
}

var rewrite = flag.Bool("rewrite", false, "write the golden files again; then read the diff")

// compareWithGolden compares with a file, or writes it under -rewrite.
func compareWithGolden(t *testing.T, name, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Fatal(diff)
	}
}
