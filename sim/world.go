package sim

import (
	"time"

	"odradek/core/kafka"
	"odradek/sim/chance"
	"odradek/sim/disk"
	"odradek/sim/fault"
	"odradek/sim/network"
	"odradek/sim/schedule"
	"odradek/sim/trace"
)

// Config is what a run is made of. The zero value, with a seed, is a world in
// which nothing goes wrong.
type Config struct {
	Seed uint64
	// Faults are the kinds that may happen.
	Faults fault.Set
	// Swarm turns about half of them off, by the seed.
	Swarm bool
	// Intensity multiplies the chances of faults; zero counts as one.
	Intensity uint32
	// Replay, when not nil, is the list of decisions to make instead of drawing.
	Replay []fault.Decision
	// ReplayByTime makes them by their time instead of by their exact place.
	ReplayByTime bool
	// Network and Disk are the defaults where they are zero.
	Network network.Config
	Disk    disk.Config
	// TurnCost is how long a turn of a shard takes; by the seed when it is zero.
	TurnCost time.Duration
	// WatchFrom and WatchTo bound the events that are written down in full.
	WatchFrom, WatchTo uint64
}

// World is one run.
type World struct {
	config    Config
	scheduler *schedule.Scheduler
	plan      *fault.Plan
	network   *network.Network
	noise     chance.Stream
	nodes     []*Node
	nemesis   *nemesis
	// aims are the crashes that wait for a disk operation, also from before the
	// nemesis: a start draws one of its own.
	aims     []*aim
	sites    sites
	failure  *Failure
	turnCost time.Duration
	epoch    kafka.Timestamp
	calm     bool
	closed   bool
}

// epochStart is when simulated runs begin, more or less: 2026-01-01.
const epochStart kafka.Timestamp = 1_767_225_600_000

// New makes a world without nodes.
func New(c Config) *World {
	if c.Network == (network.Config{}) {
		c.Network = network.DefaultConfig()
	}
	if c.Disk == (disk.Config{}) {
		c.Disk = disk.DefaultConfig()
	}
	s := schedule.New(c.Seed)
	w := &World{
		config:    c,
		scheduler: s,
		plan: fault.New(fault.Config{
			Seed: c.Seed, Allowed: c.Faults, Swarm: c.Swarm, Intensity: c.Intensity,
			Replay: c.Replay, ByTime: c.ReplayByTime, Clock: s.Now,
		}),
		noise: chance.New(c.Seed, "world"),
	}
	speeds := w.noise.Fork("speeds")
	w.config.Network.Latency <<= speeds.Below(4)
	w.config.Disk.Sync <<= speeds.Below(5)
	w.config.Disk.Through <<= speeds.Below(5)
	w.turnCost = c.TurnCost
	if w.turnCost == 0 {
		w.turnCost = time.Duration(1000 + speeds.Below(30_000))
	}
	w.epoch = epochStart + kafka.Timestamp(speeds.Below(uint64(24*time.Hour/time.Millisecond)))
	w.network = network.New(w.scheduler, w.plan, w.config.Network, w.noise.Fork("network"))
	w.scheduler.Trace.Watch(c.WatchFrom, c.WatchTo)
	return w
}

// Plan is the run's plan of faults: clients draw their operations from it.
func (w *World) Plan() *fault.Plan { return w.plan }

// Trace is the run's record.
func (w *World) Trace() *trace.Trace { return w.scheduler.Trace }

// Now is the simulated time since the run began.
func (w *World) Now() kafka.Instant { return w.scheduler.Now() }

// Nodes are the nodes in the order they were added.
func (w *World) Nodes() []*Node { return w.nodes }

// Failure is why the run failed, or nil.
func (w *World) Failure() *Failure { return w.failure }

// Noise makes a stream of numbers for a purpose outside any node: a campaign's
// choice of sizes, say. It is not part of the decisions.
func (w *World) Noise(purpose string) chance.Stream { return w.noise.Fork("extra " + purpose) }

// RunFor lets the world run for a while; it reports false when the run failed.
func (w *World) RunFor(d time.Duration) bool { return w.RunUntil(w.Now().Plus(d)) }

// RunUntil lets the world run until an instant; it reports false when the run
// failed.
func (w *World) RunUntil(until kafka.Instant) bool {
	w.RunWhile(until, func() bool { return true })
	if w.failure == nil {
		w.scheduler.Advance(until)
	}
	return w.failure == nil
}

// RunWhile lets the world run while goOn holds, asked before each event, and
// not beyond an instant. It reports whether it stopped because goOn no longer
// held.
func (w *World) RunWhile(until kafka.Instant, goOn func() bool) (stopped bool) {
	for w.failure == nil {
		if !goOn() {
			return true
		}
		if w.scheduler.Next() > until {
			return false
		}
		w.steps(until, goOn)
	}
	return false
}

// steps lets events happen until a panic, the end, or goOn.
func (w *World) steps(until kafka.Instant, goOn func() bool) {
	defer func() {
		if r := recover(); r != nil {
			w.caught(r)
		}
	}()
	for w.scheduler.Next() <= until && w.failure == nil && goOn() {
		w.scheduler.Step()
	}
}

// tell enters something about the world in the story.
func (w *World) tell(who, kind, subject string, a, b int64) {
	w.scheduler.Trace.Alarm(trace.Note{
		At: w.Now(), Who: who, Kind: kind, Subject: subject, A: a, B: b,
	})
}

// RunAt calls fn at an instant, as an event of the world: where a panic fails
// the run. Checkers and scripts of a run use it.
func (w *World) RunAt(at kafka.Instant, fn func()) {
	w.scheduler.At(at, schedule.Fault, action(fn), nil, 0, 0)
}

// later calls fn in d, as an event of the world.
func (w *World) later(d time.Duration, kind schedule.Kind, fn func()) {
	w.scheduler.After(d, kind, action(fn), nil, 0, 0)
}

// action is a function as an event's actor, for what is rare.
type action func()

// Act calls the function.
func (a action) Act(*schedule.Event) { a() }
