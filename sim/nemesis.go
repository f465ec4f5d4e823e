package sim

import (
	"fmt"
	"time"

	"odradek/core/assert"
	"odradek/sim/chance"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// nemesis has faults happen over time. Each kind has its own timeline of
// moments; at each of them the plan is asked whether the fault happens, and the
// value it answers says to whom and how. Leaving one decision out moves no other.
type nemesis struct {
	world   *World
	targets []*Node
	noise   chance.Stream
	stopped bool
	stalls  []*stall
}

// period is how far apart the moments of one kind are, on average.
const period = 2 * time.Second

// Unleash begins the faults over time on some nodes; links are harmed between
// any two nodes of the world.
func (w *World) Unleash(targets ...*Node) {
	assert.That(len(targets) > 0, "a nemesis has somebody to harm")
	m := &nemesis{world: w, targets: targets, noise: w.noise.Fork("nemesis")}
	w.nemesis = m
	for _, k := range fault.All() {
		if k.Describe().Moment == fault.Scheduled && w.plan.On(k) {
			t := &timeline{nemesis: m, kind: k, noise: m.noise.ForkNumber("timeline", uint64(k))}
			t.next()
		}
	}
}

// timeline is the moments of one kind.
type timeline struct {
	nemesis *nemesis
	kind    fault.Kind
	noise   chance.Stream
}

func (t *timeline) next() {
	wait := 10*time.Millisecond + t.noise.Tail(period)
	t.nemesis.world.scheduler.After(wait, schedule.Fault, t, nil, uint64(t.kind), 0)
}

// Act is one moment.
func (t *timeline) Act(*schedule.Event) {
	m := t.nemesis
	if m.stopped {
		return
	}
	if value, happens := m.world.plan.Draw(t.kind, fault.World); happens {
		m.strike(t.kind, value)
	}
	t.next()
}

// strike makes a fault happen.
func (m *nemesis) strike(k fault.Kind, value uint64) {
	pick := chance.New(value, "strike")
	n := m.targets[pick.Below(uint64(len(m.targets)))]
	switch k {
	case fault.NodeCrashInIO:
		n.aim(k, value)
		return
	case fault.NetworkCut, fault.NetworkCutOneWay, fault.NetworkSlowLink:
		m.harmLink(k, &pick)
		return
	}
	fired, subject := m.harmNode(k, n, &pick)
	m.world.plan.Settle(k, fired)
	if fired {
		m.world.tell(n.name, k.String(), subject, 0, 0)
	}
}

// harmNode does what a kind does to a node, and tells whether it could and how.
func (m *nemesis) harmNode(k fault.Kind, n *Node, pick *chance.Stream) (bool, string) {
	d := 10*time.Millisecond + pick.Tail(300*time.Millisecond)
	switch k {
	case fault.NodeClockJump:
		n.skew += jump(pick)
		return true, "now off by " + n.skew.String()
	case fault.DiskFull:
		left := int64(pick.Below(1 << 20))
		n.disk.Squeeze(left)
		m.world.faultEnds(d, n.disk.Unsqueeze)
		return true, fmt.Sprintf("%d bytes left for %v", left, d)
	case fault.DiskStall:
		n.disk.StallUntil(m.world.Now().Plus(d))
		return true, "for " + d.String()
	case fault.DiskBitRot:
		return n.rot(pick.Uint64())
	}
	if !n.Up() {
		return false, ""
	}
	subject := ""
	switch k {
	case fault.NodeKill, fault.NodePowerLoss:
		m.world.reshard(n)
		n.crash(k == fault.NodePowerLoss)
	case fault.NodePause:
		m.stall(n.process.shards, d)
		subject = "for " + d.String()
	case fault.NodeShardStall:
		s := n.process.shards[pick.Below(uint64(len(n.process.shards)))]
		m.stall([]*shard{s}, d)
		subject = fmt.Sprintf("shard %d for %v", s.index, d)
	}
	return true, subject
}

// rot flips a bit on the node's disk.
func (n *Node) rot(value uint64) (fired bool, subject string) {
	if !n.disk.Rot(value) {
		return false, ""
	}
	rots := n.disk.Rots()
	last := rots[len(rots)-1]
	return true, fmt.Sprintf("%s at %d", last.Name, last.Position)
}

// jump is how far a clock jumps: up to a day, mostly less, either way.
func jump(pick *chance.Stream) time.Duration {
	scale := []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour}
	d := time.Duration(1+pick.Below(24)) * scale[pick.Below(4)]
	if pick.OneIn(2) {
		return -d
	}
	return d
}

// shardsMax is how many shards a restart may come up with.
const shardsMax = 4

