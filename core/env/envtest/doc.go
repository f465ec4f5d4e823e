// Package envtest is the conformance suite of core/env: one set of bodies that
// every world must pass. The simulator and the Linux world each implement a
// Harness and call Suite from a test; where the two differ, the simulator is
// wrong.
//
// A case checks only what core/env promises. It must never depend on how long
// something takes (a generous bound turns a hang into a failure), on the size
// of a kernel's buffers, or on a choice that core/env leaves open. Crashes and
// faults are not here: only the simulator can make them on purpose.
//
// Invariants: a case starts on an empty directory and leaves nothing open; a
// body touches only its own shard's state, since on Linux the shards of a node
// are threads.
//
// Read harness.go first. The chapter is docs/chapters/11-simulation.md.
package envtest
