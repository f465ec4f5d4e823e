// Package task runs code that waits, written straight down, on a
// single-threaded loop: no goroutine, no lock, no channel.
//
// A Task is a stackful coroutine (iter.Pull) on its shard's Loop. It runs until
// it waits; nothing else on that loop runs meanwhile; what wakes it is always
// an event of the loop: a deadline, a Signal, a Future, a Queue. The world
// drives the loop with Turn and asks NextDeadline when the next one is due, so
// the same code runs in the seeded simulator and over a real epoll loop.
//
// What it must never do: read a clock, start a goroutine, or let the order in
// which tasks run depend on anything but the order of the calls made to it.
//
// Invariants: at most one task of a loop runs at a time; a task waits at one
// place at a time; a task that is cancelled runs its defers and nothing else;
// tasks that became ready run in the order in which they became ready.
//
// Read loop.go first. The chapter is docs/chapters/11-simulation.md.
package task
