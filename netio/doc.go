// Package netio is the real network and the real thread of a shard: one epoll
// loop per shard, locked to its OS thread, that reads sockets, cut frames out
// of the streams, turns the shard's task.Loop, and sends what the turn made.
//
// A turn is: take the ready events, hand every whole frame to its Door, run the
// tasks, wake the shards that got mail, then one send per connection that owes
// something. The loop polls once more before it sleeps, and sleeps until the
// next deadline of the task.Loop; an idle shard costs no CPU.
//
// What it must never do: parse more of a frame than its length, import the
// broker or diskio (whoever starts a node passes a disk in), or block a shard's
// thread other than in epoll_wait. Everything that belongs to a shard is
// touched by its thread alone; Shard.Post, the mailboxes and the listeners'
// groups are the only places where threads meet.
//
// # Memory
//
// Buffers come from a pool per shard outside the Go heap (memory.go). Small
// frames are read into one scratch buffer of the shard, many at a time, and
// copied once into a buffer of their size: a copy of bytes that are in the
// first cache costs nanoseconds, and a frame that is kept then holds its own
// bytes only. Large frames are received straight into their own buffer, which
// grows with what really arrived. A connection at rest owns no buffer.
//
// # Spreading connections
//
// Shards that listen at the same address share one listening socket. One of
// them accepts and hands each connection to the shard that has the fewest from
// that address, in turn among equals. SO_REUSEPORT would hash a handful of
// connections unevenly, and EPOLLEXCLUSIVE wakes the same shard first; with
// many partitions per connection an even spread matters more than the one
// message a hand-over costs.
//
// Invariants: a connection's frames are delivered in the order of its stream;
// Door.Closed is the last call for a connection and comes exactly once; what
// UnsentBytesMax and BufferedBytesMax bound is never exceeded by more than one
// read; a buffer belongs to exactly one frame, piece or connection.
//
// Read shard.go first, then conn.go, receive.go and send.go. The chapter is
// docs/chapters/13-event-loops.md.
package netio
