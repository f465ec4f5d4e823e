package disk

import (
	"time"

	"odradek/core/kafka"
)

// PinRange notes a queued range, which Truncate must not cut.
func (f *file) PinRange(position kafka.Position, length int64) {
	f.node.pinRange(int64(position), length)
}

// UnpinRange undoes a PinRange.
func (f *file) UnpinRange(position kafka.Position, length int64) {
	f.node.unpinRange(int64(position), length)
}

// Pull reads bytes as they leave the machine, whether or not the handle is
// still open. It returns fewer than asked for where the file ends or cannot be
// read, and how long the device kept the sender waiting.
func (f *file) Pull(p []byte, position kafka.Position) (n int, waited time.Duration) {
	first, end := f.node.span(int64(position), int64(len(p)))
	if f.node.has(first, end, bad) {
		return 0, 0
	}
	if f.node.has(first, end, cold) {
		d := f.mount.disk
		waited = d.takes(d.config.Read, end-first)
		f.node.warm(first, end)
	}
	return f.node.read(p, int64(position)), waited
}
