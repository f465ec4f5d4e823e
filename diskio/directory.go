package diskio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"odradek/core/task"
)

// Reactor is what a Disk needs of whoever drives its shard. A shard of netio is
// one.
type Reactor interface {
	// Loop is the shard's loop of tasks.
	Loop() *task.Loop
	// Watch calls ready on the shard's thread each time fd, an eventfd, is
	// written to.
	Watch(fd int, ready func()) error
	// Post runs fn on the shard's thread, between tasks. Any thread may call
	// it. It reports false when the shard has ended.
	Post(fn func()) bool
}

// Way is how WriteThrough reaches the device.
type Way int

// The ways, best first.
const (
	// WayBest takes the best that the kernel and the file system allow.
	WayBest Way = iota
	// WayRing submits to io_uring and sleeps.
	WayRing
	// WayInline writes on the shard's thread.
	WayInline
	// WayWorker writes to the page cache and syncs on a worker.
	WayWorker
)

// String names a way, for logs and tests.
func (w Way) String() string {
	return [...]string{"best", "io_uring", "inline", "worker"}[w]
}

// Options change how a directory is used.
type Options struct {
	// Way caps how WriteThrough reaches the device: a better way than this is
	// not tried.
	Way Way
	// FilesMax is how many files may be open before Create makes no more; 0 is no
	// limit. Connections and directories need descriptors, too, and a node without
	// any left can do nothing that it must.
	FilesMax int64
}

// Directory is a log directory that this process has locked. Its methods may be
// called by any thread.
type Directory struct {
	path    string
	options Options
	root    int
	lock    int
	workers *workers
	// files is how many files of all disks are open.
	files atomic.Int64

	mutex    sync.Mutex
	reactors map[*task.Loop]Reactor
}

// Open makes the log directory if it is missing and takes its lock. Errors are
// sentences for a person; *InUseError when another process has it.
func Open(path string, options Options) (*Directory, error) {
	if err := makeDurably(path); err != nil {
		return nil, fmt.Errorf("make log directory %s: %w", path, err)
	}
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open log directory %s: %w", path, err)
	}
	lock, err := takeLock(root, path)
	if err != nil {
		_ = unix.Close(root) // nothing was written through it
		return nil, err
	}
	return &Directory{
		path: path, options: options, root: root, lock: lock,
		workers: newWorkers(), reactors: map[*task.Loop]Reactor{},
	}, nil
}

// makeDurably makes a directory that outlives a power loss.
func makeDurably(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(path, directoryMode); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(filepath.Clean(path)))
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// Path is where the directory is.
func (d *Directory) Path() string { return d.path }

// Close waits for the workers and gives the lock up. Every Disk was closed
// before.
func (d *Directory) Close() error {
	d.workers.close()
	return errors.Join(unix.Close(d.root), unix.Close(d.lock))
}

// reactorOf finds the thread a task lives on: not always that of the file's
// disk, since a shard may send another's file.
func (d *Directory) reactorOf(t *task.Task) Reactor {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.reactors[t.Loop()]
}

func (d *Directory) register(r Reactor) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.reactors[r.Loop()] = r
}

func (d *Directory) unregister(r Reactor) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.reactors, r.Loop())
}

// RaiseDescriptorLimit allows this process as many open files as it may have,
// and returns how many those are: connections, segments and indexes each need
// one. A privileged process also lifts its own ceiling.
func RaiseDescriptorLimit() (uint64, error) {
	const plenty = 1 << 20 // the usual ceiling of the kernel, fs.nr_open
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Max < plenty {
		lifted := unix.Rlimit{Cur: plenty, Max: plenty}
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &lifted) == nil {
			return plenty, nil
		}
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("raise the limit of open files to %d: %w", limit.Max, err)
	}
	return limit.Cur, nil
}
