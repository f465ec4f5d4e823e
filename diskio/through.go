package diskio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// through is the part of a file that WriteThrough uses.
type through struct {
	// way is how this file's blocks reach the device; WayBest until the first
	// WriteThrough found out.
	way Way
	// direct is a descriptor of the file with O_DIRECT and O_DSYNC, 0 if none.
	direct int
}

// WriteThrough writes whole blocks and makes them durable.
//
//	way      thread      calls                        returns when
//	ring     shard's     io_uring_enter (submit)      the device flushed; others run
//	inline   shard's     pwrite (O_DIRECT, O_DSYNC)   the device flushed; nothing runs
//	worker   a worker's  pwrite, fdatasync            the same; others run
func (f *File) WriteThrough(t *task.Task, p []byte, position kafka.Position) error {
	if f.closed {
		return f.fault("write through", position, env.ErrClosed)
	}
	start, end := int64(position), int64(position)+int64(len(p))
	assert.That(start%env.BlockSize == 0 && len(p)%env.BlockSize == 0 && len(p) > 0,
		"WriteThrough writes whole blocks")
	assert.That(end <= f.Size(), "WriteThrough writes within the file's size")
	if f.way == WayBest {
		f.chooseWay()
	}
	f.claim(t, start, end)
	if f.closed {
		return f.fault("write through", position, env.ErrClosed)
	}
	var err error
	switch f.way {
	case WayRing:
		err = f.disk.ring.write(t, f, p, start)
	case WayInline:
		err = writeAll(f.direct, p, start)
	case WayWorker:
		err = f.throughWorker(t, p, start)
	}
	if errors.Is(err, unix.EINVAL) && f.way != WayWorker {
		// The file system took O_DIRECT and refuses what comes of it.
		f.way = WayWorker
		err = f.throughWorker(t, p, start)
	}
	if err != nil {
		return f.fault("write through", position, err)
	}
	return nil
}

// chooseWay opens the file a second time, past the page cache, if it can.
func (f *File) chooseWay() {
	f.way = max(f.disk.directory.options.Way, WayRing)
	if f.disk.ring == nil {
		f.way = max(f.way, WayInline)
	}
	if f.way == WayWorker {
		return
	}
	// The descriptor's own name in /proc leads to the file whatever has become
	// of its name in the directory.
	direct, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", f.fd),
		unix.O_RDWR|unix.O_DIRECT|unix.O_DSYNC|unix.O_CLOEXEC, 0)
	if err != nil {
		f.way = WayWorker
		return
	}
	f.direct = direct
}

// throughWorker writes to the page cache and syncs.
func (f *File) throughWorker(t *task.Task, p []byte, position int64) error {
	f.hold()
	return f.disk.directory.elsewhere(t, "blocks to be written through", func(*worker) error {
		defer f.letGo()
		if err := writeAll(f.fd, p, position); err != nil {
			return err
		}
		return retry(func() error { return unix.Fdatasync(f.fd) })
	})
}

// writeAll writes p, waiting for the device where the descriptor says so.
func writeAll(fd int, p []byte, position int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(fd, p, position)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return env.ErrIO
		}
		p = p[n:]
		position += int64(n)
	}
	return nil
}
