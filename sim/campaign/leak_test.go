package campaign_test

import (
	"runtime"
	"testing"

	"odradek/sim/campaign"
)

// A run leaves nothing behind: no task, no memory. A campaign is ten thousand
// of them in one process.
func TestRunsLeaveNothingBehind(t *testing.T) {
	measure := func() (goroutines int, heap uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	campaign.Do(usual(1))
	before, heapBefore := measure()
	for seed := range uint64(10) {
		campaign.Do(usual(seed + 20))
	}
	after, heapAfter := measure()
	if after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
	if heapAfter > heapBefore+8<<20 {
		t.Errorf("%d bytes in use before, %d after", heapBefore, heapAfter)
	}
}
