// Package groups decides from the outside whether a broker kept its word to consumer
// groups: it takes the history of what members asked and were told, and names what
// cannot have happened.
//
// The same history, and the same invariants, serve the simulator and runs against
// real processes. The package is pure, as jepsen/check is, whose events, outcomes and
// verdicts it shares; only RunSearched reads a clock, and says Undecided when it runs
// out of patience.
//
// # What a client can know
//
// A member that believes to own a partition may be wrong: its session may have run out,
// and nobody has told it yet. That is no fault of anybody, and a checker that calls it
// one cries wolf. What is certain is narrower:
//
//	given                       asked, and answered: fine       gives it up
//	  |----------------------------->|                              |
//	  '---- certainly its owner -----'......... it believes so .....'
//
// A broker that answers a heartbeat at a generation, or at a member epoch, vouches for
// everything that was given at it, up to the moment at which the heartbeat was sent:
// it was taken in later than that, and a member that was thrown out does not come back
// without asking. So every invariant about members is about such times.
//
// A generation of the classic protocol that nobody has synchronised yet is in no log,
// and a crash of the coordinator may take it back. So what counts as proven is what
// SyncGroup was answered, and never what JoinGroup was.
//
// # Committed offsets
//
// Each group has a register for each partition. Every commit carries a value of its
// own (its metadata sees to it), so that a fetch tells which commit it saw, and whether
// the register is linearizable needs no search; see register.go. An error is a definite
// no-op only if it proves one; all else may take effect at any later time, also a
// request that a client gave up long ago. RunSearched asks Porcupine for a second opinion.
//
// Read history.go first, then view.go and invariants.go. The chapter is
// docs/chapters/12-checking-histories.md.
package groups
