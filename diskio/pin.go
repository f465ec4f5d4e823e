package diskio

import (
	"sync"

	"odradek/core/assert"
	"odradek/core/kafka"
)

// pins are what connections still want to read of a file: any shard pins and
// unpins. The ranges are kept for Truncate's assertion alone; a file has as many
// as answers with a part of it wait to leave.
type pins struct {
	mutex  sync.Mutex
	whole  int
	ranges []pinnedRange
}

// pinnedRange is [position, end).
type pinnedRange struct{ position, end int64 }

// Pin keeps the bytes readable through Close and Remove until Unpin.
func (f *File) Pin() {
	f.hold()
	f.mutex.Lock()
	f.whole++
	f.mutex.Unlock()
}

// Unpin takes a Pin back.
func (f *File) Unpin() {
	f.mutex.Lock()
	f.whole--
	matched := f.whole >= 0
	f.mutex.Unlock()
	assert.That(matched, "a file is unpinned as often as it was pinned")
	f.letGo()
}

// PinRange is Pin for a range that is going to be sent: Truncate asserts that it
// is not cut off.
func (f *File) PinRange(position kafka.Position, length int64) {
	f.hold()
	f.mutex.Lock()
	f.ranges = append(f.ranges, pinnedRange{int64(position), int64(position) + length})
	f.mutex.Unlock()
}

// UnpinRange takes a PinRange of the same range back.
func (f *File) UnpinRange(position kafka.Position, length int64) {
	f.mutex.Lock()
	found := f.forget(pinnedRange{int64(position), int64(position) + length})
	f.mutex.Unlock()
	assert.That(found, "a range is unpinned only if it was pinned")
	f.letGo()
}

func (p *pins) forget(r pinnedRange) bool {
	for i := range p.ranges {
		if p.ranges[i] == r {
			last := len(p.ranges) - 1
			p.ranges[i] = p.ranges[last]
			p.ranges = p.ranges[:last]
			return true
		}
	}
	return false
}

// pinnedEnd is where the furthest pinned range ends.
func (p *pins) pinnedEnd() int64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	end := int64(0)
	for _, r := range p.ranges {
		end = max(end, r.end)
	}
	return end
}
