package envtest

import (
	"testing"

	"odradek/core/env"
	"odradek/core/task"
)

// Body is what a case runs on one shard, in a task of its own.
type Body func(t *task.Task, w *env.World)

// Directory is a log directory of a harness; only its harness looks inside.
type Directory any

// Harness makes nodes in a world. Suite calls it from the test's goroutine,
// for one case at a time.
type Harness interface {
	// Directory makes an empty log directory that lives as long as the test.
	Directory(t testing.TB) Directory
	// Run boots one node on the directory, with a shard for each body, and runs
	// every body in a task on its shard. It returns when all of them have
	// returned and the node has been stopped cleanly, so a second Run on the same
	// directory is a restart. It fails the test, with the loops' stories, if
	// they do not return within a time that no healthy world needs. A message
	// sent to a shard before it called Shards.Receive is kept for it.
	Run(t testing.TB, on Directory, bodies ...Body)
}

// Case is one named body of the suite.
type Case struct {
	Name string
	// Bodies run together on one node, a shard each.
	Bodies []func(s *Scene)
	// Again, when set, runs after a clean restart on the same directory.
	Again func(s *Scene)
}

// Suite runs every case against the harness's world, each on a fresh directory,
// then the random operation sequences.
func Suite(t *testing.T, h Harness) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { Run(t, h, c) })
	}
	t.Run("random", func(t *testing.T) { randomSuite(t, h) })
}

// Cases lists the suite's table, for harnesses that want to run one by name.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{
		nameCases(), directoryCases(), byteCases(), vectorCases(), truncateCases(),
		durableCases(), throughCases(), residentCases(), handleCases(),
		frameCases(), connectCases(), closeCases(), limitCases(), sendCases(), rangeCases(),
		loopCases(), worldCases(), shardCases(),
	} {
		all = append(all, group...)
	}
	return all
}

// Run runs one case on a fresh directory.
func Run(t *testing.T, h Harness, c Case) {
	directory := h.Directory(t)
	bodies := make([]Body, len(c.Bodies))
	for i, body := range c.Bodies {
		bodies[i] = onStage(t, body)
	}
	h.Run(t, directory, bodies...)
	if c.Again != nil && !t.Failed() {
		h.Run(t, directory, onStage(t, c.Again))
	}
}

func one(name string, body func(s *Scene)) Case {
	return Case{Name: name, Bodies: []func(*Scene){body}}
}

func restarted(name string, before, after func(s *Scene)) Case {
	return Case{Name: name, Bodies: []func(*Scene){before}, Again: after}
}
