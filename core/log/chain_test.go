package log

import (
	"fmt"
	"strings"
	"testing"

	"odradek/core/journal/disktest"
	"odradek/core/kafka"
	"odradek/core/task"
)

// What is planted into a swap is found before it does harm.
func TestWhatASwapMayNotDo(t *testing.T) {
	disk := disktest.New()
	if err := disk.MakeDir("orders-0"); err != nil {
		t.Fatal(err)
	}
	c := newChain(disk, "orders-0")
	for range 3 {
		if _, err := c.add(c.nextBase()); err != nil {
			t.Fatal(err)
		}
	}
	caught(t, "C-ActiveUntouched", func() { c.replace(c.segments[1:], nil) })
	caught(t, "C-NotAboveHW", func() {
		cleaner := NewCleaner(&Home{}, nil, CleanerConfig{})
		_, _ = cleaner.Clean(&task.Task{}, &Log{}, Dirt{dirty: 1, end: 5, upTo: 4})
	})
}

// nextBase is where a test's next segment begins.
func (c *chain) nextBase() (base kafka.Offset) {
	if len(c.segments) > 0 {
		base = c.active().base + 10
	}
	return base
}

func caught(t *testing.T, name string, plant func()) {
	t.Helper()
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, name) {
			t.Errorf("%s: %q", name, said)
		}
	}()
	plant()
}
