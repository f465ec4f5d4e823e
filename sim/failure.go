package sim

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/core/task"
)

// Failure is why a run failed.
type Failure struct {
	At kafka.Instant
	// Who is the shard that failed, or "world".
	Who string
	// Reason is one line.
	Reason string
	// Detail is what a programmer needs: the stack of the panic.
	Detail string
}

// Error is the reason with its place.
func (f *Failure) Error() string { return f.Who + ": " + f.Reason }

// caught turns a panic into a failure, unless it is the last word of a program
// that is being ended anyway.
func (w *World) caught(r any) {
	lane, doomed := w.scheduler.Recover()
	if doomed {
		w.guard(lane.FinishDoom)
		return
	}
	f := &Failure{At: w.scheduler.Now(), Who: "world", Reason: fmt.Sprint(r)}
	f.Detail = string(debug.Stack())
	if lane != nil {
		f.Who = lane.Name
	}
	if t, ok := r.(*task.Failure); ok {
		f.Reason = fmt.Sprintf("task %q panicked: %v", t.Task, t.Value)
		f.Detail = string(t.Stack)
		var v *assert.Violation
		if errors.As(t, &v) {
			f.Reason = fmt.Sprintf("task %q: %s", t.Task, v)
		}
	}
	w.fail(f)
}

// guard calls fn; a panic in it fails the run.
func (w *World) guard(fn func()) {
	defer func() {
		if r := recover(); r != nil {
			w.caught(r)
		}
	}()
	fn()
}

// Fail fails the run for a reason that a checker found.
func (w *World) Fail(who, reason string) {
	w.fail(&Failure{At: w.Now(), Who: who, Reason: reason})
}

func (w *World) fail(f *Failure) {
	if w.failure != nil {
		return
	}
	w.failure = f
	first, _, _ := strings.Cut(f.Reason, "\n")
	w.tell(f.Who, "fails", first, 0, 0)
}
