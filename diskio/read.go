package diskio

import (
	"errors"

	"golang.org/x/sys/unix"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

const (
	// warmingsMax is how often ReadAt has a range brought into memory before it
	// reads past the page cache's back: memory is so short then that pages are
	// dropped before they were looked at.
	warmingsMax = 4
	// probeStep is how far apart a byte is looked at where the kernel has no
	// cachestat (before 6.5).
	probeStep = 64 << 10
	pageBytes = 4096
	// aheadBytesMin and aheadBytesMax bound what a read from one end to the
	// other, such as the journal's replay, has brought in at a time: enough to
	// keep the device busy while the last part is looked at.
	aheadBytesMin = 1 << 20
	aheadBytesMax = 8 << 20
)

// isOpen reports whether the descriptor is, on any shard.
func (f *File) isOpen() bool { return f.holds.Load() > 0 }

// ReadNow reads bytes that are in memory; ErrCold when they aren't.
func (f *File) ReadNow(p []byte, position kafka.Position) (int, error) {
	if !f.isOpen() {
		return 0, f.fault("read", position, env.ErrClosed)
	}
	read := 0
	for read < len(p) {
		n, errno := f.readSome(p[read:], int64(position)+int64(read))
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return 0, env.ErrCold
		case errno != 0:
			return 0, f.fault("read", position, errno)
		case n == 0:
			return read, nil
		}
		read += n
	}
	return read, nil
}

func (f *File) readSome(p []byte, position int64) (int, unix.Errno) {
	if !f.noNowait.Load() {
		n, errno := rawReadNow(f.fd, p, position)
		if errno != unix.EOPNOTSUPP && errno != unix.ENOSYS {
			return n, errno
		}
		f.noNowait.Store(true)
	}
	n, err := unix.Pread(f.fd, p, position)
	var errno unix.Errno
	if errors.As(err, &errno) {
		return 0, errno
	}
	return n, 0
}

// ReadAt fills p from position, waiting for the device where it must. The
// worker never writes to p: its task may be cancelled, and p used again.
func (f *File) ReadAt(t *task.Task, p []byte, position kafka.Position) (int, error) {
	if f.closed {
		return 0, f.fault("read", position, env.ErrClosed)
	}
	for range warmingsMax {
		n, err := f.ReadNow(p, position)
		if !errors.Is(err, env.ErrCold) {
			return n, err
		}
		if err := f.warm(t, position, f.ahead(int64(position), int64(len(p)))); err != nil {
			return 0, err
		}
	}
	return f.readCopy(t, p, position)
}

// sequence is how ReadAt notices that a file is read from one end to the other.
type sequence struct {
	// next is where the last range that was brought in ended; window is how
	// long the next one is if it goes on there.
	next, window int64
}

// ahead is how much of a cold file to bring in for a read: what was asked for,
// or more and more if each read goes on where the one before ended.
func (s *sequence) ahead(position, length int64) int64 {
	if s.next > 0 && position <= s.next && s.next <= position+length {
		s.window = min(max(2*s.window, aheadBytesMin), aheadBytesMax)
	} else {
		s.window = 0
	}
	length = max(length, s.window)
	s.next = position + length
	return length
}

// readCopy reads on a worker, to memory of its own.
func (f *File) readCopy(t *task.Task, p []byte, position kafka.Position) (int, error) {
	own := make([]byte, len(p))
	read := 0
	f.hold()
	err := f.disk.directory.elsewhere(t, "a read of the disk", func(*worker) error {
		defer f.letGo()
		for read < len(own) {
			n, err := unix.Pread(f.fd, own[read:], int64(position)+int64(read))
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || n == 0 {
				return err
			}
			read += n
		}
		return nil
	})
	if err != nil {
		return 0, f.fault("read", position, err)
	}
	return copy(p, own[:read]), nil
}

// Resident reports whether a range is in memory.
func (f *File) Resident(position kafka.Position, length int64) bool {
	length = min(length, f.Size()-int64(position))
	if length <= 0 || !f.isOpen() {
		return true // nothing to wait for
	}
	cached, errno := cachePages(f.fd, int64(position), length)
	if errno != 0 {
		return f.probe(int64(position), length)
	}
	first, last := int64(position)/pageBytes, (int64(position)+length-1)/pageBytes
	return cached >= last-first+1
}

// probe looks at a byte here and there.
func (f *File) probe(position, length int64) bool {
	var one [1]byte
	for at := position; ; at = min(at+probeStep, position+length-1) {
		if _, errno := f.readSome(one[:], at); errno != 0 {
			return false
		}
		if at == position+length-1 {
			return true
		}
	}
}

// Prefetch brings a range into memory. The task may live on another shard than
// the file, which is pinned then.
func (f *File) Prefetch(t *task.Task, position kafka.Position, length int64) error {
	if !f.isOpen() {
		return f.fault("read", position, env.ErrClosed)
	}
	if f.Resident(position, length) {
		return nil
	}
	return f.warm(t, position, length)
}

// warm has a worker read a range and throw the bytes away.
func (f *File) warm(t *task.Task, position kafka.Position, length int64) error {
	f.hold()
	err := f.disk.directory.elsewhere(t, "cold bytes of the disk", func(w *worker) error {
		defer f.letGo()
		if length >= aheadBytesMin {
			// All of it at once, and what follows while this is looked at. A hint.
			_ = unix.Fadvise(f.fd, int64(position), 2*length, unix.FADV_WILLNEED)
		}
		scratch := w.buffer()
		for at, end := int64(position), int64(position)+length; at < end; {
			n, err := unix.Pread(f.fd, scratch[:min(int64(len(scratch)), end-at)], at)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || n == 0 {
				return err
			}
			at += int64(n)
		}
		return nil
	})
	if err != nil {
		return f.fault("read", position, err)
	}
	return nil
}
