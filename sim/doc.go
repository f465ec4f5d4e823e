// Package sim is the simulated world: any program that is written against
// core/env runs in it, on nodes of some shards, over a network and disks that
// fail as the seed says. The same seed gives the same run, event for event.
//
// A World has one heap of events (sim/schedule), one plan of faults (sim/fault),
// one trace (sim/trace), a network (sim/network) and a disk a node (sim/disk). A
// Node outlives its processes: kill -9, a power loss or Halt ends one, a restart
// boots the next on the same disk, perhaps with another number of shards.
//
//	w := sim.New(sim.Config{Seed: 42, Faults: fault.Everything(), Swarm: true})
//	broker := w.AddNode("broker", 2, boot)     // boot runs once a shard
//	w.AddClient("client-1", work)              // one shard, never harmed itself
//	w.Unleash(broker)                          // faults over time
//	w.RunFor(time.Minute)
//	w.Calm()                                   // heal, restart, and let it settle
//	w.RunFor(10 * time.Second)
//	report := w.Close()                        // verdict, hash, faults, story
//
// A panic in a program, an assertion above all, fails the run with a story; it
// never ends the process. A failed run's decisions shrink (Shrink) to the few
// that matter.
//
// What it must never do: let anything but the seed, or the list of decisions
// that is replayed, choose what happens. No clock, no goroutine, no map order,
// no floating point.
//
// Read world.go first, then node.go and nemesis.go. The chapter is
// docs/chapters/11-simulation.md.
package sim
