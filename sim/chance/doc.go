// Package chance draws the simulator's random numbers: counter-based streams
// of integers that are named by a seed and a purpose.
//
// A stream's n-th number is a function of its key and n alone, so one place
// drawing more numbers never shifts what another place draws. There is no
// floating point anywhere: a rounding that differs between processors would
// split one seed into two runs.
//
// What it must never do: read anything but its key, or share state between
// streams.
//
// Read chance.go. The chapter is docs/chapters/11-simulation.md.
package chance
