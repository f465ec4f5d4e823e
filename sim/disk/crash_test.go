package disk_test

import (
	"fmt"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/fault"

	"pgregory.net/rapid"
)

// sector is the unit in which a device writes.
const sector = 512

// history is a model of a file: what is surely on the platter, and every
// version since, any sector of which may be there instead.
type history struct {
	versions [][]byte // the first is durable
	now      []byte
}

func (h *history) changed(now []byte) {
	h.now = now
	h.versions = append(h.versions, append([]byte(nil), now...))
}

// synced drops the versions before the one that a sync found.
func (h *history) synced(version int) { h.versions = h.versions[version:] }

// explain says why content cannot be what a power loss left, or "".
func (h *history) explain(content []byte) string {
	low, high := len(h.versions[0]), len(h.versions[0])
	for _, v := range h.versions {
		low, high = min(low, len(v)), max(high, len(v))
	}
	if len(content) < low || len(content) > high {
		return fmt.Sprintf("size %d is not between %d and %d", len(content), low, high)
	}
	for from := 0; from < len(content); from += sector {
		part := content[from:min(len(content), from+sector)]
		if !h.knows(from, part) {
			return fmt.Sprintf("the sector at %d was never written so", from)
		}
	}
	return ""
}

func (h *history) knows(from int, part []byte) bool {
	for _, v := range h.versions {
		same := true
		for i, b := range part {
			var want byte
			if from+i < len(v) {
				want = v[from+i]
			}
			same = same && b == want
		}
		if same {
			return true
		}
	}
	return false
}

// step is one operation on the file.
type step struct {
	kind, position, length int
	fill                   byte
}

func drawSteps(r *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
		return step{
			kind:     rapid.IntRange(0, 5).Draw(r, "kind"),
			position: rapid.IntRange(0, 20_000).Draw(r, "position"),
			length:   rapid.IntRange(1, 9_000).Draw(r, "length"),
			fill:     rapid.ByteRange('a', 'z').Draw(r, "fill"),
		}
	}), 1, 12).Draw(r, "steps")
}

// apply does a step on the disk and in the model.
func (h *history) apply(t *task.Task, f env.File, s step) {
	switch s.kind {
	case 0, 1:
		p := make([]byte, s.length)
		for i := range p {
			p[i] = s.fill
		}
		must(f.WriteAt(p, kafka.Position(s.position)))
		now := grown(h.now, s.position+s.length)
		copy(now[s.position:], p)
		h.changed(now)
	case 2:
		size := min(s.position, len(h.now))
		must(f.Truncate(int64(size)))
		h.changed(append([]byte(nil), h.now[:size]...))
	case 3:
		version := len(h.versions) - 1
		must(f.Sync(t))
		h.synced(version)
	case 4:
		f.StartWriteback(kafka.Position(s.position), int64(s.length))
	case 5:
		t.Sleep(time.Duration(s.length) * 100 * time.Nanosecond)
	}
}

func grown(p []byte, size int) []byte {
	return append(append([]byte(nil), p...), make([]byte, max(0, size-len(p)))...)
}

// Whatever a program did to a file, and whenever the power failed, each sector
// is as it was when it was last surely durable or at some time since.
func TestPowerLossLeavesOnlyVersionsThatWere(t *testing.T) {
	kinds := []fault.Kind{fault.DiskLostPages, fault.DiskTornPages}
	rapid.Check(t, func(r *rapid.T) {
		l := always(t, rapid.Uint64().Draw(r, "seed"), kinds[:rapid.IntRange(0, 2).Draw(r, "kinds")]...)
		h := &history{versions: [][]byte{nil}}
		l.do(func(t *task.Task, d env.Disk) { must(made(t, d, "a", "").Close()) })
		for range 3 {
			steps := drawSteps(r)
			l.start(func(t *task.Task, d env.Disk) {
				f := open(d, "a")
				for _, s := range steps {
					h.apply(t, f, s)
				}
			})
			l.world.RunFor(time.Duration(rapid.IntRange(0, 5_000).Draw(r, "microseconds")) *
				time.Microsecond)
			if f := l.world.Failure(); f != nil {
				r.Fatalf("%s\n%s", f, f.Detail)
			}
			l.node.PowerLoss()
			var left []byte
			l.do(func(t *task.Task, d env.Disk) { left = content(t, d, "a") })
			if why := h.explain(left); why != "" {
				r.Fatalf("%s, after %+v", why, steps)
			}
			h.versions, h.now = [][]byte{left}, left
		}
		l.end()
	})
}
