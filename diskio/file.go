package diskio

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// File is env.File. Its methods are for the shard that opened it, but for Pin,
// Unpin, Descriptor, ReadNow, Resident and Prefetch, which any shard may call
// while the file is pinned: they look at what never changes or is atomic.
type File struct {
	disk *Disk
	name string
	fd   int
	// place is the file's index in disk.files.
	place int
	size  atomic.Int64
	// holds counts who needs the descriptor: the open handle, each pin, each
	// operation on a worker or in the ring. The last one closes it.
	holds atomic.Int64
	pins
	closed bool
	// noNowait is set when the file system does not know RWF_NOWAIT: its reads
	// do not wait for a device (tmpfs), or can't be told not to.
	noNowait atomic.Bool
	through
	zeroing
	sequence
}

// Name is the name it was opened by.
func (f *File) Name() string { return f.name }

// Size is the length in bytes as this handle knows it.
func (f *File) Size() int64 { return f.size.Load() }

// Descriptor is the open descriptor, for sendfile. It is valid while pinned.
func (f *File) Descriptor() int { return f.fd }

func (f *File) hold() {
	assert.That(f.holds.Add(1) > 1, "a file is held before its descriptor is closed")
}

// letGo drops a hold; the last one closes the descriptors. Freeing the blocks of
// a removed file is left to a worker.
func (f *File) letGo() {
	if f.holds.Add(-1) > 0 {
		return
	}
	if f.direct > 0 {
		_ = unix.Close(f.direct) // everything went through it already
	}
	var stat unix.Stat_t
	if err := unix.Fstat(f.fd, &stat); err == nil && stat.Nlink == 0 {
		f.disk.directory.closeElsewhere(f.fd)
		return
	}
	_ = unix.Close(f.fd) // local file systems write nothing on close
}

// Close gives the handle up. Nothing is synced.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.disk.drop(f)
	f.letGo()
	return nil
}

// fault wraps an error of an operation.
func (f *File) fault(verb string, position kafka.Position, err error) error {
	return fmt.Errorf("%s %s at %d: %w", verb, f.name, position, meaning(err))
}

// grow notes that the file reaches to end.
func (f *File) grow(end int64) {
	if end > f.size.Load() {
		f.size.Store(end)
	}
}

// WriteAt puts p into the page cache.
func (f *File) WriteAt(p []byte, position kafka.Position) error {
	if f.closed {
		return f.fault("write", position, env.ErrClosed)
	}
	f.stopZeroing()
	for at := int64(position); len(p) > 0; {
		n, errno := pageCacheWrite(f.fd, p, at)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return f.fault("write", position, errno)
		}
		if n == 0 {
			return f.fault("write", position, env.ErrIO)
		}
		at += int64(n)
		p = p[n:]
		f.grow(at)
	}
	return nil
}

// WriteVector is WriteAt for several pieces, one after the other.
func (f *File) WriteVector(pieces [][]byte, position kafka.Position) error {
	if f.closed {
		return f.fault("write", position, env.ErrClosed)
	}
	f.stopZeroing()
	d := f.disk
	at := int64(position)
	skip := 0 // bytes of pieces[0] that are written already
	for len(pieces) > 0 {
		count, total := d.gather(pieces, skip)
		if total == 0 {
			return nil
		}
		n, errno := pageCacheWriteVector(f.fd, d.vectors[:count], total, at)
		clear(d.vectors[:count])
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return f.fault("write", position, errno)
		}
		if n == 0 {
			return f.fault("write", position, env.ErrIO)
		}
		at += int64(n)
		f.grow(at)
		for n += skip; len(pieces) > 0 && n >= len(pieces[0]); pieces = pieces[1:] {
			n -= len(pieces[0])
		}
		skip = n
	}
	return nil
}

// gather fills the kernel's vector with the pieces from byte skip on.
func (d *Disk) gather(pieces [][]byte, skip int) (count, total int) {
	for _, p := range pieces {
		p = p[skip:]
		skip = 0
		if len(p) == 0 {
			continue
		}
		if count == vectorsMax {
			break
		}
		d.vectors[count].Base = &p[0]
		d.vectors[count].SetLen(len(p))
		count++
		total += len(p)
	}
	return count, total
}

// Truncate cuts the file to size. Some connection is going to send what is
// pinned: the owner ends it before it cuts that off.
func (f *File) Truncate(size int64) error {
	if f.closed {
		return f.fault("truncate", kafka.Position(size), env.ErrClosed)
	}
	assert.That(f.pinnedEnd() <= size, "no pinned range of a file is cut off")
	f.stopZeroing()
	err := retry(func() error { return unix.Ftruncate(f.fd, size) })
	if err != nil {
		return f.fault("truncate", kafka.Position(size), err)
	}
	f.size.Store(size)
	return nil
}

// Preallocate makes the file at least size bytes long, with room on the device for all of
// them. The new blocks are written with zeros in the background, ahead of
// WriteThrough: see zero.go.
func (f *File) Preallocate(size int64) error {
	if f.closed {
		return f.fault("preallocate", kafka.Position(size), env.ErrClosed)
	}
	before := f.Size()
	if size <= before {
		return nil // every byte within the size was given its room or written
	}
	err := retry(func() error { return unix.Fallocate(f.fd, 0, 0, size) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		err = f.fillWithZeros(before, size)
	}
	if err != nil {
		return f.fault("preallocate", kafka.Position(size), err)
	}
	f.size.Store(size)
	f.expectZeroing(before, size)
	return nil
}

// Reserve takes room on the device behind the file's end.
func (f *File) Reserve(position kafka.Position, length int64) error {
	if f.closed {
		return f.fault("reserve", position, env.ErrClosed)
	}
	assert.That(int64(position) <= f.Size(), "room is reserved from the file's end on")
	err := retry(func() error {
		return unix.Fallocate(f.fd, unix.FALLOC_FL_KEEP_SIZE, int64(position), length)
	})
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		err = env.ErrNoSpace // nobody promises that there is any
	}
	if err != nil {
		return f.fault("reserve", position, err)
	}
	return nil
}

// fillWithZeros takes room for a range where the file system has no call for it.
func (f *File) fillWithZeros(from, to int64) error {
	zeros := make([]byte, min(to-from, 1<<20))
	for from < to {
		n, errno := pageCacheWrite(f.fd, zeros[:min(int64(len(zeros)), to-from)], from)
		if errno != 0 && errno != unix.EINTR {
			return errno
		}
		from += int64(max(n, 0))
	}
	return nil
}

// StartWriteback has a worker ask the kernel to write a range: finding blocks
// for it takes a while, and a full queue of the device would hold up whoever
// asks. It is a hint and is dropped when the workers are behind.
func (f *File) StartWriteback(position kafka.Position, length int64) {
	if f.closed || length <= 0 {
		return
	}
	f.hold()
	queued := f.disk.directory.workers.hint(func(*worker) {
		// A failure will show when the file is synced.
		_ = unix.SyncFileRange(f.fd, int64(position), length, unix.SYNC_FILE_RANGE_WRITE)
		f.letGo()
	})
	if !queued {
		f.letGo()
	}
}

// Sync makes everything written to the file so far durable.
func (f *File) Sync(t *task.Task) error {
	if f.closed {
		return f.fault("sync", 0, env.ErrClosed)
	}
	f.hold()
	err := f.disk.directory.elsewhere(t, "a file to be synced", func(*worker) error {
		defer f.letGo()
		return retry(func() error { return unix.Fdatasync(f.fd) })
	})
	if err != nil {
		return f.fault("sync", 0, err)
	}
	return nil
}
