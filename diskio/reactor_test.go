package diskio

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// reactor is a Reactor for one test: the test's goroutine drives the loop.
type reactor struct {
	loop    *task.Loop
	start   time.Time
	mutex   sync.Mutex
	some    sync.Cond
	posted  []func()
	ended   bool
	watches sync.WaitGroup
}

func newReactor() *reactor {
	r := &reactor{loop: task.NewLoop(1), start: time.Now()}
	r.some.L = &r.mutex
	return r
}

func (r *reactor) Loop() *task.Loop { return r.loop }

func (r *reactor) Post(fn func()) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.ended {
		return false
	}
	r.posted = append(r.posted, fn)
	r.some.Signal()
	return true
}

// Watch has a goroutine wait for the eventfd, until the reactor ends.
func (r *reactor) Watch(fd int, ready func()) error {
	mine, err := unix.Dup(fd)
	if err != nil {
		return err
	}
	r.watches.Add(1)
	go func() { // ends at the first event after the reactor's end
		defer r.watches.Done()
		defer func() { _ = unix.Close(mine) }()
		for {
			waited := []unix.PollFd{{Fd: int32(mine), Events: unix.POLLIN}}
			_, _ = unix.Poll(waited, -1)
			var count [8]byte
			_, _ = unix.Read(mine, count[:])
			if !r.Post(ready) {
				return
			}
		}
	}()
	return nil
}

// run drives the loop until the tasks have finished.
func (r *reactor) run() {
	for r.loop.Tasks() > 0 {
		r.mutex.Lock()
		for len(r.posted) == 0 && r.loop.NextDeadline() == kafka.Never {
			r.some.Wait()
		}
		posted := r.posted
		r.posted = nil
		r.mutex.Unlock()
		for _, fn := range posted {
			fn()
		}
		r.loop.Turn(kafka.Instant(time.Since(r.start)) + 2)
	}
}

// end makes Post refuse and wakes the watchers.
func (r *reactor) end(disk *Disk) {
	r.mutex.Lock()
	r.ended = true
	r.mutex.Unlock()
	r.loop.Close()
	if disk.ring != nil {
		one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
		_, _ = unix.Write(disk.ring.eventfd, one)
	}
	r.watches.Wait()
	disk.Close()
}

// onDisk runs a body in a task of a fresh disk in dir.
func onDisk(t testing.TB, dir string, way Way, body func(tk *task.Task, d *Disk)) {
	t.Helper()
	directory, err := Open(dir, Options{Way: way})
	if err != nil {
		t.Fatal(err)
	}
	r := newReactor()
	disk, err := directory.Disk(r)
	if err != nil {
		t.Fatal(err)
	}
	r.loop.Spawn("body", func(tk *task.Task) { body(tk, disk) })
	r.run()
	r.end(disk)
	if err := directory.Close(); err != nil {
		t.Error(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a file of a size.
func create(t testing.TB, d *Disk, name string, size int64) *File {
	t.Helper()
	made, err := d.Create(name)
	must(t, err)
	must(t, made.Preallocate(size))
	return made.(*File)
}

// content reads a whole file.
func content(t testing.TB, tk *task.Task, f env.File) []byte {
	t.Helper()
	p := make([]byte, f.Size())
	n, err := f.ReadAt(tk, p, 0)
	must(t, err)
	return p[:n]
}
