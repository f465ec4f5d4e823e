package fault

import (
	"cmp"
	"slices"
	"time"

	"odradek/core/assert"
	"odradek/core/kafka"
	"odradek/sim/chance"
)

// million is the denominator of every chance.
const million = 1_000_000

// Config says which faults a plan may draw.
type Config struct {
	Seed uint64
	// Allowed are the kinds that may be on at all; Operation always is.
	Allowed Set
	// Swarm turns about half of the allowed kinds off, and varies the chances
	// of the others, by the seed.
	Swarm bool
	// Intensity multiplies the chances; zero counts as one.
	Intensity uint32
	// Replay, when not nil, is the whole list of decisions: nothing is drawn.
	Replay []Decision
	// ByTime has a replayed decision made the first time that its kind is asked
	// for on its node at or after its time, instead of at its exact place: a list
	// from which much was left out still means what it meant.
	ByTime bool
	// Clock tells the time of decisions.
	Clock func() kafka.Instant
}

// Plan answers what goes wrong in one run.
type Plan struct {
	seed    uint64
	chances [Kinds]uint32
	asked   [][Kinds]uint32 // by node+1
	// replay, when not nil, holds the decisions to make; replayed are their kinds.
	replay   map[place]uint64
	replayed Set
	byTime   map[place][]Decision // nth is always 0
	clock    func() kafka.Instant
	made     []Decision
	ledger   [Kinds]Tally
	calm     bool
}

// New makes the plan of a run.
func New(c Config) *Plan {
	p := &Plan{seed: chance.Combine(c.Seed, chance.Text("faults")), clock: c.Clock}
	swarm := chance.New(c.Seed, "swarm")
	for k := range Kinds {
		scaled := uint64(catalogue[k].Millionths) * uint64(max(1, c.Intensity))
		millionths := uint32(min(million, scaled))
		if k == Operation {
			p.chances[k] = millionths
			continue
		}
		draw := swarm.ForkNumber("kind", uint64(k))
		off, scale := draw.OneIn(2), draw.Below(5)
		switch {
		case !c.Allowed.Has(k) || c.Swarm && off:
		case c.Swarm:
			p.chances[k] = vary(millionths, scale)
		default:
			p.chances[k] = millionths
		}
	}
	if c.Replay != nil {
		p.load(c.Replay, c.ByTime)
	}
	return p
}

// load takes the decisions of a replay.
func (p *Plan) load(list []Decision, byTime bool) {
	p.replay = make(map[place]uint64, len(list))
	p.byTime = map[place][]Decision{}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Decision) int { return cmp.Compare(a.At, b.At) })
	for _, d := range list {
		p.replayed = p.replayed.With(d.Kind)
		if byTime {
			key := place{kind: d.Kind, node: d.Node}
			p.byTime[key] = append(p.byTime[key], d)
		} else {
			p.replay[place{d.Kind, d.Node, d.Nth}] = d.Value
		}
	}
}

// vary scales a chance by 1/4, 1/2, 1, 2 or 4.
func vary(millionths uint32, step uint64) uint32 {
	return max(1, min(million, millionths<<step>>2))
}

// On reports whether a kind can happen in this run.
func (p *Plan) On(k Kind) bool { return p.chances[k] > 0 || p.replayed.Has(k) }

// Calm ends all faults: from now on every answer but Operation's is "nothing",
// and what clients do goes on. The end of a run checks a world that has healed.
func (p *Plan) Calm() { p.calm = true }

// During has one thing happen as if the faults had not ended: what is asked for in
// it is drawn as ever.
func (p *Plan) During(thing func()) {
	calm := p.calm
	p.calm = false
	thing()
	p.calm = calm
}

// Draw asks whether a kind happens here and now on a node (or World). The value
// is a random number that is not zero; the same one comes back in a replay.
func (p *Plan) Draw(k Kind, node int) (value uint64, happens bool) {
	if !p.On(k) {
		return 0, false
	}
	for node+1 >= len(p.asked) {
		p.asked = append(p.asked, [Kinds]uint32{})
	}
	d := Decision{Kind: k, Node: node, Nth: p.asked[node+1][k], At: p.clock()}
	p.asked[node+1][k]++
	if p.calm && k != Operation {
		return 0, false
	}
	if d.Value = p.answer(d); d.Value == 0 {
		return 0, false
	}
	p.made = append(p.made, d)
	p.ledger[k].Planned++
	return d.Value, true
}

// Asked is how often a kind was asked for on a node: a tripwire that two runs
// of one seed must agree on.
func (p *Plan) Asked(k Kind, node int) uint32 {
	if node+1 >= len(p.asked) {
		return 0
	}
	return p.asked[node+1][k]
}

func (p *Plan) answer(d Decision) uint64 {
	if p.replay != nil {
		return p.replayedAnswer(d)
	}
	key := uint64(d.Kind)<<56 | uint64(uint32(d.Node+1))<<32 | uint64(d.Nth)
	r := chance.Combine(p.seed, key)
	if chance.Scale(r, million) >= uint64(p.chances[d.Kind]) {
		return 0
	}
	return chance.Mix(r) | 1<<63
}

func (p *Plan) replayedAnswer(d Decision) uint64 {
	key := place{kind: d.Kind, node: d.Node}
	if list := p.byTime[key]; len(list) > 0 && list[0].At <= d.At.Plus(slack(d.Kind)) {
		p.byTime[key] = list[1:]
		return list[0].Value
	}
	key.nth = d.Nth
	return p.replay[key]
}

// slack is how much too early a replay by time may make a decision: what a
// crash does belongs to the crash, which may have moved.
func slack(k Kind) time.Duration {
	if catalogue[k].Moment == Crashing {
		return 10 * time.Second
	}
	return 0
}

// Made lists the decisions so far: what replays this run.
func (p *Plan) Made() []Decision { return p.made }

// Tally counts what became of a kind's decisions.
type Tally struct {
	// Planned are decisions that the fault happens.
	Planned int64
	// Fired are those that had their effect.
	Fired int64
	// Void are those that found nothing to hit: the node was down already, no
	// page was dirty.
	Void int64
}

// Fired enters that a planned fault had its effect.
func (p *Plan) Fired(k Kind) { p.settle(k).Fired++ }

// Void enters that a planned fault found nothing to hit.
func (p *Plan) Void(k Kind) { p.settle(k).Void++ }

// Settle is Fired or Void.
func (p *Plan) Settle(k Kind, fired bool) {
	if fired {
		p.Fired(k)
	} else {
		p.Void(k)
	}
}

func (p *Plan) settle(k Kind) *Tally {
	t := &p.ledger[k]
	assert.That(t.Fired+t.Void < t.Planned, "a fault fires only if it was planned")
	return t
}

// Tally returns a kind's line of the ledger.
func (p *Plan) Tally(k Kind) Tally { return p.ledger[k] }

// Open is the number of a kind's decisions that were neither fired nor void.
func (t Tally) Open() int64 { return t.Planned - t.Fired - t.Void }

// Set is a set of kinds.
type Set uint64

// Everything holds all kinds that are not optional.
func Everything() Set {
	var s Set
	for _, k := range All() {
		if !k.Describe().Optional {
			s = s.With(k)
		}
	}
	return s
}

// With returns the set with some kinds added.
func (s Set) With(kinds ...Kind) Set {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Without returns the set with some kinds removed.
func (s Set) Without(kinds ...Kind) Set {
	for _, k := range kinds {
		s &^= 1 << k
	}
	return s
}

// Has reports whether a kind is in the set.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }
