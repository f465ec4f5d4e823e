// Package oracle plays the request scripts of package jepsen/oracle against this
// broker in a simulated world without faults. Its test compares the transcripts
// with Apache Kafka's, in seconds and without a port, a process or a disk.
//
// The scripts' client uses none of the broker's codecs, and nothing here does: a
// Transport hands bytes to the simulated network and takes frames from it.
//
// What it must never do: judge an answer. jepsen/oracle does, with its list of
// differences.
//
// Invariant: the same seed gives the same transcripts; any seed gives transcripts
// that do not differ from Kafka's but as listed.
//
// Read play.go first, then transport.go. The chapter is
// docs/chapters/11-simulation.md.
package oracle
