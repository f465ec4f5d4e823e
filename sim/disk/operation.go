package disk

import (
	"slices"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// action is what an operation does when its time has come.
type action uint8

const (
	doSync action = iota
	doSyncDir
	doThrough
	doRead
)

// operation is one call that waits for the device.
type operation struct {
	mount  *Mount
	action action
	file   *inode
	dir    *directory
	// frozen are the pages of a sync, as they were when it began.
	frozen  []frozenPage
	size    int64
	changes int
	// data and position are those of a write-through.
	data     []byte
	position int64
	first    int
	end      int

	fails    error
	failure  uint64 // the decision's value
	finished bool
	signal   task.Signal
}

type frozenPage struct {
	index int32
	page  *page
}

// takes draws how long an operation of some pages lasts, not counting a stall.
func (d *Disk) takes(base time.Duration, pages int) time.Duration {
	t := base + time.Duration(pages)*perPage + d.noise.Tail(base/2)
	if v, slow := d.plan.Draw(fault.DiskSlowOperation, d.node); slow {
		t *= time.Duration(10 + v%90)
		d.plan.Fired(fault.DiskSlowOperation)
	}
	return t + max(0, d.stallUntil.Since(d.scheduler.Now()))
}

func (d *Disk) after(takes time.Duration) kafka.Instant { return d.scheduler.Now().Plus(takes) }

// start sends an operation to the device, which is done with it at an instant.
func (m *Mount) start(o *operation, at kafka.Instant) {
	d := m.disk
	o.mount = m
	d.operations = append(d.operations, o)
	d.scheduler.At(at, schedule.DiskDone, o, m.lane, uint64(o.action), o.subject())
	if o.action != doRead {
		d.strike(at.Since(d.scheduler.Now()))
	}
}

func (o *operation) subject() uint64 {
	if o.file != nil {
		return o.file.number
	}
	return 0
}

// await waits for the operation's end.
func (o *operation) await(t *task.Task, reason string) error {
	for !o.finished {
		if err := o.signal.Wait(t, kafka.Never, reason); err != nil {
			return err
		}
	}
	m := o.mount
	err := o.fails
	*o = operation{frozen: o.frozen[:0]}
	m.spare = append(m.spare, o)
	return err
}

// take returns an operation that is not in use.
func (m *Mount) take() *operation {
	n := len(m.spare)
	if n == 0 {
		return &operation{}
	}
	o := m.spare[n-1]
	m.spare = m.spare[:n-1]
	return o
}

// Act is the end of the operation on the device.
func (o *operation) Act(*schedule.Event) {
	d := o.mount.disk
	i := slices.Index(d.operations, o)
	if i < 0 {
		return // a crash settled it
	}
	d.operations = slices.Delete(d.operations, i, i+1)
	switch o.action {
	case doSync:
		o.finishSync()
	case doSyncDir:
		if o.fails == nil {
			d.syncEntries(o.dir, o.changes)
		}
	case doThrough:
		o.finishThrough()
	case doRead:
		o.file.warm(o.first, min(o.end, len(o.file.flags)))
	}
	o.mount.lane.Post(o)
}

// Deliver wakes the task that waits.
func (o *operation) Deliver() {
	o.finished = true
	o.signal.Broadcast()
}

// fail draws whether an operation fails.
func (o *operation) fail(d *Disk, kind fault.Kind) {
	if v, fails := d.plan.Draw(kind, d.node); fails {
		o.fails, o.failure = env.ErrIO, v
		d.plan.Fired(kind)
		d.alarm(kind, o.file)
	}
}
