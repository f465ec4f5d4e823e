package campaign_test

import (
	"testing"
	"time"

	"odradek/jepsen/check"
	"odradek/sim"
	"odradek/sim/campaign"
)

func TestSeedsPass(t *testing.T) {
	for seed := range uint64(20) {
		began := time.Now()
		r := campaign.Do(sim.Config{Seed: seed, Faults: campaign.Everything(), Swarm: true})
		t.Logf("seed %d: %v, %d operations, %v simulated, %d events, %v", seed, r.Verdict, r.Operations, r.Report.Simulated, r.Report.Events, time.Since(began))
		if r.Verdict != check.Pass {
			t.Fatalf("seed %d: %s %v", seed, r.Report, r.Open)
		}
	}
}
