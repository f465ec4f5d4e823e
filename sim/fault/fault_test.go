package fault_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"odradek/core/kafka"
	"odradek/sim/fault"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// clock is a time that a test sets.
type clock struct{ now kafka.Instant }

func (c *clock) read() kafka.Instant { return c.now }

func plan(c fault.Config) (*fault.Plan, *clock) {
	t := &clock{}
	c.Clock = t.read
	return fault.New(c), t
}

func TestCatalogueIsComplete(t *testing.T) {
	names := map[string]bool{}
	for k := range fault.Kinds {
		e := k.Describe()
		if e.Name == "" || e.Doc == "" || e.Millionths == 0 || e.Millionths > 1_000_000 {
			t.Errorf("kind %d: %+v", k, e)
		}
		if names[e.Name] {
			t.Errorf("two kinds are called %s", e.Name)
		}
		names[e.Name] = true
		if found, ok := fault.ParseKind(e.Name); !ok || found != k {
			t.Errorf("%s is not found by its name", e.Name)
		}
	}
	if fault.Kinds > 64 {
		t.Error("a Set holds 64 kinds")
	}
}

// Asking one kind or node more often moves no other answer.
func TestAnswersAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := fault.Config{
			Seed: rapid.Uint64().Draw(t, "seed"), Allowed: fault.Everything(), Intensity: 100,
		}
		noise := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 50).Draw(t, "noise")
		one, _ := plan(c)
		two, _ := plan(c)
		for i := range 50 {
			for range noise[:min(i, len(noise))] {
				two.Draw(fault.NetworkReset, 1)
				two.Draw(fault.DiskSyncError, 2)
			}
			a, _ := one.Draw(fault.DiskSyncError, 1)
			b, _ := two.Draw(fault.DiskSyncError, 1)
			if a != b {
				t.Fatalf("answer %d: %x and %x", i, a, b)
			}
		}
	})
}

func TestChancesAreKept(t *testing.T) {
	p, _ := plan(fault.Config{Seed: 1, Allowed: fault.Everything()})
	hits := 0
	for range 100_000 {
		if _, ok := p.Draw(fault.NetworkSplit, 0); ok {
			hits++
		}
	}
	if hits < 4500 || hits > 5500 {
		t.Fatalf("50 in a thousand hit %d of 100000 times", hits)
	}
}

func TestSwarmTurnsAboutHalfOff(t *testing.T) {
	const seeds = 400
	for _, k := range fault.All() {
		on := 0
		for seed := range uint64(seeds) {
			p, _ := plan(fault.Config{Seed: seed, Swarm: true, Allowed: fault.Everything().With(k)})
			if p.On(k) {
				on++
			}
		}
		if on < seeds*2/5 || on > seeds*3/5 {
			t.Errorf("%s is on in %d of %d seeds", k, on, seeds)
		}
	}
}

func TestSwitches(t *testing.T) {
	p, _ := plan(fault.Config{Seed: 1, Allowed: fault.Set(0).With(fault.NetworkSplit), Intensity: 1e6})
	if _, ok := p.Draw(fault.NetworkReset, 0); ok || p.On(fault.NetworkReset) {
		t.Error("a fault happens that is off")
	}
	if _, ok := p.Draw(fault.NetworkSplit, 0); !ok {
		t.Error("a certain fault does not happen")
	}
	p.Calm()
	if _, ok := p.Draw(fault.NetworkSplit, 0); ok {
		t.Error("a fault happens in calm times")
	}
	if _, ok := p.Draw(fault.Operation, 0); !ok {
		t.Error("clients stop in calm times")
	}
	p.During(func() {
		if _, ok := p.Draw(fault.NetworkSplit, 0); !ok {
			t.Error("a certain fault does not happen in what is an exception from the calm")
		}
	})
	if _, ok := p.Draw(fault.NetworkSplit, 0); ok {
		t.Error("an exception from the calm goes on")
	}
}

