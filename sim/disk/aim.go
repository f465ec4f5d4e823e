package disk

import (
	"time"

	"odradek/core/kafka"
	"odradek/sim/schedule"
)

// aim is a crash that waits for operations.
type aim struct {
	disk  *Disk
	after kafka.Instant
	count int
	begun bool
	crash func(in time.Duration)
}

// aimWindow is how long after the first operation an aimed crash comes at the
// latest, however many operations there were.
const aimWindow = 5 * time.Millisecond

// AimCrash calls crash at the count-th operation that changes something, from an
// instant on: in the middle of it if it takes time, right before or after it
// otherwise. It replaces an earlier aim.
func (d *Disk) AimCrash(after kafka.Instant, count int, crash func(in time.Duration)) {
	d.aim = &aim{disk: d, after: after, count: count, crash: crash}
}

// Aimed reports whether a crash is aimed at an operation to come.
func (d *Disk) Aimed() bool { return d.aim != nil }

// strike counts an operation for AimCrash.
func (d *Disk) strike(takes time.Duration) {
	a := d.aim
	if a == nil || d.scheduler.Now() < a.after {
		return
	}
	if !a.begun {
		a.begun = true
		d.scheduler.After(aimWindow, schedule.Fault, a, nil, 0, 0)
	}
	if a.count--; a.count > 0 {
		return
	}
	d.aim = nil
	if takes > 0 {
		takes = 1 + time.Duration(d.noise.Below(uint64(takes)))
	}
	a.crash(takes)
}

// Act is the end of the window.
func (a *aim) Act(*schedule.Event) {
	if a.disk.aim == a {
		a.disk.aim = nil
		a.crash(0)
	}
}
