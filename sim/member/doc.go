// Package member is a consumer's side of its group for simulated worlds: the classic
// protocol, eager and cooperative, and the consumer protocol (KIP-848), over kmsg.
//
// A Member is one life of a consumer in its group. It joins, heartbeats, gives up what it
// must and takes up what it is given, as Kafka's own client does, and writes down
// everything that it asked and was told, for jepsen/check/groups. Who runs it reads the
// partitions that it claims, tells it how far, and has it commit. What real clients do
// wrong is up to who runs it: it lets a member sleep beyond its time-outs, drops it
// without leaving, or has it commit what is not its own.
//
// What it must never do: take something for its own longer than a real client would, or
// write down that it does. A tenure ends before the question that tells of it is sent.
//
// Read member.go first, then classic.go and consumer.go. The chapter is
// docs/chapters/11-simulation.md.
package member