// reshard draws whether the next process has another number of shards.
func (w *World) reshard(n *Node) {
	if v, happens := w.plan.Draw(fault.NodeReshard, n.index); happens {
		shards := 1 + int(v%shardsMax)
		w.plan.Settle(fault.NodeReshard, shards != n.shards)
		n.StartWith(shards)
	}
}

// stall is some shards that stand still for a while.
type stall struct {
	shards []*shard
	over   bool
}

func (m *nemesis) stall(shards []*shard, d time.Duration) {
	s := &stall{shards: append([]*shard(nil), shards...)}
	s.begin()
	m.stalls = append(m.stalls, s)
	m.world.faultEnds(d, s.end)
}

func (s *stall) begin() {
	for _, one := range s.shards {
		one.lane.Stall()
	}
}

func (s *stall) end() {
	if s.over {
		return
	}
	s.over = true
	for _, one := range s.shards {
		one.lane.Resume()
	}
}

// harmLink cuts or slows the way between two nodes.
func (m *nemesis) harmLink(k fault.Kind, pick *chance.Stream) {
	w := m.world
	count := uint64(len(w.nodes))
	from := int(pick.Below(count))
	to := (from + 1 + int(pick.Below(max(1, count-1)))) % len(w.nodes)
	d := 10*time.Millisecond + pick.Tail(time.Second)
	net := w.network
	var fired bool
	switch k {
	case fault.NetworkCut:
		if fired = net.Cut(from, to); fired {
			net.Cut(to, from)
			w.faultEnds(d, func() { net.Mend(from, to); net.Mend(to, from) })
		}
	case fault.NetworkCutOneWay:
		if fired = net.Cut(from, to); fired {
			w.faultEnds(d, func() { net.Mend(from, to) })
		}
	case fault.NetworkSlowLink:
		if fired = net.Slow(from, to, 2+int(pick.Below(100))); fired {
			w.faultEnds(d, func() { net.Slow(from, to, 0) })
		}
	}
	w.plan.Settle(k, fired)
	if fired {
		w.tell(w.nodes[from].name, k.String(), fmt.Sprintf("to %s for %v", w.nodes[to].name, d), 0, 0)
	}
}

// aim is a crash that waits for a disk operation.
type aim struct {
	kind fault.Kind
	over bool
}

// A crash is aimed at one of the next few operations after a while. Time says
// which, as far as it can, so that the crash finds its place again when much
// else was left out of a run.
const (
	aimedWithinOperations = 8
	aimedWithinTime       = 20 * time.Millisecond
)

// aim has the node crash at one of its next disk operations.
func (n *Node) aim(k fault.Kind, value uint64) {
	w := n.world
	if n.disk.Aimed() || !n.Up() && k != fault.NodeCrashInRecovery {
		w.plan.Void(k)
		return
	}
	pick := chance.New(value, "aim")
	a := &aim{kind: k}
	power := pick.OneIn(2)
	w.aims = append(w.aims, a)
	after := w.Now().Plus(pick.Tail(aimedWithinTime))
	count := 1 + int(pick.Below(aimedWithinOperations))
	n.disk.AimCrash(after, count, func(in time.Duration) {
		if in == 0 {
			n.hit(a, power)
			return
		}
		w.later(in, schedule.Fault, func() { n.hit(a, power) })
	})
}

// hit is the crash that was aimed.
func (n *Node) hit(a *aim, power bool) {
	w := n.world
	if a.over {
		return
	}
	a.over = true
	w.plan.Settle(a.kind, n.Up())
	if !n.Up() {
		return
	}
	how := "kill"
	if power {
		how = "power loss"
	}
	w.tell(n.name, a.kind.String(), how, 0, 0)
	w.reshard(n)
	n.Doom(power)
}

// void settles the aims that never found an operation.
func (w *World) void() {
	for _, a := range w.aims {
		if !a.over {
			a.over = true
			w.plan.Void(a.kind)
		}
	}
}

// Calm ends all faults and heals what they harmed: links, disks, stalls; nodes
// that are down come back. What was lost stays lost, and clocks stay off.
func (w *World) Calm() {
	w.calm = true
	w.plan.Calm()
	w.tell("", "calm", "faults end, everything heals", 0, 0)
	w.void()
	if w.nemesis != nil {
		w.nemesis.stopped = true
		for _, s := range w.nemesis.stalls {
			s.end()
		}
	}
	w.network.Heal()
	for _, n := range w.nodes {
		n.disk.Heal()
		if n.restarts && !n.Up() {
			w.later(0, schedule.Start, n.Start)
		}
	}
}
