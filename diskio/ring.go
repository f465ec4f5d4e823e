package diskio

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

// ringEntries is how many writes of a shard are under way at once; a further
// one waits. A journal has one.
const ringEntries = 32

// Parts of the kernel's interface that x/sys does not have. Source: io_uring(7),
// include/uapi/linux/io_uring.h.
const (
	offsetRing         = 0          // where mmap finds both queues (5.4)
	offsetEntries      = 0x10000000 // where mmap finds the submissions
	featureSingleMmap  = 1
	operationWrite     = 23
	registerEventfd    = 4
	registerProbe      = 8
	enterGetEvents     = 1
	operationSupported = 1
	probeOperations    = 64
)

// ringParams is struct io_uring_params.
type ringParams struct {
	submitEntries, completeEntries, flags, threadCPU, threadIdle, features, workers uint32
	reserved                                                                        [3]uint32
	submit                                                                          struct {
		head, tail, mask, entries, flags, dropped, array, reserved uint32
		address                                                    uint64
	}
	complete struct {
		head, tail, mask, entries, overflow, entry, flags, reserved uint32
		address                                                     uint64
	}
}

// submission is struct io_uring_sqe as a write uses it.
type submission struct {
	operation uint8
	flags     uint8
	priority  uint16
	fd        int32
	position  uint64
	address   uint64
	length    uint32
	rwFlags   uint32
	token     uint64
	rest      [3]uint64
}

// completion is struct io_uring_cqe.
type completion struct {
	token  uint64
	result int32
	flags  uint32
}

// probe is struct io_uring_probe.
type probe struct {
	last, count uint8
	reserved    [7]uint16
	operations  [probeOperations]struct {
		operation, reserved uint8
		flags               uint16
		reserved2           uint32
	}
}

// ring is a shard's io_uring. The kernel writes to eventfd when a write has
// ended; the shard's loop then calls reap. One thread uses it.
type ring struct {
	fd      int
	eventfd int
	queues  []byte
	entries []byte

	submitTail, submitMask     *uint32
	submitArray                []uint32
	submissions                []submission
	completeHead, completeTail *uint32
	completeMask               *uint32
	completions                []completion

	writes [ringEntries]*ringWrite
	free   []int
	busy   int
	// room is told when a write has ended.
	room task.Signal
}

// ringWrite is a write under way. It is used again after its end.
type ringWrite struct {
	slot     int
	file     *File
	p        []byte
	position int64
	ended    task.Signal
	// done is set by the write's end, left by the end of the wait for it. The
	// slot is free when both are.
	done, left bool
	err        error
}

// newRing sets a ring up, or says why the kernel has none for us.
func newRing() (*ring, error) {
	var params ringParams
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, ringEntries,
		uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("set io_uring up: %w", errno)
	}
	r := &ring{fd: int(fd), eventfd: -1}
	if err := r.prepare(&params); err != nil {
		r.release()
		return nil, fmt.Errorf("set io_uring up: %w", err)
	}
	for i := range ringEntries {
		r.writes[i] = &ringWrite{slot: i}
		r.free = append(r.free, i)
	}
	return r, nil
}

func (r *ring) prepare(params *ringParams) error {
	if params.features&featureSingleMmap == 0 {
		return errors.New("the kernel is older than 5.4")
	}
	if err := r.checkWrite(); err != nil {
		return err
	}
	var err error
	size := max(params.submit.array+4*params.submitEntries,
		params.complete.entry+uint32(unsafe.Sizeof(completion{}))*params.completeEntries)
	const protection, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	if r.queues, err = unix.Mmap(r.fd, offsetRing, int(size), protection, flags); err != nil {
		return err
	}
	r.entries, err = unix.Mmap(r.fd, offsetEntries,
		int(params.submitEntries)*int(unsafe.Sizeof(submission{})), protection, flags)
	if err != nil {
		return err
	}
	word := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[offset])) }
	r.submitTail, r.submitMask = word(params.submit.tail), word(params.submit.mask)
	r.submitArray = unsafe.Slice(word(params.submit.array), params.submitEntries)
	r.submissions = unsafe.Slice((*submission)(unsafe.Pointer(&r.entries[0])), params.submitEntries)
	r.completeHead, r.completeTail = word(params.complete.head), word(params.complete.tail)
	r.completeMask = word(params.complete.mask)
	r.completions = unsafe.Slice((*completion)(unsafe.Pointer(&r.queues[params.complete.entry])),
		params.completeEntries)
	if r.eventfd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return err
	}
	watched := int32(r.eventfd)
	return r.register(registerEventfd, unsafe.Pointer(&watched), 1)
}

