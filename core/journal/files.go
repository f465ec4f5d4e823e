package journal

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// directory is where journals are, within the log directory.
const directory = "journal"

// journalFile is one preallocated file of a journal. It is free, then current,
// then used, then given up and free again.
type journalFile struct {
	file env.File
	name string
	// number is the one in the name, from 1.
	number uint32
	size   int64
	// generation numbers the uses of a shard's files, from 1 in each run.
	generation uint64
	// position is where the next frame goes.
	position int64
}

func (f *journalFile) left() int64 { return f.size - f.position }

// fileName is the name of a shard's n-th file. The numbers carry no order:
// generations do.
func fileName(shard uint32, n int) string {
	return fmt.Sprintf("%s/%d-%d", directory, shard, n)
}

// parseFileName reads what fileName wrote, without the directory.
func parseFileName(name string) (shard uint32, n int, ok bool) {
	left, right, found := strings.Cut(name, "-")
	if !found {
		return 0, 0, false
	}
	s, err := strconv.ParseUint(left, 10, 31)
	if err != nil {
		return 0, 0, false
	}
	number, err := strconv.ParseUint(right, 10, 31)
	return uint32(s), int(number), err == nil
}

// openFiles takes over what files earlier runs left to the shard, and makes as
// many as it takes to start. What is in them does not count: Begin said so.
func (j *Journal) openFiles(t *task.Task) error {
	entries, err := j.disk.List(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		shard, n, ok := parseFileName(entry.Name)
		if !ok || shard != j.shard {
			continue
		}
		j.named = max(j.named, n)
		if err := j.takeOver(n, entry.Size); err != nil {
			return err
		}
	}
	for len(j.ready) < filesMin {
		if err := j.makeFile(t); err != nil {
			return err
		}
	}
	if err := j.disk.SyncDir(t, directory); err != nil {
		return err
	}
	j.use(j.ready[0])
	return nil
}

func (j *Journal) takeOver(n int, size int64) error {
	name := fileName(j.shard, n)
	if size != j.options.FileBytes || len(j.ready) == j.options.FilesMax {
		return j.disk.Remove(name)
	}
	file, err := j.disk.Open(name)
	if err != nil {
		return err
	}
	j.ready = append(j.ready, &journalFile{file: file, name: name, number: uint32(n), size: size})
	return nil
}

// makeFile creates a file and makes its length durable; its name is durable
// only after SyncDir.
func (j *Journal) makeFile(t *task.Task) error { return j.makeFileOf(t, j.options.FileBytes) }

func (j *Journal) makeFileOf(t *task.Task, size int64) error {
	j.named++
	name := fileName(j.shard, j.named)
	file, err := j.disk.Create(name)
	if err != nil {
		return err
	}
	err = file.Preallocate(size)
	if err != nil {
		_ = file.Close()        // the file is given up: its own errors change nothing
		_ = j.disk.Remove(name) // and a leftover of a wrong size is removed at next boot
		return err
	}
	if err := file.Sync(t); err != nil {
		return err
	}
	j.ready = append(j.ready,
		&journalFile{file: file, name: name, number: uint32(j.named), size: size})
	return nil
}

// fileRetryInterval is how long the committer waits for a file to be given up
// before it makes one, and for room on a full disk before it tries again.
const fileRetryInterval = 100 * time.Millisecond

// use makes the first ready file the current one.
func (j *Journal) use(f *journalFile) {
	assert.That(f == j.ready[0], "files are used in the order in which they became ready")
	copy(j.ready, j.ready[1:])
	j.ready = j.ready[:len(j.ready)-1]
	j.generation++
	f.generation, f.position = j.generation, 0
	j.current = f
}

// advance begins the next file, for a frame of size that begins with the entry
// first, waiting for one to become ready.
func (j *Journal) advance(t *task.Task, size int64, first Sequence) error {
	if size > j.options.FileBytes {
		if err := j.makeLargeFile(t, size); err != nil {
			return err
		}
	}
	for len(j.ready) == 0 {
		if err := j.awaitFile(t); err != nil {
			return err
		}
	}
	if err := j.end(t, j.ready[0], first); err != nil {
		return err
	}
	j.used = append(j.used, j.current)
	j.use(j.ready[0])
	j.janitor.Broadcast()
	return nil
}

// makeLargeFile makes a file for a frame that no usual one holds: the State of a
// log with very many producers. It is the next to be used, and is removed when it
// is given up: the next such State has another size.
func (j *Journal) makeLargeFile(t *task.Task, size int64) error {
	for {
		err := j.makeFileOf(t, size)
		if err == nil {
			last := len(j.ready) - 1
			j.ready = append(j.ready[last:], j.ready[:last]...)
			return j.disk.SyncDir(t, directory)
		}
		if !errors.Is(err, env.ErrNoSpace) {
			return err
		}
		// A deadline that passes is the moment to try again.
		_ = j.files.Wait(t, t.Now().Plus(fileRetryInterval), "room for a large journal file")
		if j.failed != nil {
			return j.failed
		}
	}
}

