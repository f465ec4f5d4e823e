package sim

import (
	"strconv"
	"time"

	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/core/task"
	"odradek/sim/chance"
	"odradek/sim/disk"
	"odradek/sim/fault"
	"odradek/sim/network"
	"odradek/sim/schedule"
)

// Boot starts a program on one shard: it is called once a shard and process,
// between tasks, and spawns what waits.
type Boot func(w *env.World)

// Node is a machine: a disk, a network host and, while it is up, a process of
// some shards.
type Node struct {
	world  *World
	name   string
	index  int
	shards int
	boot   Boot
	disk   *disk.Disk
	host   *network.Host
	noise  chance.Stream

	process *process
	// incarnations counts the processes so far.
	incarnations int
	// skew is how far the wall clock is off.
	skew time.Duration
	// restarts has the node come back by itself after its process ended.
	restarts bool
	starting bool
	lastWord error
}

// process is one life of a node's program.
type process struct {
	shards []*shard
	pipes  [][]*pipe
}

// AddNode adds a machine that boots a program with some shards at once. It
// comes back by itself when its process ends.
func (w *World) AddNode(name string, shards int, boot Boot) *Node {
	n := &Node{
		world: w, name: name, index: len(w.nodes), shards: shards, boot: boot,
		noise: w.noise.Fork("node " + name), restarts: true,
	}
	n.host = w.network.AddHost(name)
	n.disk = disk.New(w.scheduler, w.plan, n.index, name, w.config.Disk, n.noise.Fork("disk"))
	w.nodes = append(w.nodes, n)
	n.startIn(0)
	return n
}

// AddClient adds a machine of one shard for a program that tests others.
func (w *World) AddClient(name string, boot Boot) *Node {
	n := w.AddNode(name, 1, boot)
	n.restarts = false
	return n
}

// Name is the node's name, which is its host name too.
func (n *Node) Name() string { return n.name }

// Index counts the nodes of a world from 0.
func (n *Node) Index() int { return n.index }

// JumpClock has the node's wall clock jump, outside of the plan of faults: for runs in which
// days have to pass.
func (n *Node) JumpClock(by time.Duration) {
	n.skew += by
	n.world.tell(n.name, "clock", "now off by "+n.skew.String(), 0, 0)
}

// Up reports whether the node's program runs.
func (n *Node) Up() bool { return n.process != nil }

// Shards is how many shards the node has, or will have when it comes up.
func (n *Node) Shards() int { return n.shards }

// Incarnations counts the processes that the node has had.
func (n *Node) Incarnations() int { return n.incarnations }

// Disk is the node's disk.
func (n *Node) Disk() *disk.Disk { return n.disk }

// LastWord is the reason the program gave the last time it halted, or nil.
func (n *Node) LastWord() error { return n.lastWord }

// KeepDown stops the node from coming back by itself.
func (n *Node) KeepDown() { n.restarts = false }

// StartWith sets how many shards the next process has.
func (n *Node) StartWith(shards int) { n.shards = shards }

// Stories are the tasks of the node's shards and what they wait for.
func (n *Node) Stories() []string {
	var lines []string
	if n.process == nil {
		return append(lines, n.name+" is down")
	}
	for _, s := range n.process.shards {
		for _, story := range s.lane.Loop.Stories() {
			lines = append(lines, s.lane.Name+": "+story)
		}
	}
	return lines
}

// Buffered are the bytes of frames that the node's shards received and did not
// release: 0 for a program at rest, or it leaks.
func (n *Node) Buffered() (bytes int64) {
	if n.process != nil {
		for _, s := range n.process.shards {
			bytes += s.stack.Buffered()
		}
	}
	return bytes
}

// Connections is how many connections the node's program has open.
func (n *Node) Connections() int { return n.host.Connections() }

// Spawn starts a task on a shard of the node's program from outside, as if the
// program had done it itself. It reports false when the node is down.
func (n *Node) Spawn(shard int, name string, fn func(t *task.Task, w *env.World)) bool {
	if n.process == nil {
		return false
	}
	s := n.process.shards[shard]
	s.lane.Loop.Spawn(name, func(t *task.Task) { fn(t, &s.world) })
	s.lane.Kick()
	return true
}

