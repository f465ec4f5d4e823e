// Package diskio is the real disk: env.Disk over a directory of Linux.
//
// A Directory is a log directory that this process holds the lock of. Each
// shard has its own Disk of it, which brings what ends elsewhere back onto the
// shard's thread through a Reactor.
//
// What may wait for the platter never does so on a shard's thread: syncs,
// directory syncs and cold reads run on a few worker goroutines of the
// Directory, and the journal's WriteThrough is submitted by io_uring to a
// descriptor with O_DIRECT and O_DSYNC. Where the kernel refuses io_uring the
// shard writes in place, which costs it a hundred microseconds but no hand-over;
// where the file system refuses O_DIRECT a worker writes and syncs.
//
// What stays on the shard's thread touches memory only: writes go to the page
// cache, reads ask for what is in it (RWF_NOWAIT). One exception is known: when
// more pages are dirty than the kernel likes, it slows down whoever writes, and
// with it the shard. Write-behind in small steps (File.StartWriteback) is there
// to stay below that.
//
// What it must never do: import netio or the broker, try a failed sync again,
// follow a name out of its directory, or write to a block that WriteThrough may
// have written (see zero.go).
//
// Invariants: a descriptor is closed when its handle is closed and the last pin
// is gone, never before; a position that WriteThrough was given is never written
// by the zeroing of new blocks afterwards; a buffer under way to the device is
// not used until the device is done, also when the task that sent it is gone.
//
// Read directory.go first, then disk.go, file.go and through.go. The chapter is
// docs/chapters/03-crashes.md.
package diskio