// awaitFile waits a moment for a file to be given up, then makes one. The janitor
// may itself be waiting for this very commit, or for a task that does: entries
// that ask nobody for room, as States and moves of a log's start, have then used
// up what was kept for them. A file more than FilesMax is better than a journal
// that takes nothing more; entries with data have asked and don't get here.
func (j *Journal) awaitFile(t *task.Task) error {
	j.janitor.Broadcast()
	deadline := t.Now().Plus(fileRetryInterval)
	for len(j.ready) == 0 && j.failed == nil && !j.givingUp {
		if j.files.Wait(t, deadline, "a journal file to be given up") != nil {
			break
		}
	}
	if len(j.ready) > 0 || j.failed != nil {
		return j.failed
	}
	err := j.makeFile(t)
	if err == nil {
		return j.disk.SyncDir(t, directory)
	}
	if !errors.Is(err, env.ErrNoSpace) {
		return err
	}
	// A deadline that passes is the moment to try again.
	_ = j.files.Wait(t, t.Now().Plus(fileRetryInterval), "room for a journal file")
	return j.failed
}

// oldest is the lowest generation that replay needs.
func (j *Journal) oldest() uint64 {
	if len(j.used) > 0 {
		return j.used[0].generation
	}
	return j.current.generation
}

// janitorLoop gives up files and asks logs for checkpoints, one log at a time:
// small steady steps, so that commits hardly notice.
func (j *Journal) janitorLoop(t *task.Task) {
	for j.failed == nil {
		var err error
		switch {
		case j.mustGrow():
			err = j.grow(t)
		case j.mustGiveUp() && (len(j.wanted) == 0 || j.low()):
			// Somebody waits for room, or soon will: logs that roll all the time and
			// want a checkpoint each time must not come first.
			err = j.giveUpOldest(t)
		case len(j.wanted) > 0:
			err = j.checkpointWanted(t)
		case j.noSpace:
			// The disk may have room again, and perhaps no file is left to give up.
			if j.janitor.Wait(t, t.Now().Plus(fileRetryInterval), "room for a journal file") != nil {
				j.noSpace = false
			}
		default:
			// Without a deadline the wait only ends by a broadcast.
			_ = j.janitor.Wait(t, kafka.Never, "a journal file to fill")
		}
		if err != nil {
			j.Fail(err)
		}
	}
}

func (j *Journal) checkpointWanted(t *task.Task) error {
	w := j.wanted[0]
	copy(j.wanted, j.wanted[1:])
	j.wanted[len(j.wanted)-1] = nil
	j.wanted = j.wanted[:len(j.wanted)-1]
	w.wanted = false
	if w.owner == nil {
		return nil
	}
	return w.owner.Checkpoint(t)
}

// grow makes one more file. A full disk is no failure: files are given up.
func (j *Journal) grow(t *task.Task) error {
	err := j.makeFile(t)
	if errors.Is(err, env.ErrNoSpace) {
		j.noSpace = true
		return nil
	}
	if err == nil {
		err = j.disk.SyncDir(t, directory)
	}
	if err != nil {
		return fmt.Errorf("make a journal file for shard %d: %w", j.shard, err)
	}
	j.files.Broadcast()
	return nil
}

// giveUpOldest frees the oldest full file: every log that may need it makes
// its segments durable and says so in the journal.
func (j *Journal) giveUpOldest(t *task.Task) error {
	f := j.used[0]
	for w := j.writers.first; w != nil && w.generation <= f.generation; w = j.writers.first {
		if err := w.owner.Checkpoint(t); err != nil {
			return err
		}
		if j.failed != nil {
			return nil
		}
		assert.That(j.writers.first != w || w.generation > f.generation,
			"a log that took a checkpoint needs no older file")
		if j.mustGrow() {
			if err := j.grow(t); err != nil {
				return err
			}
		}
		t.Yield()
	}
	j.givingUp = true
	defer func() { j.givingUp = false }()
	j.files.Broadcast()
	// The States must be durable before any frame says that the file is no longer
	// needed, and such a frame before the file is overwritten. An error means
	// that the journal has failed, and it knows why.
	if err := j.Await(t, j.appended, kafka.Never); err != nil {
		return nil
	}
	copy(j.used, j.used[1:])
	j.used = j.used[:len(j.used)-1]
	if err := j.Await(t, j.stage(&Entry{Kind: Nothing}), kafka.Never); err != nil {
		return nil
	}
	if err := j.recycle(f); err != nil {
		return err
	}
	if j.room(j.refused) >= j.stagedBytes+j.refused+j.reserve() {
		j.refused = 0
	}
	j.noSpace = false
	j.files.Broadcast()
	return nil
}

// recycle makes a file that was given up ready again, or removes it when there
// are too many. Its name may come back in a power loss: replay knows by its
// generation that it is not needed.
func (j *Journal) recycle(f *journalFile) error {
	if f.size == j.options.FileBytes && j.filesTotal() < j.filesMax()+filesSpare {
		f.generation, f.position = 0, 0
		j.ready = append(j.ready, f)
		return nil
	}
	if err := errors.Join(f.file.Close(), j.disk.Remove(f.name)); err != nil {
		return fmt.Errorf("remove %s: %w", f.name, err)
	}
	return nil
}

func (j *Journal) closeFiles() {
	files := append(append([]*journalFile{j.current}, j.used...), j.ready...)
	for _, f := range files {
		_ = f.file.Close() // everything in it was written through
	}
}
