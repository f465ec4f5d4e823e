// Package live runs real broker processes under real clients, does harm to
// them, and holds what the clients saw against jepsen/check.
//
// The simulator finds the order of events that breaks a broker; this package
// shows that the same broker keeps its word where the clock, the scheduler, the
// file system and the clients are not ours. A run is not reproducible: what it
// prints is a verdict and figures, and when it fails it keeps the data directory
// and what the broker said.
//
// What it must never do: touch a broker that it did not start, or take an
// operation for failed that may have had an effect.
//
// Invariants: each record that is produced has contents of its own; calls and
// returns are numbered in the order in which they happened, with the call's
// number taken before the client is asked and the return's after it told.
//
// Read kill.go first, then workload.go. The chapter is
// docs/chapters/12-checking-histories.md.
package live
