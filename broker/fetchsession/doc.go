// Package fetchsession keeps the incremental fetch sessions of KIP-227: a
// consumer of many partitions names them once, then sends and gets only what
// changed.
//
// It is a pure kernel: no waiting, no clock, no log. A Cache belongs to one
// shard. Read cache.go first, then session.go.
//
// Invariants: a session holds each partition once; a session's epoch only
// moves forward, from 2^31-1 to 1; the cache never holds more sessions than its
// limit.
package fetchsession
