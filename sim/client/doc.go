// Package client is a Kafka client for simulated worlds: a connection over
// env.Network that speaks kmsg, and records whose contents prove where they come
// from.
//
// It uses none of the broker's codecs for requests and answers, so whatever it
// is told was decoded by somebody else's code. Everything that a broker must
// never do to a client, whatever is broken around it, is a complaint: an answer
// out of order, to nothing, or that cannot be decoded.
//
// What it must never do: try again by itself, or decide what an error means. Those
// are the business of who uses it, since they make the history.
//
// Read conn.go first, then record.go. The chapter is docs/chapters/11-simulation.md.
package client
