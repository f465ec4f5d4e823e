// Package campaign runs the broker in simulated worlds and judges what its
// clients saw.
//
// One run is a world with one broker, a swarm of clients that are tasks, and the
// faults that the seed allows. The clients write down every call and answer; when
// the world has healed, the broker is restarted and every partition is read once
// more. jepsen/check then holds the history against what a log promises, and the
// ledger of topics against what the metadata says.
//
// A run fails if a promise was broken, a program panicked, something leaked, or a
// healed broker did not answer. It is undecided if the history does not say
// enough, which is no pass.
//
// Where a fault makes loss legal, the promise is another one: what is lost is
// told, as an error, and what is given out is true. See shape.go.
//
// One run in three has consumer groups, whose members join, consume, commit, and do what
// goes wrong with real ones; jepsen/check/groups judges them. See groups_shape.go.
//
// What it must never do: read a clock, keep state between runs, or let anything
// but the seed and the list of decisions choose what a run does. Many runs at the
// same time, each on a goroutine of its own, share nothing.
//
// Read run.go first, then shape.go, actor.go and producer.go. The chapter is
// docs/chapters/11-simulation.md.
package campaign
