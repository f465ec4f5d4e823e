// Package disktest is a small disk in memory for the tests of the packages that
// store: it knows a page cache and a platter, and what a kill and a power loss
// leave of them.
//
// It is for tests only, and it is no simulator: it has no time, no latency and
// one shard. The faults that need a whole node live in package sim.
//
// What it promises is what core/env promises and no more: after PowerLoss a
// block that was not synced is old, new, or torn by sectors; a file that was
// not synced has its old length or its new one; of the changes to a directory
// since its last SyncDir a prefix has survived.
//
// Read disk.go first, then crash.go. The chapter is docs/chapters/03-crashes.md.
package disktest
