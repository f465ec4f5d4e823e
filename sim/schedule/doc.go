// Package schedule is the simulator's clock: one heap of events ordered by
// (time, sequence), and the lanes on which nodes run.
//
// An event belongs to the world: a network or a disk acts in it, as a kernel
// or a device would. What it has to tell a program it posts to a Lane, which is
// one shard's thread: the lane hands over what was posted to it, turns its
// task.Loop, and sleeps until the next post or deadline. A lane that is busy or
// stalled lets posts wait, so a slow shard sees them together.
//
// Invariants: time never goes back; events of one instant act in the order in
// which they were made; a lane runs alone; nothing is posted to a dead lane's
// program. In the steady state no event allocates.
//
// What it must never do: know what an event is about.
//
// Read scheduler.go first, then lane.go. The chapter is docs/chapters/11-simulation.md.
package schedule
