package task

import "odradek/core/kafka"

// Each runs work for every i in [0, count) and returns when all have ended: up
// to width of them at the same time, begun in order. It is for work that mostly
// waits, such as many syncs that the device can do together. If the caller is
// cancelled, so is the work.
func Each(t *Task, name string, count, width int, work func(t *Task, i int)) {
	next, running := 0, 0
	var ended Signal
	handles := make([]Handle, 0, min(count, width))
	defer func() {
		for _, h := range handles {
			h.Cancel()
		}
	}()
	for range min(count, width) {
		running++
		handles = append(handles, t.loop.Spawn(name, func(t *Task) {
			defer func() {
				running--
				ended.Notify()
			}()
			for next < count {
				i := next
				next++
				work(t, i)
			}
		}))
	}
	for running > 0 {
		_ = ended.Wait(t, kafka.Never, name) // without a deadline it only ends by a notification
	}
}
