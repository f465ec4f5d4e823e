package netio

import (
	"testing"
	"time"
)

func TestSleepEndsWithItsSpanOnOldKernelsToo(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, p.millisOnly = range []bool{false, true} {
		for _, span := range []time.Duration{1, time.Microsecond, time.Millisecond + 1} {
			begun := time.Now()
			if n := p.sleep(span); n != 0 || time.Since(begun) < span {
				t.Errorf("%d events after %v of %v", n, time.Since(begun), span)
			}
		}
	}
}