// startIn boots the node after a while, unless it is up by then.
func (n *Node) startIn(d time.Duration) {
	if n.starting {
		return
	}
	n.starting = true
	n.world.scheduler.After(d, schedule.Start, n, nil, uint64(n.index), 0)
}

// Act is the node's start.
func (n *Node) Act(*schedule.Event) {
	n.starting = false
	n.Start()
}

// Start boots the node if it is down.
func (n *Node) Start() {
	if n.process != nil || n.world.closed {
		return
	}
	w := n.world
	n.incarnations++
	n.host.Boot()
	if n.incarnations > 1 {
		w.tell(n.name, "starts", "", int64(n.incarnations), int64(n.shards))
		n.aimAtRecovery()
	}
	p := &process{}
	n.process = p
	for i := range n.shards {
		p.shards = append(p.shards, n.newShard(i))
	}
	p.pipes = newPipes(n, p.shards)
	for _, s := range p.shards {
		s.lane.Post(s)
		if n.process != p {
			return // the program halted in its first turn
		}
	}
}

// clockSpread is how far apart the clocks of two processes may begin.
const clockSpread = uint64(1000 * time.Hour)

func (n *Node) newShard(index int) *shard {
	w := n.world
	life := n.noise.ForkNumber("process", uint64(n.incarnations)<<16|uint64(index))
	clock := life.Fork("clock")
	start := kafka.Instant(clock.Below(clockSpread))
	lane := w.scheduler.NewLane(n.name+"/"+strconv.Itoa(index), start, w.turnCost)
	s := &shard{node: n, index: index, lane: lane, random: life.Fork("random")}
	s.stack = n.host.Stack(lane)
	s.world = env.World{
		Loop: lane.Loop, Clock: s, Random: &random{s.random}, Network: s.stack,
		Disk: n.disk.Mount(lane), Shards: s, Trace: s, Halt: s.halt,
	}
	lane.Loop.Observe = s.observe
	return s
}

// Kill ends the node's process as kill -9 does.
func (n *Node) Kill() {
	n.end(n.host.Kill, n.disk.Kill)
}

// PowerLoss ends the node's process and its kernel.
func (n *Node) PowerLoss() {
	n.end(n.host.PowerLoss, n.disk.PowerLoss)
}

// end unwinds the program, then has its network and disk take the end in.
func (n *Node) end(host, disk func()) {
	p := n.process
	if p == nil {
		return
	}
	n.process = nil
	for _, s := range p.shards {
		s.lane.Kill()
		assert.That(s.lane.Loop.Tasks() == 0, "no task outlives its process")
	}
	host()
	disk()
	if n.restarts && !n.world.closed {
		n.startIn(n.restartDelay())
	}
}

// restartDelay is how long a supervisor takes.
func (n *Node) restartDelay() time.Duration {
	if n.world.calm {
		return 10 * time.Millisecond
	}
	return 10*time.Millisecond + n.noise.Tail(500*time.Millisecond)
}

// crash is a power loss or a kill.
func (n *Node) crash(power bool) {
	if power {
		n.PowerLoss()
	} else {
		n.Kill()
	}
}

// Doom crashes the node, by a power loss or a kill, also from inside one of its
// turns: then at the end of the turn, and nothing that the program does until
// then has an effect.
func (n *Node) Doom(power bool) {
	if n.process == nil {
		return
	}
	for _, s := range n.process.shards {
		if s.lane.Running() {
			s.lane.Doom(func() { n.crash(power) })
			return
		}
	}
	n.crash(power)
}

// Pause has all shards of the node stand still until resume is called.
func (n *Node) Pause() (resume func()) {
	s := &stall{}
	if n.process != nil {
		s.shards = append(s.shards, n.process.shards...)
	}
	s.begin()
	return s.end
}

// aimAtRecovery draws whether the start that begins now is cut short.
func (n *Node) aimAtRecovery() {
	if v, aims := n.world.plan.Draw(fault.NodeCrashInRecovery, n.index); aims {
		n.aim(fault.NodeCrashInRecovery, v)
	}
}
