package log

import (
	"errors"
	"fmt"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// pendingMax is how many bytes of entries an index keeps before it writes them
// to its file: one write for about 2 MiB of log.
const pendingMax = 4096

// index is a file of entries of one size, sorted, that is only appended to and
// cut: the common half of the offset index and the time index.
//
//	| entry 0 | entry 1 |  ...  | entry stored-1 | pending: in memory only |
//
// It is looked into where it lies: one block of it is kept, as lookups of one
// reader come close to each other.
type index struct {
	disk      env.Disk
	name      string
	entrySize int
	// file is nil until the first entry is stored or looked up.
	file env.File
	// stored is how many entries the file has, pending what follows them.
	stored  int
	pending []byte
	// synced is how many entries are known durable, -1 while the file's length
	// is not.
	synced int
	// cache is a block of the file from entry cachedFrom on.
	cache      []byte
	cachedFrom int
	cached     int
}

// indexBlockBytes is how much of an index is read and kept at a time: whole
// entries of both kinds.
const indexBlockBytes = 4080

func (x *index) count() int { return x.stored + len(x.pending)/x.entrySize }

// append adds an entry, in memory at first. An error of the file is not lost:
// what could not be stored stays pending, and the next sync reports it.
func (x *index) append(entry []byte) {
	assert.That(len(entry) == x.entrySize, "an index entry has the size of its index")
	x.pending = append(x.pending, entry...)
	if len(x.pending) >= pendingMax {
		_ = x.store() // see above
	}
}

// create makes the file, empty.
func (x *index) create() (err error) {
	x.file, err = x.disk.Create(x.name)
	return err
}

// store writes what is pending to the file.
func (x *index) store() error {
	if len(x.pending) == 0 {
		return nil
	}
	if err := x.open(); err != nil {
		return err
	}
	at := int64(x.stored) * int64(x.entrySize)
	if err := x.file.WriteAt(x.pending, kafka.Position(at)); err != nil {
		return fmt.Errorf("write %s: %w", x.name, err)
	}
	x.stored += len(x.pending) / x.entrySize
	x.pending = x.pending[:0]
	return nil
}

// open opens the file if it is not open.
func (x *index) open() (err error) {
	if x.file == nil {
		x.file, err = x.disk.Open(x.name)
	}
	return err
}

// sync makes every entry durable. Entries that a full disk has no room for stay
// pending: recovery makes an index again that is too short.
func (x *index) sync(t *task.Task) error {
	if err := x.store(); err != nil && !errors.Is(err, env.ErrNoSpace) {
		return err
	}
	stored := x.stored
	if stored == x.synced {
		return nil
	}
	if err := x.file.Sync(t); err != nil {
		return fmt.Errorf("sync %s: %w", x.name, err)
	}
	x.synced = min(stored, x.stored)
	return nil
}

// forgetUnstored drops what is pending, and reports whether there was anything.
func (x *index) forgetUnstored() bool {
	forgets := len(x.pending) > 0
	x.pending = x.pending[:0]
	return forgets
}

// entry returns entry i, valid until the next call. With a nil task it does
// not wait: env.ErrCold when the file is not in memory.
func (x *index) entry(t *task.Task, i int) ([]byte, error) {
	assert.That(i >= 0 && i < x.count(), "an index is asked for entries it has")
	if i >= x.stored {
		at := (i - x.stored) * x.entrySize
		return x.pending[at : at+x.entrySize], nil
	}
	if i < x.cachedFrom || i >= x.cachedFrom+x.cached {
		if err := x.fill(t, i); err != nil {
			return nil, err
		}
	}
	at := (i - x.cachedFrom) * x.entrySize
	return x.cache[at : at+x.entrySize], nil
}

// fill reads the block that entry i is in.
func (x *index) fill(t *task.Task, i int) error {
	if err := x.open(); err != nil {
		return err
	}
	if x.cache == nil {
		x.cache = make([]byte, indexBlockBytes)
	}
	perBlock := indexBlockBytes / x.entrySize
	from := i - i%perBlock
	want := min(perBlock, x.stored-from)
	x.cached = 0
	at := kafka.Position(from * x.entrySize)
	n, err := readFile(t, x.file, x.cache[:want*x.entrySize], at)
	if err != nil {
		return err
	}
	if n < want*x.entrySize {
		return fmt.Errorf("%w: %s has %d bytes less than it should",
			ErrCorrupt, x.name, want*x.entrySize-n)
	}
	x.cachedFrom, x.cached = from, want
	return nil
}

// search finds the first entry for which reached is true, count() if none is.
func (x *index) search(t *task.Task, reached func(entry []byte) bool) (int, error) {
	low, high := 0, x.count()
	for low < high {
		middle := (low + high) / 2
		entry, err := x.entry(t, middle)
		if err != nil {
			return 0, err
		}
		if reached(entry) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}

// truncate keeps the first n entries.
func (x *index) truncate(n int) error {
	assert.That(n <= x.count(), "an index is cut, not grown")
	if n >= x.stored {
		x.pending = x.pending[:(n-x.stored)*x.entrySize]
		return nil
	}
	x.pending = x.pending[:0]
	x.stored, x.synced, x.cached = n, -1, 0
	if err := x.open(); err != nil {
		return err
	}
	return x.file.Truncate(int64(n) * int64(x.entrySize))
}

// close gives the file up.
func (x *index) close() error {
	if x.file == nil {
		return nil
	}
	file := x.file
	x.file = nil
	return file.Close()
}

// readFile reads, waiting when there is a task.
func readFile(t *task.Task, file env.File, p []byte, at kafka.Position) (int, error) {
	if t != nil {
		return file.ReadAt(t, p, at)
	}
	n, err := file.ReadNow(p, at)
	if isCold(err) {
		return 0, &coldError{file, at, len(p)}
	}
	return n, err
}

// coldError is env.ErrCold, and what would have to be read first.
type coldError struct {
	file     env.File
	position kafka.Position
	length   int
}

// Error implements error.
func (e *coldError) Error() string { return e.file.Name() + ": " + env.ErrCold.Error() }

// Unwrap makes it an env.ErrCold.
func (e *coldError) Unwrap() error { return env.ErrCold }
