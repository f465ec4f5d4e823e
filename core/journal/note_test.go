package journal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"odradek/core/env"
	"odradek/core/journal"
	"odradek/core/journal/disktest"
	"odradek/core/task"
)

// noteTest is what becomes of a directory with two shards after its second run.
type noteTest struct {
	name  string
	spoil func(t *task.Task, d *disktest.Disk) error
	// says is part of the refusal, empty when there is none.
	says string
}

func noteTests() []noteTest {
	remove := func(prefix string) func(*task.Task, *disktest.Disk) error {
		return func(_ *task.Task, d *disktest.Disk) error {
			entries, err := d.List("journal")
			for _, e := range entries {
				if strings.HasPrefix(e.Name, prefix) {
					err = errors.Join(err, d.Remove("journal/"+e.Name))
				}
			}
			return err
		}
	}
	stopped := func(t *task.Task, d *disktest.Disk) error { return journal.NeedNoMore(t, d) }
	both := func(first, second func(*task.Task, *disktest.Disk) error,
	) func(*task.Task, *disktest.Disk) error {
		return func(t *task.Task, d *disktest.Disk) error {
			return errors.Join(first(t, d), second(t, d))
		}
	}
	needs := func(run uint64) func(*task.Task, *disktest.Disk) error {
		return func(t *task.Task, d *disktest.Disk) error {
			return journal.Need(t, d, journal.Run{Number: run}, 2)
		}
	}
	damaged := func(_ *task.Task, d *disktest.Disk) error {
		return d.Damage("odradek.journal-needed", 2)
	}
	return []noteTest{
		{name: "all is there"},
		{name: "the journal is gone", spoil: remove(""), says: "run 2 did not end with a clean stop, " +
			"so journal may have acknowledged records that are nowhere else, but it is not there"},
		{name: "the journal is gone after a clean stop", spoil: both(stopped, remove(""))},
		{name: "one shard's files are gone", spoil: remove("1-"), says: "it has no file of shard 1"},
		{name: "the journal is an old one", spoil: needs(3), says: "it is that of run 2"},
		{name: "a run began and wrote no note", spoil: needs(1)},
		{name: "the note is damaged", spoil: damaged},
		{name: "the note is damaged and the journal is gone", spoil: both(damaged, remove("")),
			says: "it is not there"},
	}
}

// A journal that was needed is missed; one that was not is not.
func TestAMissingJournalIsNoticed(t *testing.T) {
	for _, test := range noteTests() {
		t.Run(test.name, func(t *testing.T) {
			disk := disktest.New()
			for range 2 {
				disk = noteRun(t, disk)
			}
			if test.spoil != nil {
				run(task.NewLoop(0), 0, func(tt *task.Task) {
					if err := test.spoil(tt, disk); err != nil {
						t.Fatal(err)
					}
				})
			}
			_, _, err := replayAll(disk.Kill())
			if test.says == "" && err != nil {
				t.Fatal(err)
			}
			if test.says != "" &&
				(!errors.Is(err, journal.ErrMissing) || !strings.Contains(err.Error(), test.says)) {
				t.Fatalf("got %v, want ... %s ...", err, test.says)
			}
		})
	}
}

// noteRun begins a run of two shards, and pulls the plug.
func noteRun(t *testing.T, disk *disktest.Disk) *disktest.Disk {
	loop := task.NewLoop(0)
	run(loop, 0, func(tt *task.Task) {
		summary, err := journal.Replay(tt, disk, func(journal.Entry) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		begun, err := journal.Begin(tt, disk, summary, 7, 2, slices.Values([]journal.Entry(nil)))
		if err != nil {
			t.Fatal(err)
		}
		for shard := range 2 {
			options := journal.Options{Run: begun, FileBytes: 16 * env.BlockSize}
			if _, err := journal.Open(tt, disk, loop, shard, options); err != nil {
				t.Fatal(err)
			}
		}
		if err := journal.Need(tt, disk, begun, 2); err != nil {
			t.Fatal(err)
		}
	})
	loop.Close()
	return disk.PowerLoss(func(int) int { return 0 })
}