func TestReplayAnswersFromTheList(t *testing.T) {
	c := fault.Config{Seed: 5, Allowed: fault.Everything(), Intensity: 50}
	first, at := plan(c)
	ask := func(p *fault.Plan, now *clock) (got []uint64) {
		for i := range 300 {
			now.now = kafka.Instant(i)
			v, _ := p.Draw(fault.DiskSyncError, i%3)
			w, _ := p.Draw(fault.NetworkReset, i%2)
			got = append(got, v, w)
		}
		return got
	}
	want := ask(first, at)
	c.Replay = first.Made()
	for _, byTime := range []bool{false, true} {
		c.ByTime = byTime
		p, at := plan(c)
		if diff := cmp.Diff(want, ask(p, at)); diff != "" {
			t.Errorf("by time %v: %s", byTime, diff)
		}
	}
	c.Replay, c.ByTime = []fault.Decision{}, false
	if p, at := plan(c); slices.Max(ask(p, at)) != 0 {
		t.Error("an empty list replays something")
	}
}

// By time, a decision waits for the first time its kind is asked for.
func TestReplayByTime(t *testing.T) {
	p, at := plan(fault.Config{ByTime: true, Replay: []fault.Decision{
		{Kind: fault.NetworkReset, Node: 1, Nth: 700, Value: 9, At: 100},
	}})
	for _, step := range []struct {
		now  kafka.Instant
		node int
		want uint64
	}{{50, 1, 0}, {150, 2, 0}, {160, 1, 9}, {170, 1, 0}} {
		at.now = step.now
		if got, _ := p.Draw(fault.NetworkReset, step.node); got != step.want {
			t.Errorf("at %d on %d: %d, want %d", step.now, step.node, got, step.want)
		}
	}
}

func TestLedgerBalances(t *testing.T) {
	p, _ := plan(fault.Config{Seed: 1, Allowed: fault.Everything(), Intensity: 1e6})
	for range 3 {
		p.Draw(fault.DiskEvict, 0)
	}
	p.Fired(fault.DiskEvict)
	p.Settle(fault.DiskEvict, false)
	got := p.Tally(fault.DiskEvict)
	if want := (fault.Tally{Planned: 3, Fired: 1, Void: 1}); got != want || got.Open() != 1 {
		t.Fatalf("%+v, open %d", got, got.Open())
	}
	p.Void(fault.DiskEvict)
	defer func() {
		if recover() == nil {
			t.Fatal("a fault fired that was never planned")
		}
	}()
	p.Fired(fault.DiskEvict)
}

func TestListsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) fault.Decision {
			return fault.Decision{
				Kind: fault.Kind(rapid.IntRange(0, int(fault.Kinds)-1).Draw(t, "kind")),
				Node: rapid.IntRange(fault.World, 9).Draw(t, "node"),
				Nth:  rapid.Uint32().Draw(t, "nth"), Value: rapid.Uint64Min(1).Draw(t, "value"),
				At: kafka.Instant(rapid.Int64Min(0).Draw(t, "at")),
			}
		})).Draw(t, "list")
		var text strings.Builder
		text.WriteString("# a comment\n\n")
		if err := fault.WriteList(&text, list); err != nil {
			t.Fatal(err)
		}
		got, err := fault.ReadList(strings.NewReader(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]fault.Decision{}, list...), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestBadLinesAreRefused(t *testing.T) {
	for _, line := range []string{
		"disk.sync-eror node=0 nth=0 value=0x1 at=0", "disk.sync-error", "node.kill node=x",
		"node.kill node=-2 nth=0 value=0x1 at=0", "node.kill node=0 nth=0 value=0x0 at=0",
		"node.kill node=0 nth=-1 value=0x1 at=0",
	} {
		if _, err := fault.ReadList(strings.NewReader(line)); !errors.Is(err, fault.ErrDecision) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	p, _ := plan(fault.Config{Seed: 1, Allowed: fault.Everything()})
	b.ReportAllocs()
	for b.Loop() {
		p.Draw(fault.NetworkReset, 1)
	}
}