// checkWrite asks whether the kernel knows the one operation that is used.
func (r *ring) checkWrite() error {
	var known probe
	if err := r.register(registerProbe, unsafe.Pointer(&known), probeOperations); err != nil {
		return err
	}
	if known.operations[operationWrite].flags&operationSupported == 0 {
		return errors.New("the kernel has no write in it")
	}
	return nil
}

func (r *ring) register(what uintptr, argument unsafe.Pointer, count uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), what,
		uintptr(argument), count, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// write submits a write and waits for its end. If the task is cancelled the
// write goes on, and the slot is free when it has ended.
func (r *ring) write(t *task.Task, f *File, p []byte, position int64) error {
	for len(r.free) == 0 {
		_ = r.room.Wait(t, kafka.Never, "room in the queue of the disk") // no deadline
	}
	slot := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	r.busy++
	w := r.writes[slot]
	w.file, w.p, w.position = f, p, position
	w.done, w.left, w.err = false, false, nil
	f.hold()
	r.submit(w)
	defer r.leave(w)
	for !w.done {
		_ = w.ended.Wait(t, kafka.Never, "blocks to be written through") // no deadline
	}
	return w.err
}

// leave frees the slot of a write that nobody waits for any more; if it is still
// under way, its end will.
func (r *ring) leave(w *ringWrite) {
	w.left = true
	if w.done {
		r.free = append(r.free, w.slot)
		r.room.Notify()
	}
}

// submit hands a write, or the rest of one, to the kernel.
func (r *ring) submit(w *ringWrite) {
	tail := *r.submitTail
	at := tail & *r.submitMask
	r.submissions[at] = submission{
		operation: operationWrite,
		fd:        int32(w.file.direct),
		position:  uint64(w.position),
		address:   uint64(uintptr(unsafe.Pointer(unsafe.SliceData(w.p)))),
		length:    uint32(len(w.p)),
		token:     uint64(w.slot),
	}
	r.submitArray[at] = at
	atomic.StoreUint32(r.submitTail, tail+1)
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 1, 0, 0, 0, 0)
		if errno == 0 && n == 1 {
			return
		}
		// Out of memory for a moment, or interrupted: nothing was taken yet.
		retriable := errno == 0 || errno == unix.EINTR || errno == unix.EAGAIN || errno == unix.EBUSY
		assert.That(retriable, "the kernel takes a well-formed submission")
		r.reap()
	}
}

// reap takes the ends of writes in. It is called by the loop when eventfd tells.
func (r *ring) reap() {
	head := *r.completeHead
	for head != atomic.LoadUint32(r.completeTail) {
		c := r.completions[head&*r.completeMask]
		head++
		atomic.StoreUint32(r.completeHead, head)
		r.end(r.writes[c.token], c.result)
	}
}

// end completes a write: done, to be gone on with after a short count, or
// failed.
func (r *ring) end(w *ringWrite, result int32) {
	switch {
	case result > 0 && int(result) < len(w.p):
		w.p = w.p[result:]
		w.position += int64(result)
		r.submit(w)
		return
	case result == -int32(unix.EINTR) || result == -int32(unix.EAGAIN):
		r.submit(w)
		return
	case result < 0:
		w.err = unix.Errno(-result)
	case result == 0:
		w.err = env.ErrIO
	}
	w.done = true
	w.file.letGo()
	w.file, w.p = nil, nil
	r.busy--
	if w.left {
		r.leave(w)
		return
	}
	w.ended.Notify()
}

// close waits for the writes under way: none may land after a restart in the
// same process has read the file.
func (r *ring) close() {
	for r.busy > 0 {
		_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 1, enterGetEvents, 0, 0)
		if errno != 0 && errno != unix.EINTR {
			break // the kernel ends them when the ring is closed
		}
		r.reap()
	}
	r.release()
}

func (r *ring) release() {
	if r.queues != nil {
		_ = unix.Munmap(r.queues) // ours
	}
	if r.entries != nil {
		_ = unix.Munmap(r.entries) // ours
	}
	if r.eventfd >= 0 {
		_ = unix.Close(r.eventfd) // an eventfd holds nothing
	}
	_ = unix.Close(r.fd) // nothing is under way
}
