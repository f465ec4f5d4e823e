package diskio

import (
	"sync"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
)

const (
	// zeroStepBytes is what the background writes at a time.
	zeroStepBytes = 1 << 20
	// zeroAheadBytes is how far ahead of WriteThrough blocks are zeroed: many
	// commits' worth, and little enough to be done within a few milliseconds.
	zeroAheadBytes = 8 << 20
)

// zeroing writes the blocks of a preallocated file once before WriteThrough
// comes to them. The file system has to note, durably, the first write to each
// block that was only allocated; a commit to blocks that were written before
// needs no such note and takes half the time.
//
//	0            frontier        frontier+step            end
//	| written or zeroed | being zeroed | allocated, not written |
//
// Invariant: whatever WriteThrough was given lies below the frontier before it
// is submitted, and only blocks from the frontier on are zeroed: no zero ever
// follows data. WriteThrough of a block that is being zeroed waits for that.
type zeroing struct {
	frontier int64
	end      int64
	// busyTo is the end of the step a worker writes now, 0 if none does.
	busyTo int64
	// quiet is held by the worker while it writes. It guards stopped, after
	// which nothing is zeroed any more.
	quiet   sync.Mutex
	stopped bool
	// over is told when a step has ended.
	over task.Signal
}

// expectZeroing notes that [from, to) was just allocated.
func (z *zeroing) expectZeroing(from, to int64) {
	if z.stopped {
		return
	}
	from = (from + env.BlockSize - 1) &^ (env.BlockSize - 1)
	if z.end == 0 {
		z.frontier = from
	}
	z.end = to &^ (env.BlockSize - 1)
}

// claim puts a range that is about to be written below the frontier, waiting for
// the zeroing of its blocks if that is under way, and has the zeroing go on.
func (f *File) claim(t *task.Task, start, end int64) {
	for f.busyTo > 0 && start < f.busyTo && end > f.busyTo-zeroStepBytes {
		_ = f.over.Wait(t, kafka.Never, "new blocks to be zeroed") // no deadline: no error
	}
	f.frontier = max(f.frontier, end)
	f.zeroMore(end)
}

// zeroMore starts a step if the frontier is less than zeroAheadBytes ahead.
func (f *File) zeroMore(written int64) {
	if f.busyTo > 0 || f.direct == 0 || f.frontier >= min(f.end, written+zeroAheadBytes) {
		return
	}
	from, to := f.frontier, min(f.frontier+zeroStepBytes, f.end)
	f.frontier, f.busyTo = to, to
	f.hold()
	d := f.disk
	submitted := d.directory.workers.submit(func(*worker) {
		err := f.zero(from, to)
		f.letGo()
		d.reactor.Post(func() { f.zeroed(written, err) })
	})
	if !submitted {
		f.busyTo = 0
		f.letGo()
	}
}

// zero writes a step, on a worker, unless it was told to stop before.
func (f *File) zero(from, to int64) error {
	f.quiet.Lock()
	defer f.quiet.Unlock()
	if f.stopped {
		return env.ErrClosed
	}
	return writeAll(f.direct, zeroBlocks()[:to-from], from)
}

// zeroed is called when a step has ended. After an error there are no more: the
// blocks stay as good as allocated.
func (f *File) zeroed(written int64, err error) {
	f.busyTo = 0
	f.over.Broadcast()
	if err != nil {
		f.end = 0
		return
	}
	if !f.closed {
		f.zeroMore(written)
	}
}

// stopZeroing ends the zeroing of a file that is used in another way, for good.
// It waits for a step that is under way: a millisecond, once.
func (f *File) stopZeroing() {
	if f.end == 0 {
		return
	}
	f.end = 0
	f.quiet.Lock()
	f.stopped = true
	f.quiet.Unlock()
}

// zeroBlocks is a step of zeros that the device can read.
var zeroBlocks = sync.OnceValue(func() []byte { return mapBuffer(zeroStepBytes) })
