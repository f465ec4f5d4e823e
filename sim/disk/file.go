package disk

import (
	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/fault"
)

// file is an open file: one shard's handle.
type file struct {
	mount *Mount
	node  *inode
	name  string
	size  int64
	// told is how many of the file's failures this handle knows of.
	told   uint32
	place  int // in mount.files
	closed bool
}

var _ env.File = (*file)(nil)

// Name is the name it was opened by.
func (f *file) Name() string { return f.name }

// Size is the length as this handle knows it.
func (f *file) Size() int64 { return f.size }

// WriteAt puts p into the page cache.
func (f *file) WriteAt(p []byte, position kafka.Position) error {
	if err := f.mayWrite(); err != nil {
		return err
	}
	return f.write(p, int64(position))
}

// WriteVector puts pieces into the page cache, one after the other.
func (f *file) WriteVector(pieces [][]byte, position kafka.Position) error {
	if err := f.mayWrite(); err != nil {
		return err
	}
	at := int64(position)
	for _, p := range pieces {
		if err := f.write(p, at); err != nil {
			return err
		}
		at += int64(len(p))
	}
	return nil
}

// mayWrite strikes before the write, so that a crash aimed at it falls between
// this write and the one before.
func (f *file) mayWrite() error {
	if f.closed {
		return env.ErrClosed
	}
	f.mount.changes("write", f.name)
	return nil
}

func (f *file) write(p []byte, position int64) error {
	if len(p) == 0 {
		return nil
	}
	f.size = max(f.size, position+int64(len(p)))
	m := f.mount
	if m.lane.Gone() {
		return nil
	}
	tr := m.disk.scheduler.Trace
	tr.Number(f.node.number<<40 ^ uint64(position))
	tr.Bytes(p)
	if tr.Watching() {
		tr.Say("%s: write %s [%d, %d)", m.lane.Name, f.name, position, position+int64(len(p)))
	}
	if v, fails := m.disk.plan.Draw(fault.DiskWriteError, m.disk.node); fails {
		m.disk.plan.Fired(fault.DiskWriteError)
		m.disk.alarm(fault.DiskWriteError, f.node)
		_, _ = f.node.write(p[:v%uint64(len(p)+1)], position) // the rest is lost anyway
		f.size = f.node.size
		return env.ErrIO
	}
	_, err := f.node.write(p, position)
	if err != nil {
		f.size = f.node.size
	}
	return err
}

// ReadAt fills p from a position.
func (f *file) ReadAt(t *task.Task, p []byte, position kafka.Position) (int, error) {
	if err := f.load(t, int64(position), int64(len(p)), "a read"); err != nil {
		return 0, err
	}
	return f.node.read(p, int64(position)), nil
}

// Prefetch brings a range into memory.
func (f *file) Prefetch(t *task.Task, position kafka.Position, length int64) error {
	return f.load(t, int64(position), length, "a prefetch")
}

// load waits until a range is in memory. A warm range waits too, now and then:
// the promise is only that a read may wait.
func (f *file) load(t *task.Task, position, length int64, reason string) error {
	if f.closed {
		return env.ErrClosed
	}
	m, n := f.mount, f.node
	d := m.disk
	if m.lane.Gone() {
		m.hang(t)
	}
	first, end := n.span(position, length)
	if first == end {
		return nil
	}
	if err := f.readFault(first, end); err != nil {
		return err
	}
	if n.has(first, end, bad) {
		return env.ErrIO
	}
	if !n.has(first, end, cold) && !d.noise.OneIn(warmWaitsOneIn) {
		return nil
	}
	o := m.take()
	o.action, o.file, o.first, o.end = doRead, n, first, end
	m.start(o, d.after(d.takes(d.config.Read, end-first)))
	if err := o.await(t, reason); err != nil {
		return err
	}
	if f.closed {
		return env.ErrClosed
	}
	return nil
}

// warmWaitsOneIn is how rarely a read of memory waits anyway.
const warmWaitsOneIn = 16

// readFault draws whether this read fails, for once or from now on.
func (f *file) readFault(first, end int) error {
	d := f.mount.disk
	if _, fails := d.plan.Draw(fault.DiskReadError, d.node); fails {
		d.plan.Fired(fault.DiskReadError)
		d.alarm(fault.DiskReadError, f.node)
		return env.ErrIO
	}
	v, fails := d.plan.Draw(fault.DiskReadErrorLatent, d.node)
	if !fails {
		return nil
	}
	i := first + int(v%uint64(end-first))
	hit := f.node.evict(i)
	d.settle(fault.DiskReadErrorLatent, hit, f.node)
	if hit {
		f.node.flags[i] |= bad
	}
	return nil
}

