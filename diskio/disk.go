package diskio

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// vectorsMax is how many pieces one system call writes.
const vectorsMax = 256

// Disk is env.Disk for one shard. Its methods are for the shard's thread.
type Disk struct {
	directory *Directory
	reactor   Reactor
	// ring is nil where the kernel has no io_uring for us.
	ring *ring
	// files are the open handles, so that Close can close them.
	files []*File
	// vectors are the arguments of pwritev, kept so that no call allocates.
	vectors [vectorsMax]unix.Iovec
}

// Disk makes the directory's handle for one shard. It is called on its thread.
func (d *Directory) Disk(r Reactor) (*Disk, error) {
	disk := &Disk{directory: d, reactor: r}
	if d.options.Way <= WayRing {
		if ring, err := newRing(); err == nil { // else the kernel has none for us
			if err := r.Watch(ring.eventfd, ring.reap); err != nil {
				ring.close()
				return nil, err
			}
			disk.ring = ring
		}
	}
	d.register(r)
	return disk, nil
}

// Close waits for writes under way and closes the files that are still open.
// The shard's tasks have ended before.
func (d *Disk) Close() {
	if d.ring != nil {
		d.ring.close()
	}
	for len(d.files) > 0 {
		_ = d.files[len(d.files)-1].Close() // nobody is left to tell
	}
	d.directory.unregister(d.reactor)
}

// Create makes an empty file that must not exist.
func (d *Disk) Create(name string) (env.File, error) {
	most := d.directory.options.FilesMax
	if open := d.directory.files.Load(); most > 0 && open >= most {
		return nil, fmt.Errorf("create %s: %w (%d files are open, and no more may be)", name,
			env.ErrNoSpace, open)
	}
	return d.open(name, "create", unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
}

// Open opens a file that exists.
func (d *Disk) Open(name string) (env.File, error) {
	return d.open(name, "open", unix.O_RDWR)
}

func (d *Disk) open(name, verb string, flags int) (env.File, error) {
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("%s %q: %w", verb, name, err)
	}
	fd, err := openBeneath(d.directory.root, name, flags)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", verb, name, meaning(err))
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		_ = unix.Close(fd) // never used
		return nil, fmt.Errorf("%s %s: %w", verb, name, meaning(err))
	}
	f := &File{disk: d, name: name, fd: fd, place: len(d.files)}
	f.size.Store(stat.Size)
	f.holds.Store(1)
	d.files = append(d.files, f)
	d.directory.files.Add(1)
	return f, nil
}

// drop forgets an open handle.
func (d *Disk) drop(f *File) {
	last := d.files[len(d.files)-1]
	assert.That(d.files[f.place] == f, "a file knows its place")
	d.files[f.place], last.place = last, f.place
	d.files[len(d.files)-1] = nil
	d.files = d.files[:len(d.files)-1]
	d.directory.files.Add(-1)
}

// Rename gives a file or directory another name, replacing a file.
func (d *Disk) Rename(from, to string) error {
	err := errors.Join(checkName(from), checkName(to))
	if err == nil {
		root := d.directory.root
		err = meaning(unix.Renameat(root, pathOf(from), root, pathOf(to)))
	}
	if err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	return nil
}

// Remove deletes a file or an empty directory. Giving a large file's blocks
// back takes the file system a while; a worker does that.
func (d *Disk) Remove(name string) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	root := d.directory.root
	held, heldErr := openBeneath(root, name, unix.O_PATH|unix.O_NOFOLLOW)
	err := unix.Unlinkat(root, pathOf(name), 0)
	if errors.Is(err, unix.EISDIR) {
		err = unix.Unlinkat(root, pathOf(name), unix.AT_REMOVEDIR)
	}
	if heldErr == nil {
		d.directory.closeElsewhere(held)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", name, meaning(err))
	}
	return nil
}

// closeElsewhere closes a descriptor on a worker: the last one of a file that
// was removed frees its blocks.
func (d *Directory) closeElsewhere(fd int) {
	done := d.workers.submit(func(*worker) {
		_ = unix.Close(fd) // nothing is written on close of a local file
	})
	if !done {
		_ = unix.Close(fd) // the same; the workers have ended
	}
}

// MakeDir makes one directory.
func (d *Disk) MakeDir(name string) error {
	err := checkName(name)
	if err == nil {
		err = meaning(unix.Mkdirat(d.directory.root, pathOf(name), directoryMode))
	}
	if err != nil {
		return fmt.Errorf("make directory %s: %w", name, err)
	}
	return nil
}

// List returns the files and directories of a directory, by name. The lock
// file is not shown.
func (d *Disk) List(dir string) ([]env.Entry, error) {
	fd, err := d.openDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	opened := os.NewFile(uintptr(fd), dir)
	names, err := opened.Readdirnames(-1)
	if err == nil {
		slices.Sort(names)
	}
	var entries []env.Entry
	for _, name := range names {
		var stat unix.Stat_t
		if err == nil {
			err = unix.Fstatat(fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
		}
		if errors.Is(err, unix.ENOENT) {
			err = nil // removed meanwhile by another shard
			continue
		}
		switch kind := stat.Mode & unix.S_IFMT; {
		case dir == "" && name == lockName:
		case kind == unix.S_IFREG:
			entries = append(entries, env.Entry{Name: name, Size: stat.Size})
		case kind == unix.S_IFDIR:
			entries = append(entries, env.Entry{Name: name, Dir: true})
		}
	}
	if err = errors.Join(err, opened.Close()); err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, meaning(err))
	}
	return entries, nil
}

func (d *Disk) openDir(dir string) (int, error) {
	if err := checkName(dir); err != nil {
		return -1, err
	}
	fd, err := openBeneath(d.directory.root, dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return -1, meaning(err)
	}
	return fd, nil
}

// SyncDir makes the entries of a directory durable.
func (d *Disk) SyncDir(t *task.Task, dir string) error {
	fd, err := d.openDir(dir)
	if err == nil {
		err = d.directory.elsewhere(t, "a directory to be synced", func(*worker) error {
			return errors.Join(retry(func() error { return unix.Fsync(fd) }), unix.Close(fd))
		})
	}
	if err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// Buffer returns page-aligned memory outside the Go heap.
func (d *Disk) Buffer(size int) []byte {
	assert.That(size > 0 && size%env.BlockSize == 0, "a buffer is made of whole blocks")
	return mapBuffer(size)
}

// Space is the room left for us and in all, in bytes; zeros if the file system
// does not say.
func (d *Disk) Space() (free, total int64) {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(d.directory.root, &stat); err != nil {
		return 0, 0
	}
	return int64(stat.Bavail) * stat.Bsize, int64(stat.Blocks) * stat.Bsize
}

// elsewhere runs fn on a worker while the task waits.
func (d *Directory) elsewhere(t *task.Task, reason string, fn func(w *worker) error) error {
	done := new(task.Future[struct{}])
	home := d.reactorOf(t)
	assert.That(home != nil, "a task that waits for the disk lives on a shard that has one")
	if !d.workers.submit(func(w *worker) {
		err := meaning(fn(w))
		home.Post(func() { done.Resolve(struct{}{}, err) })
	}) {
		return env.ErrClosed
	}
	_, err := done.Await(t, kafka.Never, reason)
	return err
}

// retry calls fn again while signals interrupt it.
func retry(fn func() error) error {
	for {
		if err := fn(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
