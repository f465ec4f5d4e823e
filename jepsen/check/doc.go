// Package check decides from the outside whether a log broker kept its word: it
// takes the history of what clients asked and were told, and names what cannot
// have happened.
//
// The same history, and the same checks, serve the simulator and runs against
// real processes. The package is pure: it never does I/O, reads no clock, and
// the same history always gives the same verdict, word for word. RunSearched alone
// has a limit of time, and says Undecided when it is reached.
//
// # What it relies on
//
//   - Calls and returns are numbered in one order, as the recorder saw them
//     (Event). Time in milliseconds would make half of all operations
//     concurrent.
//   - Every record that is produced has contents of its own, so that its Hash
//     says which operation wrote it.
//   - Failed means: proven without effect. Everything else that is not a success
//     is Unknown. Getting this wrong makes every check lie.
//   - Partitions start at offset 0, and are not written to by transactions.
//
// # How it decides
//
// Kafka hands out offsets, so whether appends and reads of the end are
// linearizable needs no search: sort by offset, and look for an operation that
// ended before one at a lower offset began (sweep.go). Operations with unknown
// outcome are placed where somebody read them, and else left out, or fitted into
// offsets that were deleted before anybody looked (gaps.go). What stays open is
// Undecided, never a pass.
//
// RunSearched asks for a second opinion: a search through all orders, in windows
// cut at quiet moments (search.go, window.go). If it disagrees with the sweep, one
// of the two is wrong, and the run fails for that.
//
// Read history.go first, then view.go and sweep.go. The chapter is
// docs/chapters/12-checking-histories.md.
package check