// ReadNow is ReadAt for bytes in memory.
func (f *file) ReadNow(p []byte, position kafka.Position) (int, error) {
	if f.closed {
		return 0, env.ErrClosed
	}
	if !f.Resident(position, int64(len(p))) {
		return 0, env.ErrCold
	}
	return f.node.read(p, int64(position)), nil
}

// Resident reports whether a range is in memory; asking may be when the kernel
// takes it out.
func (f *file) Resident(position kafka.Position, length int64) bool {
	n, d := f.node, f.mount.disk
	first, end := n.span(int64(position), length)
	if first == end {
		return true
	}
	if v, evicts := d.plan.Draw(fault.DiskEvict, d.node); evicts {
		d.plan.Settle(fault.DiskEvict, n.evict(first+int(v%uint64(end-first))))
	}
	return !n.has(first, end, cold|bad)
}

// Sync makes what was written so far durable.
func (f *file) Sync(t *task.Task) error {
	if f.closed {
		return env.ErrClosed
	}
	m, n := f.mount, f.node
	if m.lane.Gone() {
		m.hang(t)
	}
	m.say("sync", f.name)
	o := m.take()
	o.action, o.file, o.size = doSync, n, n.size
	o.frozen = n.freeze(o.frozen[:0])
	if len(o.frozen) > 0 {
		o.fail(m.disk, fault.DiskSyncError)
	}
	m.start(o, n.writesUntil(m.disk.takes(m.disk.config.Sync, len(o.frozen))))
	if err := o.await(t, "a sync"); err != nil {
		f.told = n.failures
		return err
	}
	return f.failedSince()
}

// WriteThrough writes blocks to the platter.
func (f *file) WriteThrough(t *task.Task, p []byte, position kafka.Position) error {
	if f.closed {
		return env.ErrClosed
	}
	m, n := f.mount, f.node
	assert.That(len(p)%env.BlockSize == 0 && position%env.BlockSize == 0,
		"a write-through is some whole blocks")
	assert.That(int64(position)+int64(len(p)) <= n.size, "a write-through lies within the file")
	if m.lane.Gone() {
		m.hang(t)
	}
	if len(p) == 0 {
		return nil
	}
	tr := m.disk.scheduler.Trace
	m.say("write through", f.name)
	tr.Bytes(p)
	o := m.take()
	o.action, o.file, o.data, o.position = doThrough, n, p, int64(position)
	o.fail(m.disk, fault.DiskThroughError)
	m.start(o, m.disk.after(m.disk.takes(m.disk.config.Through, len(p)/pageSize)))
	return o.await(t, "a write-through")
}

// Preallocate makes the file long enough, with room for all of it.
func (f *file) Preallocate(size int64) error {
	if f.closed {
		return env.ErrClosed
	}
	f.size = max(f.size, size)
	if f.mount.lane.Gone() {
		return nil
	}
	if err := f.node.preallocate(size); err != nil {
		f.size = f.node.size
		return err
	}
	f.mount.changes("preallocate", f.name)
	return nil
}

// Reserve makes room behind the file's end.
func (f *file) Reserve(position kafka.Position, length int64) error {
	if f.closed {
		return env.ErrClosed
	}
	assert.That(int64(position) <= f.size, "room is reserved from the file's end on")
	if f.mount.lane.Gone() {
		return nil
	}
	if err := f.node.reserve(int64(position) + length); err != nil {
		return err
	}
	f.mount.say("reserve", f.name)
	return nil
}

// StartWriteback begins to write a range to the device.
func (f *file) StartWriteback(position kafka.Position, length int64) {
	if f.closed || f.mount.lane.Gone() {
		return
	}
	if first, end := f.node.span(int64(position), length); first < end {
		f.node.startWriteback(first, end, f.mount.lane)
	}
}

// Truncate cuts the file.
func (f *file) Truncate(size int64) error {
	if f.closed {
		return env.ErrClosed
	}
	f.size = size
	if f.mount.lane.Gone() {
		return nil
	}
	f.node.truncate(size)
	f.mount.changes("truncate", f.name)
	return nil
}

// Pin keeps the content through Close and Remove.
func (f *file) Pin() { f.node.pins++ }

// Unpin undoes a Pin.
func (f *file) Unpin() {
	assert.That(f.node.pins > 0, "a file is unpinned as often as it was pinned")
	f.node.pins--
	f.node.reclaim()
}

// Close gives the handle up.
func (f *file) Close() error {
	if f.closed {
		return env.ErrClosed
	}
	f.release()
	return nil
}

func (f *file) release() {
	if f.closed {
		return
	}
	f.closed = true
	files := f.mount.files
	last := len(files) - 1
	files[f.place] = files[last]
	files[f.place].place = f.place
	files[last] = nil
	f.mount.files = files[:last]
	f.node.handles--
	f.node.reclaim()
}
