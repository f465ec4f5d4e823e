package env

import (
	"odradek/core/kafka"
	"odradek/core/task"
)

// World is what one shard of one node is booted with. All of its members are
// owned by the shard's thread.
type World struct {
	Loop    *task.Loop
	Clock   Clock
	Random  Random
	Network Network
	// Disk is the log directory. Each shard has its own handle of the same
	// directory; names never collide because a shard only touches what it owns.
	Disk   Disk
	Shards Shards
	Trace  Trace
	// Halt gives up the node: it stops serving as a killed process would, with
	// reason as its last words. It returns; the shard gets no further events.
	Halt func(reason error)
}

// Clock tells two times. Now is the loop's instant: monotonic, constant within
// a turn, for time-outs. Wall is for what records say; it may jump.
type Clock interface {
	Now() kafka.Instant
	Wall() kafka.Timestamp
}

// Random is a named stream of random numbers. A stream's numbers depend on the
// seed, its name and how often it was asked, on nothing else.
type Random interface {
	Uint64() uint64
	// Fork makes an independent stream for a purpose.
	Fork(purpose string) Random
}

// Shards are the mailboxes between the shards of a node. Messages from one
// shard to another arrive in the order they were sent.
type Shards interface {
	// Self is this shard's index, from 0.
	Self() int
	// Count is how many shards the node has.
	Count() int
	// Send puts a message into a shard's mailbox, also its own. The sender
	// must not touch what the message points to until it is answered.
	Send(to int, message any)
	// Receive sets who is called with each message. It is called once, at boot.
	Receive(handler func(from int, message any))
}

// Trace takes in what happened, for the determinism hash, the story of a run
// and the coverage signal. In production it does nothing. Nothing is formatted
// on the way in.
type Trace interface {
	// Event records that kind happened to subject, with two numbers whose
	// meaning belongs to the kind.
	//
	//tidy:allow bare-int64 the numbers of a story have as many meanings as kinds
	Event(kind, subject string, a, b int64)
	// Sometimes records that a rare place was reached, and whether the rare
	// condition held: over a campaign every site must hit both.
	Sometimes(site string, hit bool)
}
