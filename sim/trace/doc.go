// Package trace takes in what happens in a run: a rolling hash over every
// event, checkpoints of it that let a difference between two runs be found, and
// a story of what a person would want to know.
//
// The hash is a fast one of 64 bits; Sum closes the run with SHA-256 over all
// checkpoints. Nothing is formatted while a run goes on: the story keeps
// structured notes, and text is made when somebody reads it. Only a window of
// events that somebody asked for (Watch) is written down in full.
//
// What it must never do: influence the run.
//
// Read hash.go first, then story.go. The chapter is docs/chapters/11-simulation.md.
package trace
