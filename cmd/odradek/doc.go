// Command odradek is the one binary: the broker, its simulator, and tools that
// work against any Kafka-compatible broker.
//
// Each command is a file of its own, named after it, that builds a
// *cobra.Command: topics_create.go, produce.go, consume.go ... What they share
// is small: console.go (where a command reads and writes), root.go and help.go
// (what a newcomer sees), connection.go (one client of the broker), fault.go
// (errors as a sentence and a hint), table.go (the same rows for a terminal, a
// pipe and a program).
//
// What it must never do: print anything but data on standard output, prompt
// when nobody is at the terminal, or end without saying what was done.
//
// Exit status: 0 done, 1 failed, 2 the command line was wrong, 130 interrupted.
//
// Read root.go first.
package main
