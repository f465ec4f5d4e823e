// Command museum proves that the simulator finds bugs: it plants each bug of
// docs/breaks in a copy of this repository and runs seeds until one fails.
//
//	go run ./cmd/museum                    # look for each bug, up to 1,000 seeds
//	go run ./cmd/museum --known            # try the seeds in docs/breaks/seeds.txt first
//	go run ./cmd/museum --only 03          # only the bugs whose names begin so
//
// It prints a line for each bug: the seed that found it, after how many, and what
// the run said. The exit status is 1 if a bug survives, if its patch does not
// apply or build any more, or, with --known, if the tree without bugs fails a seed.
//
// What it must never do: touch the tree it is run in.
//
// Read main.go. The chapter is docs/chapters/11-simulation.md.
package main
