package campaign_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"odradek/jepsen/check"
	"odradek/sim"
	"odradek/sim/campaign"
)

func TestSeedsPass(t *testing.T) {
	first, last := seedsToRun(t)
	for seed := first; seed <= last; seed++ {
		began := time.Now()
		r := campaign.Do(sim.Config{Seed: seed, Faults: campaign.Everything(), Swarm: true})
		t.Logf("seed %d: %v, %d operations, %v simulated, %d events, %v", seed, r.Verdict, r.Operations, r.Report.Simulated, r.Report.Events, time.Since(began))
		if r.Verdict != check.Pass {
			t.Errorf("seed %d: %s %v", seed, r.Report, r.Open)
		}
	}
}

func seedsToRun(t *testing.T) (first, last uint64) {
	first, last = 0, 19
	if v := os.Getenv("SEEDS"); v != "" {
		fmt.Sscanf(v, "%d-%d", &first, &last)
	}
	return
}
