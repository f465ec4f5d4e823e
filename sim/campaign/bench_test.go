package campaign_test

import (
	"testing"

	"odradek/sim"
	"odradek/sim/campaign"
)

// BenchmarkSeed runs one seed after another: what a campaign costs on one core.
func BenchmarkSeed(b *testing.B) {
	seed, simulated := uint64(0), 0.0
	for b.Loop() {
		r := campaign.Do(sim.Config{Seed: seed, Faults: campaign.Everything(), Swarm: true})
		simulated += r.Report.Simulated.Seconds()
		seed++
	}
	b.ReportMetric(simulated/b.Elapsed().Seconds(), "simulated-s/s")
}
