package task_test

import (
	"slices"
	"testing"
	"time"

	"odradek/core/kafka"
	"odradek/core/task"
)

func TestEachRunsAllWithinItsWidth(t *testing.T) {
	l := task.NewLoop(0)
	var begun []int
	running, most := 0, 0
	done := kafka.Never
	l.Spawn("parent", func(t *task.Task) {
		task.Each(t, "work", 10, 3, func(t *task.Task, i int) {
			begun = append(begun, i)
			running++
			most = max(most, running)
			t.Sleep(time.Duration(1+i%2) * time.Millisecond)
			running--
		})
		done = t.Now()
		task.Each(t, "nothing", 0, 3, func(*task.Task, int) { panic("there is nothing to do") })
	})
	run(l)
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(begun, want) || most != 3 {
		t.Fatalf("begun %v, %d at most", begun, most)
	}
	if done == kafka.Never || running != 0 || l.Tasks() != 0 {
		t.Fatalf("done at %d, %d running, %d tasks", done, running, l.Tasks())
	}
}

func TestEachEndsWithItsCaller(t *testing.T) {
	l := task.NewLoop(0)
	ended := 0
	parent := l.Spawn("parent", func(t *task.Task) {
		task.Each(t, "work", 10, 3, func(t *task.Task, _ int) {
			defer func() { ended++ }()
			t.Sleep(time.Hour)
		})
	})
	l.Turn(0)
	parent.Cancel()
	l.Turn(0)
	l.Turn(0)
	if ended != 3 || l.Tasks() != 0 {
		t.Fatalf("%d ended, %d tasks left", ended, l.Tasks())
	}
}
