package sim_test

import (
	"testing"
	"time"

	"odradek/sim"
)

// BenchmarkToy runs the toy with every fault. One iteration is ten simulated
// seconds of 8 clients.
func BenchmarkToy(b *testing.B) {
	o := toy{clients: 8, think: 5 * time.Millisecond, lasts: 10 * time.Second}
	for _, c := range []struct {
		name   string
		config func(seed uint64) sim.Config
	}{
		{"quiet", func(seed uint64) sim.Config { return sim.Config{Seed: seed} }},
		{"faults", everything},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var events uint64
			var simulated time.Duration
			for seed := uint64(0); b.Loop(); seed++ {
				r := o.run(c.config(seed))
				if r.Failure != nil {
					b.Fatalf("%s", r)
				}
				events += r.Events
				simulated += r.Simulated
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(simulated.Seconds()/b.Elapsed().Seconds(), "x-real-time")
			b.ReportMetric(float64(events)/float64(b.N), "events/op")
		})
	}
}
