package sim_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"odradek/sim"
	"odradek/sim/fault"
)

func usual() toy { return toy{clients: 3, think: 20 * time.Millisecond, lasts: 20 * time.Second} }

func everything(seed uint64) sim.Config {
	return sim.Config{Seed: seed, Faults: fault.Everything(), Swarm: true}
}

// bugSeeds is how many seeds a planted bug may take to be found.
const bugSeeds = 300

// Each planted bug is found, and its failure shrinks to a few decisions that
// still fail.
func TestPlantedBugsAreFoundAndShrunk(t *testing.T) {
	for _, c := range []struct {
		name      string
		bugs      bugs
		faultsMax int
	}{
		{"answer before the sync", bugs{answerEarly: true}, 3},
		{"try a failed sync again", bugs{retrySync: true}, 6},
		{"leave the directory sync out", bugs{skipSyncDir: true}, 4},
		{"trust the page cache", bugs{trustCache: true}, 6},
		{"panic at a number", bugs{asserts: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := usual()
			o.bugs = c.bugs
			config, r := find(o)
			if r == nil {
				t.Fatalf("not found within %d seeds", bugSeeds)
			}
			s := sim.Shrink(o.run, config, r, 120, func() bool { return true })
			faults := 0
			for _, d := range s.Decisions {
				if d.Kind != fault.Operation {
					faults++
				}
			}
			t.Logf("seed %d: %d decisions, then %s", r.Seed, len(r.Decisions), s)
			if faults > c.faultsMax || s.Report.Failure == nil {
				t.Fatalf("%d faults are left, want at most %d", faults, c.faultsMax)
			}
		})
	}
}

// find looks for a seed that fails.
func find(o toy) (sim.Config, *sim.Report) {
	for seed := range uint64(bugSeeds) {
		c := everything(seed)
		if r := o.run(c); r.Failure != nil {
			return c, r
		}
	}
	return sim.Config{}, nil
}

func TestToySurvivesEveryFault(t *testing.T) {
	for seed := range uint64(30) {
		if r := usual().run(everything(seed)); r.Failure != nil {
			t.Fatalf("%s", r)
		}
	}
}

func TestQuietWorldHasNoFaults(t *testing.T) {
	r := usual().run(sim.Config{Seed: 1})
	if r.Failure != nil || len(r.Faults) > 0 {
		t.Fatalf("%s", r)
	}
}

// Over some seeds every kind of fault must have fired, or the switch is vain.
func TestEveryKindOfFaultFires(t *testing.T) {
	fired := map[fault.Kind]int64{}
	for seed := range uint64(40) {
		c := everything(seed)
		c.Intensity = 1 + uint32(seed%2)*20
		for _, f := range usual().run(c).Faults {
			fired[f.Kind] += f.Fired
		}
	}
	for _, k := range fault.All() {
		if fired[k] == 0 && !k.Describe().Optional {
			t.Errorf("%s never fired", k)
		}
	}
}

func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(10) {
		if _, d := sim.RunTwice(usual().run, everything(seed)); d != nil {
			t.Fatalf("seed %d: %v", seed, d)
		}
	}
	if usual().run(everything(1)).Hash == usual().run(everything(2)).Hash {
		t.Fatal("two seeds have one hash")
	}
}

// A list of decisions replays its run, event for event.
func TestDecisionsReplayTheRun(t *testing.T) {
	for seed := range uint64(10) {
		c := everything(seed)
		r := usual().run(c)
		var text strings.Builder
		if err := fault.WriteList(&text, r.Decisions); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.Replay, err = fault.ReadList(strings.NewReader(text.String())); err != nil {
			t.Fatal(err)
		}
		if again := usual().run(c); again.Hash != r.Hash {
			t.Fatalf("seed %d: %s replays as %s", seed, r.Hash, again.Hash)
		}
	}
}

// childSeed is the seed that a child process runs for its parent.
const childSeed = "ODRADEK_TEST_CHILD_SEED"

// Other processes, with other settings of the runtime, make the same run.
func TestSameSeedInAnotherProcess(t *testing.T) {
	hash := usual().run(everything(7)).Hash
	if os.Getenv(childSeed) != "" {
		os.Stdout.WriteString("hash=" + hash + "\n")
		return
	}
	for _, settings := range [][]string{
		{"GOMAXPROCS=1", "GOGC=5"}, {"GOMAXPROCS=4", "GOGC=off", "PADDING=" + strings.Repeat("x", 3000)},
	} {
		child := exec.Command(os.Args[0], "-test.run=^TestSameSeedInAnotherProcess$", "-test.v")
		child.Env = append(append(os.Environ(), settings...), childSeed+"=7")
		out, err := child.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "hash="+hash) {
			t.Fatalf("%v: %v, want %s, got:\n%s", settings[:2], err, hash, out)
		}
	}
}

// A program that ranges over a map is caught, and the event is named.
func TestPlantedNondeterminismIsNamed(t *testing.T) {
	o := usual()
	o.bugs.mapOrder, o.clients, o.think = true, 8, time.Millisecond
	c := sim.Config{Seed: 3, TurnCost: time.Millisecond}
	_, d := sim.RunTwice(o.run, c)
	if d == nil {
		t.Fatal("two runs of a program that ranges over a map are the same")
	}
	if len(d.One) == 0 || !strings.Contains(d.Error(), "event") {
		t.Fatalf("the difference is not named: %v", d)
	}
}
