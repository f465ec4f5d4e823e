package journal_test

import (
	"testing"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/task"
)

// roomTest is logs whose States are as long as all files together, or longer.
type roomTest struct {
	name  string
	logs  int
	state int
	// expected is what is said of their States before the first.
	expected int
}

func roomTests() []roomTest {
	const block = env.BlockSize
	return []roomTest{
		{name: "few short States", logs: 2, state: 100},
		{name: "nearly all of the files", logs: 30, state: block},
		{name: "more than the files", logs: 100, state: block},
		{name: "more than the files, and expected", logs: 100, state: block, expected: block},
		{name: "a staging buffer each", logs: 60, state: 2*block - 112},
		{name: "longer than a staging buffer", logs: 40, state: 3 * block},
		{name: "half a file", logs: 20, state: 8*block - 112},
		{name: "nearly a file", logs: 12, state: 15 * block},
		{name: "longer than a file", logs: 6, state: 20 * block},
		{name: "very many logs", logs: 1000, state: 300},
	}
}

// The States of all logs together may be longer than the files that a journal
// may have: it takes entries all the same, says the States no more often than
// new entries make it, grows no larger than they make it, and falls silent.
func TestStatesAsLongAsAllFiles(t *testing.T) {
	for _, test := range roomTests() {
		t.Run(test.name, func(t *testing.T) { testRoom(t, test) })
	}
}

func testRoom(t *testing.T, test roomTest) {
	const rounds, dataBytes = 3000, 1000
	disk, loop := disktest.New(), task.NewLoop(0)
	logs := make([]*counter, test.logs)
	var j *journal.Journal
	ended := run(loop, 400_000, func(tt *task.Task) {
		var err error
		if j, err = start(tt, disk, loop); err != nil {
			t.Fatal(err)
		}
		for i := range logs {
			logs[i] = &counter{stateBytes: test.state}
			logs[i].writer = j.NewWriter(logOf(i), logs[i])
			logs[i].writer.Expect(test.expected)
		}
		for i := range rounds {
			if err := j.AwaitReady(tt, 4+dataBytes, kafka.Never); err != nil {
				t.Fatal(err)
			}
			logs[i%len(logs)].append(dataBytes)
		}
		if err := j.Await(tt, j.Appended(), kafka.Never); err != nil {
			t.Fatal(err)
		}
	})
	appended, said := 0, 0
	for _, log := range logs {
		appended += log.count
		said += log.said
	}
	if !ended {
		t.Fatalf("there is no room for more than %d entries, %v", appended, j.Ready(dataBytes))
	}
	// Each round of States is for as many bytes of data at least, and there may be
	// one at the end that no data follows.
	all := test.logs * test.state
	if most := rounds*env.BlockSize + 2*all; said > most {
		t.Errorf("%d bytes of States, want %d at most", said, most)
	}
	checkFiles(t, disk, all+test.logs*env.BlockSize)
	rest := func() journal.Sequence {
		run(loop, 0, func(tt *task.Task) {
			for range 10_000 {
				tt.Yield()
			}
		})
		return j.Appended()
	}
	if silent := rest(); rest() != silent {
		t.Errorf("a journal to which nothing comes goes on from %d to %d", silent, j.Appended())
	}
	loop.Close()
}

// Whoever waits for room for a large entry gets it, whatever small entries come
// meanwhile, and before those who wait behind.
func TestNobodyIsOvertakenForRoom(t *testing.T) {
	disk, loop := disktest.New(), task.NewLoop(0)
	var order []string
	ended := run(loop, 400_000, func(tt *task.Task) {
		j, err := start(tt, disk, loop)
		if err != nil {
			t.Fatal(err)
		}
		log := &counter{stateBytes: 100}
		log.writer = j.NewWriter(logOf(0), log)
		for j.Ready(1004) == nil {
			log.append(1000)
		}
		wait := func(name string, dataBytes int) task.Handle {
			return loop.Spawn(name, func(t2 *task.Task) {
				if err := j.AwaitReady(t2, 4+dataBytes, kafka.Never); err != nil {
					t.Error(err)
				}
				if err := j.Ready(4 + dataBytes); err != nil {
					t.Errorf("%s was given room, and then: %v", name, err)
				}
				log.append(dataBytes)
				order = append(order, name)
			})
		}
		handles := []task.Handle{wait("large", 7*env.BlockSize), wait("small", 1000),
			wait("second", 1000)}
		for small := 0; len(order) == 0; small++ {
			if j.Ready(1004) == nil {
				log.append(1000)
			}
			tt.Yield()
		}
		for _, h := range handles {
			for h.Alive() {
				tt.Yield()
			}
		}
	})
	if !ended || len(order) != 3 || order[0] != "large" || order[1] != "small" {
		t.Errorf("ended: %v, order %v", ended, order)
	}
	loop.Close()
}

// checkFiles makes sure that a journal is not much larger than it was told to be
// and its States make it.
func checkFiles(t *testing.T, disk *disktest.Disk, states int) {
	t.Helper()
	files, err := disk.List("journal")
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, f := range files {
		size += f.Size
	}
	if most := int64((5+3)*16*env.BlockSize + 10*states); size > most {
		t.Errorf("the journal has %d files of %d bytes, want %d at most", len(files), size, most)
	}
}
