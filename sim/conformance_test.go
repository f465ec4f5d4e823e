package sim

import (
	"fmt"
	"testing"
	"time"

	"odradek/core/env"
	"odradek/core/env/envtest"
	"odradek/core/task"
	"odradek/sim/fault"
)

// harness runs the conformance suite in simulated worlds.
type harness struct {
	seed   uint64
	faults fault.Set
}

// simulated is a harness's directory: a world with one node.
type simulated struct {
	world *World
	node  *Node
}

func (h *harness) Directory(t testing.TB) envtest.Directory {
	h.seed++
	s := &simulated{world: New(Config{Seed: h.seed, Faults: h.faults})}
	t.Cleanup(func() {
		if r := s.world.Close(); r.Failure != nil && !t.Failed() {
			t.Errorf("%s", r)
		}
	})
	return s
}

// patience is simulated time that no case needs.
const patience = time.Hour

func (h *harness) Run(t testing.TB, on envtest.Directory, bodies ...envtest.Body) {
	s := on.(*simulated)
	returned := 0
	boot := func(w *env.World) {
		body := bodies[w.Shards.Self()]
		w.Loop.Spawn("body", func(t *task.Task) {
			defer func() { returned++ }()
			body(t, w)
		})
	}
	if s.node == nil {
		s.node = s.world.AddNode("node", len(bodies), boot)
		s.node.KeepDown()
	} else {
		s.node.boot = boot
		s.node.StartWith(len(bodies))
		s.node.Start()
	}
	until := s.world.Now().Plus(patience)
	s.world.RunWhile(until, func() bool { return returned < len(bodies) })
	if s.world.Failure() != nil {
		t.Errorf("%s", s.world.Close())
		return
	}
	if returned < len(bodies) {
		t.Errorf("%d of %d bodies returned: %q", returned, len(bodies), s.node.Stories())
	}
	settleNode(t, s)
	s.node.Kill()
}

// settleNode lets late events happen, then looks for what the case leaked.
func settleNode(t testing.TB, s *simulated) {
	s.world.RunFor(time.Minute)
	if t.Failed() {
		return
	}
	if n := s.node.Buffered(); n != 0 {
		t.Errorf("%d bytes of frames were not released", n)
	}
	if n := s.node.Connections(); n != 0 {
		t.Errorf("%d connections are still open", n)
	}
	if n := s.node.disk.Open(); n != 0 {
		t.Errorf("%d files are still open", n)
	}
}

// benign are the faults that core/env's promises allow: programs must not
// notice them but for time.
func benign() fault.Set {
	return fault.Set(0).With(fault.NetworkSplit, fault.NetworkSlowSend, fault.NetworkSpike,
		fault.DiskSlowOperation, fault.DiskEvict)
}

func TestConformance(t *testing.T) {
	envtest.Suite(t, &harness{})
}

func TestConformanceUnderBenignFaults(t *testing.T) {
	for seed := range uint64(1) {
		t.Run(fmt.Sprint("seeds from ", seed*1000), func(t *testing.T) {
			h := &harness{seed: seed * 1000, faults: benign()}
			for _, c := range envtest.Cases() {
				t.Run(c.Name, func(t *testing.T) { envtest.Run(t, h, c) })
			}
		})
	}
}
