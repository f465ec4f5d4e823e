// Package broker is the broker itself: it answers Kafka's requests over
// partitions, metadata and sessions, one single-threaded shard at a time.
//
// A node is N shards that Boot starts. A shard owns some connections and some
// partitions; what concerns another shard's partitions goes there by mailbox,
// as a leg of a Produce or Fetch, or as an errand of everything else, and comes
// back to be answered. Shard 0 also owns the metadata log: every change of
// topics and configurations is decided by package controller, written as
// records, and taken in by all shards before it is answered. The shard that owns
// a partition of __consumer_offsets keeps its groups: package group decides,
// coordinator.go brings it into effect.
//
//	frame -> session (order of answers) -> dispatch
//	   Produce, Fetch: structs that are used again, no task unless the disk is cold
//	   all else:       a task, one function an API, file named after the API's key
//
// What it must never do: wait outside a task, touch another shard's memory
// other than in a leg or errand that was sent there, or answer success for what
// is not durable by the configured contract.
//
// Invariants: every request is answered once, in order, or its connection is
// closed; nothing at or above a highWatermark is sent to a consumer; the image a
// shard shows is one whose partitions it has taken in.
//
// Read boot.go, then session.go, dispatch.go and 00_produce.go. The chapter is
// docs/chapters/02-batches-and-the-wire.md.
package broker
