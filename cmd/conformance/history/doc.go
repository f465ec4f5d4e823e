// Package history keeps what the members of one consumer group said that they did,
// and judges it: was every record consumed, did anybody consume again what had been
// committed, did a committed offset go back.
//
// The members are clients of many kinds, each in a process of its own, that have
// nothing in common but the lines they print, one for each thing that happens:
//
//	1770000000123 assigned 4
//	1770000000124 consumed 4 17 value-of-the-record
//	1770000000130 committed 4 18
//	1770000000140 revoked 4
//
// The first field is the clock in milliseconds, the same for all since they run on
// one machine; then come the partition, and the offset: of a record, or the next one
// to consume that a commit names, printed when its answer has come. Some clients
// don't tell what they are assigned or what they have committed. For those, and
// beside the others, an observer asks the coordinator for the committed offsets all
// the time, and what it saw is a part of the history.
//
// What it must never do: find fault because a line was late. Lines of one member are
// in order; between members it compares times only where the protocol puts an answer
// before a question.
//
// Read event.go first, then judge.go, whose comments name the rules.
package history
