// Package network is the simulated network: core/env's Network over streams of
// bytes that take time, arrive in pieces, break and go silent.
//
// A connection is two endpoints and a stream each way. What a program sends is
// queued at its endpoint, leaves when its turn ends and the window lets it, and
// is then on its way: only now are file ranges read. On arrival it waits in the
// receiver's kernel until the program takes it, which Pause and the limits of
// env.Options may forbid; that closes the window, and the sender's bytes wait.
//
// A host is a node's kernel and outlives its processes: kill -9 ends
// connections with a last word to the peer, a power loss without one, and bytes
// that were on their way arrive all the same.
//
// Invariants: the bytes of a stream arrive in order, or not at all; Closed is the
// last call for a connection and comes once; every range is unpinned when it
// left or its connection ended.
//
// What it must never do: call a Door outside its lane's turn.
//
// Read endpoint.go first, then stream.go, frame.go, dial.go and host.go. The
// chapter is docs/chapters/13-event-loops.md.
package network
