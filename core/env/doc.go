// Package env is everything that broker logic may ask of the world: a clock,
// randomness, a network, a disk, the other shards of its node, and a trace.
//
// The logic is written against these interfaces only. The seeded simulator
// (package sim) implements them over one heap of events; netio and diskio
// implement them over epoll, sendfile, io_uring and fsync. The suite in
// core/env/envtest runs the same bodies against both: where they differ, the
// simulator is wrong.
//
// # The rules both worlds keep
//
//   - Every call is made on the shard's own thread, and every callback comes on
//     it, between tasks: a callback must not wait, but may spawn a task.
//   - A call that takes a *task.Task may wait. A call that doesn't returns at
//     once: it touches the kernel's memory (page cache, directory cache), never
//     the platter.
//   - Nothing is durable until File.Sync or File.WriteThrough (a file's bytes)
//     or Disk.SyncDir (the entries of a directory) returned nil.
//   - A Sync, SyncDir or WriteThrough that failed must not be tried again: the
//     pages it should have written may be gone. The caller fences the disk.
//   - kill -9 keeps what was written; power loss keeps of the bytes that were
//     not synced any subset, in any order, torn anywhere.
//
// Read world.go first, then disk.go and network.go. The chapter is
// docs/chapters/11-simulation.md.
package env
