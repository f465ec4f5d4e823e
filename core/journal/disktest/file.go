package disktest

import (
	"errors"
	"fmt"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// inode is one file's bytes: as seen, and as they would survive.
type inode struct {
	cache   []byte
	platter []byte
	// dirty has one element for each block of the cache that the platter may
	// not have.
	dirty []bool
	warm  bool
	pins  int
	// reserved is up to where a write finds room whatever Before says.
	reserved int64
}

func newInode() *inode { return &inode{} }

// file is an open handle.
type file struct {
	disk   *Disk
	name   string
	inode  *inode
	closed bool
}

// Name implements env.File.
func (f *file) Name() string { return f.name }

// Size implements env.File.
func (f *file) Size() int64 { return int64(len(f.inode.cache)) }

// WriteAt implements env.File.
func (f *file) WriteAt(p []byte, position kafka.Position) error {
	if f.closed {
		return env.ErrClosed
	}
	op := Op{Kind: "write", Name: f.name, Position: int64(position), Length: int64(len(p))}
	if err := f.disk.before(op); err != nil {
		full := errors.Is(err, env.ErrNoSpace)
		if !full || op.Position+op.Length > f.inode.reserved {
			if full {
				f.inode.write(p[:len(p)/2], position)
			}
			return err
		}
	}
	f.inode.write(p, position)
	return nil
}

// WriteVector implements env.File.
func (f *file) WriteVector(pieces [][]byte, position kafka.Position) error {
	var all []byte
	for _, piece := range pieces {
		all = append(all, piece...)
	}
	return f.WriteAt(all, position)
}

// ReadAt implements env.File.
func (f *file) ReadAt(t *task.Task, p []byte, position kafka.Position) (int, error) {
	t.Yield()
	return f.read(p, position)
}

// ReadNow implements env.File.
func (f *file) ReadNow(p []byte, position kafka.Position) (int, error) {
	if f.disk.Cold && !f.inode.warm {
		return 0, env.ErrCold
	}
	return f.read(p, position)
}

func (f *file) read(p []byte, position kafka.Position) (int, error) {
	if f.closed {
		return 0, env.ErrClosed
	}
	op := Op{Kind: "read", Name: f.name, Position: int64(position), Length: int64(len(p))}
	if err := f.disk.before(op); err != nil {
		return 0, err
	}
	if int64(position) >= f.Size() {
		return 0, nil
	}
	return copy(p, f.inode.cache[position:]), nil
}

// Resident implements env.File.
func (f *file) Resident(kafka.Position, int64) bool { return !f.disk.Cold || f.inode.warm }

// Prefetch implements env.File.
func (f *file) Prefetch(t *task.Task, _ kafka.Position, _ int64) error {
	t.Yield()
	f.inode.warm = true
	return nil
}

// Sync implements env.File.
func (f *file) Sync(t *task.Task) error {
	if err := f.disk.before(Op{Kind: "sync", Name: f.name}); err != nil {
		return err
	}
	// What is written meanwhile may or may not be in: it stays dirty.
	snapshot := append([]byte(nil), f.inode.cache...)
	flushed := f.inode.dirty
	f.inode.dirty = make([]bool, len(flushed))
	before := f.inode.platter
	f.inode.platter = snapshot
	t.Yield()
	_ = before // a crash in the wait sees the new bytes: one of the allowed outcomes
	return nil
}

// WriteThrough implements env.File.
func (f *file) WriteThrough(t *task.Task, p []byte, position kafka.Position) error {
	op := Op{Kind: "through", Name: f.name, Position: int64(position), Length: int64(len(p))}
	assert.That(int64(position)%env.BlockSize == 0 && len(p)%env.BlockSize == 0,
		"WriteThrough is given whole blocks")
	assert.That(int64(position)+int64(len(p)) <= f.Size(), "WriteThrough stays within the file")
	if err := f.disk.before(op); err != nil {
		return err
	}
	f.inode.write(p, position) // dirty while it is under way: any mix may survive
	t.Yield()
	if grow := len(f.inode.cache) - len(f.inode.platter); grow > 0 {
		f.inode.platter = append(f.inode.platter, make([]byte, grow)...)
	}
	copy(f.inode.platter[position:], p)
	for b := int(position) / env.BlockSize; b < (int(position)+len(p))/env.BlockSize; b++ {
		f.inode.dirty[b] = false
	}
	return nil
}

// Preallocate implements env.File.
func (f *file) Preallocate(size int64) error {
	if err := f.disk.before(Op{Kind: "preallocate", Name: f.name, Length: size}); err != nil {
		return err
	}
	f.inode.resize(size)
	return nil
}

// Reserve implements env.File.
func (f *file) Reserve(position kafka.Position, length int64) error {
	op := Op{Kind: "reserve", Name: f.name, Position: int64(position), Length: length}
	if err := f.disk.before(op); err != nil {
		return err
	}
	f.inode.reserved = max(f.inode.reserved, int64(position)+length)
	return nil
}

// StartWriteback implements env.File.
func (f *file) StartWriteback(position kafka.Position, length int64) {
	op := Op{Kind: "writeback", Name: f.name, Position: int64(position), Length: length}
	_ = f.disk.before(op) // it cannot fail: only the transcript wants to know
}

// Truncate implements env.File.
func (f *file) Truncate(size int64) error {
	if err := f.disk.before(Op{Kind: "truncate", Name: f.name, Length: size}); err != nil {
		return err
	}
	assert.That(f.inode.pins == 0 || size >= f.Size(), "no pinned range is cut")
	f.inode.resize(size)
	f.inode.reserved = min(f.inode.reserved, size)
	return nil
}

// Pin implements env.File.
func (f *file) Pin() { f.inode.pins++ }

// Unpin implements env.File.
func (f *file) Unpin() { f.inode.pins-- }

// Close implements env.File.
func (f *file) Close() error {
	if f.closed {
		return fmt.Errorf("close %s: %w", f.name, env.ErrClosed)
	}
	f.closed = f.inode.pins == 0
	return nil
}

func (n *inode) write(p []byte, position kafka.Position) {
	end := int64(position) + int64(len(p))
	if end > int64(len(n.cache)) {
		n.resize(end)
	}
	copy(n.cache[position:], p)
	for b := int64(position) / env.BlockSize; b*env.BlockSize < end; b++ {
		n.dirty[b] = true
	}
}

func (n *inode) resize(size int64) {
	old := int64(len(n.cache))
	if size <= old {
		n.cache = n.cache[:size:size]
	} else {
		n.cache = append(n.cache, make([]byte, size-old)...)
	}
	blocks := int((size + env.BlockSize - 1) / env.BlockSize)
	for len(n.dirty) < blocks {
		n.dirty = append(n.dirty, true)
	}
	n.dirty = n.dirty[:blocks]
	if tail := min(old, size) / env.BlockSize; int(tail) < blocks {
		n.dirty[tail] = true
	}
}
