// Package disk is the simulated disk: core/env's Disk and File over one model
// of a device that can lose, tear and refuse.
//
// Each file has a page cache and a platter, both arrays of 4 KiB pages that are
// shared until one of them is written, and a list of dirty pages. Each
// directory has the entries a program sees and the entries that are durable,
// and the disk keeps the changes between the two in order. From these follow
//
//   - kill -9: the page cache stays, write-throughs in flight tear;
//   - power loss: of the dirty pages any subset reaches the platter, in any order,
//     torn between sectors; of the directory changes any subset; then the page
//     cache is what the platter holds;
//   - a failed sync: its pages are clean but not on the platter, reads still show
//     them until they are evicted, and the next sync says that all is well;
//   - a cold page: a read that finds it waits for the device.
//
// A Sync makes durable what was written before it began, not what came
// meanwhile: its pages are frozen when it starts. A program that takes it for
// more is caught.
//
// What it must never do: move bytes to the platter that nobody synced, other
// than in a power loss or a write-behind that the plan of faults could refuse.
//
// Read page.go, then inode.go, sync.go and crash.go. The chapter is
// docs/chapters/03-crashes.md.
package disk
