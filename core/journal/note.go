package journal

import (
	"errors"
	"fmt"
	"slices"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// The note says that the journals of a run are needed: they hold what nothing else
// does. A directory without journals is what Apache Kafka leaves, and a legitimate
// start; one with a note has lost something. Kafka does not look at the file.
const (
	noteName    = "odradek.journal-needed"
	noteNewName = noteName + ".new"
	// noteBytesMax bounds what is read of it: a line.
	noteBytesMax = 4096
	noteFormat   = "run=%d shards=%d\n"
)

// ErrMissing: a journal that was needed is not there any more.
var ErrMissing = errors.New("missing journal")

// Need makes it durable that the journals of a run are needed from now on. All of
// them have been opened, and nothing was acknowledged yet.
func Need(t *task.Task, disk env.Disk, run Run, shards int) error {
	err := replaceFile(t, disk, noteNewName, noteName,
		fmt.Appendf(nil, noteFormat, run.Number, shards))
	if err == nil {
		err = disk.SyncDir(t, "")
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", noteName, err)
	}
	return nil
}

// NeedNoMore takes the note away: everything that the journals hold is durable in
// the files of the logs.
func NeedNoMore(t *task.Task, disk env.Disk) error {
	err := disk.Remove(noteName)
	if errors.Is(err, env.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = disk.SyncDir(t, "")
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", noteName, err)
	}
	return nil
}

// note is a note that was found.
type note struct {
	run    uint64
	shards int
}

// readNote reads the note. One that can't be read still says that there was a run.
func readNote(t *task.Task, disk env.Disk) (n note, found bool, err error) {
	file, err := disk.Open(noteName)
	if errors.Is(err, env.ErrNotExist) {
		return note{}, false, nil
	}
	if err != nil {
		return note{}, false, err
	}
	defer func() { _ = file.Close() }() // it was only read
	text := make([]byte, min(file.Size(), noteBytesMax))
	length, err := file.ReadAt(t, text, kafka.Position(0))
	if err != nil {
		return note{}, false, err
	}
	if _, err := fmt.Sscanf(string(text[:length]), noteFormat, &n.run, &n.shards); err != nil {
		return note{run: 1}, true, nil
	}
	return n, true, nil
}

// checkNote compares the note with the journals that were found.
func (p *Past) checkNote(t *task.Task) error {
	n, found, err := readNote(t, p.disk)
	if err != nil || !found {
		return err
	}
	what := ""
	switch {
	case p.base.run.Number == 0:
		what = "is not there"
	case p.base.run.Number < n.run:
		what = fmt.Sprintf("is that of run %d", p.base.run.Number)
	case p.base.run.Number == n.run:
		if shard, missing := p.shardWithout(n.shards); missing {
			what = fmt.Sprintf("has no file of shard %d", shard)
		}
	}
	if what == "" {
		return nil // or a later run has begun, from all that was there, and written no note yet
	}
	return fmt.Errorf("%w: run %d did not end with a clean stop, so %s may have acknowledged "+
		"records that are nowhere else, but it %s; put it back or, to do without these records, "+
		"remove the file %s", ErrMissing, n.run, directory, what, noteName)
}

// shardWithout finds a shard that has no file.
func (p *Past) shardWithout(shards int) (shard int, missing bool) {
	for shard := range shards {
		has := func(f *oldFile) bool { return int(f.shard) == shard }
		if !slices.ContainsFunc(p.files, has) {
			return shard, true
		}
	}
	return 0, false
}
