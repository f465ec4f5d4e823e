// Package order holds containers whose order is defined: what Go's map is not.
//
// State, output and the order of events must be the same in every run of a
// seed, so nothing in the deterministic half ranges over a map. A Map keeps its
// keys sorted and yields them in that order; a Heap gives out its least element
// and breaks ties by nothing but the order it was given.
//
// What they must never do: depend on addresses, on hashing, or on anything but
// the calls made to them. Neither may be changed while it is being ranged over.
//
// Read map.go first.
package order
