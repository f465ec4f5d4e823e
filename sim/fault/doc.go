// Package fault decides what goes wrong in a simulated run.
//
// Every fault that might happen is asked for with Plan.Draw at the place where
// it might: (kind, node, how often this kind was asked for on this node). The
// answer is nothing, nearly always, or a number that says how the fault looks.
// A run is therefore a sparse list of decisions, those that were not "nothing":
// the list replays without the seed's luck, and a failing list shrinks by
// leaving decisions out. What clients do is drawn the same way, as the kind
// Operation, so that a list of operations shrinks too.
//
// Each seed is a swarm: about half of the kinds are fully off, since a run in
// which everything goes a little wrong explores nothing.
//
// Every decision is entered in a ledger as planned, and whoever acts on it
// enters it as fired, or as void when there was nothing left to hit. A kind
// whose planned and fired + void differ is a fault that the simulator lost.
//
// What it must never do: draw in an order that depends on anything but the
// order of calls, or know what a fault does.
//
// Read kind.go first, then plan.go. The chapter is docs/chapters/11-simulation.md.
package fault
