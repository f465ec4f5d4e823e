// Package timer is what a coordinator waits for: sessions that end, rebalances that are
// over. It holds deadlines and says which has come; it does not know the time.
//
// A member's session is put off with every heartbeat, a hundred times for each time it
// ends. So a Timer that is put off is only marked: its place in the heap is looked at
// again when it gets to the top. Setting one costs nothing then, and taking one out a
// logarithm.
//
// Invariants: a Timer that is set has a place in the heap that is not after its
// deadline; of the places only the one that the Timer remembers counts.
//
// Read timer.go first.
package timer
