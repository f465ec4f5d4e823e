package campaign_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"odradek/jepsen/check"
	"odradek/sim"
	"odradek/sim/campaign"
)

func usual(seed uint64) sim.Config {
	return sim.Config{Seed: seed, Faults: campaign.Everything(), Swarm: true}
}

// run fails the test if a seed does not pass.
func run(t *testing.T, seed uint64, found string) *campaign.Result {
	t.Helper()
	r := campaign.Do(usual(seed))
	if r.Verdict != check.Pass {
		t.Errorf("seed %d (%s): %v\n%s%s", seed, found, r.Verdict, r.Report,
			strings.Join(r.Open, "\n"))
	}
	return r
}

// shortSeeds is how many seeds every test run does; long campaigns are commands.
const shortSeeds = 100

// Short seeds pass, and what clients have to meet they do meet.
func TestShortSeeds(t *testing.T) {
	seeds := make(chan uint64)
	var working sync.WaitGroup
	var met sync.Mutex
	hits := map[string]uint64{}
	for range 2 {
		working.Go(func() {
			for seed := range seeds {
				r := run(t, seed, "short")
				met.Lock()
				for _, site := range r.Report.Sites {
					hits[site.Name] += site.Hit
				}
				met.Unlock()
			}
		})
	}
	for seed := range uint64(shortSeeds) {
		seeds <- seed + 1
	}
	close(seeds)
	working.Wait()
	for _, name := range campaign.MustHappen() {
		if hits[name] == 0 {
			t.Errorf("in %d seeds it never happens: %s", shortSeeds, name)
		}
		t.Logf("%6d %s", hits[name], name)
	}
}

// regressions lists every seed that has found a bug, and what it found.
const regressions = "../seeds/regressions.txt"

func TestRegressions(t *testing.T) {
	file, err := os.Open(regressions)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	count := 0
	for lines.Scan() {
		number, found, _ := strings.Cut(lines.Text(), " ")
		if number == "" || number == "#" {
			continue
		}
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatalf("%s: %q does not begin with a seed", regressions, lines.Text())
		}
		count++
		run(t, seed, found)
	}
	if count == 0 {
		t.Fatalf("%s names no seed", regressions)
	}
}

// childSeeds has a child process run seeds for its parent.
const childSeeds = "ODRADEK_TEST_CAMPAIGN_CHILD"

// Other processes, with other settings of the runtime, make the same runs.
func TestSameSeedsInAnotherProcess(t *testing.T) {
	const seeds = 6
	var hashes strings.Builder
	for seed := range uint64(seeds) {
		fmt.Fprintf(&hashes, "%d=%s\n", seed, campaign.Do(usual(seed)).Report.Hash)
	}
	if os.Getenv(childSeeds) != "" {
		fmt.Print(hashes.String())
		return
	}
	for _, settings := range [][]string{
		{"GOMAXPROCS=1", "GOGC=20"}, {"GOMAXPROCS=4", "GOGC=400", "PAD=" + strings.Repeat("x", 2000)},
	} {
		child := exec.Command(os.Args[0], "-test.run=^TestSameSeedsInAnotherProcess$", "-test.v")
		child.Env = append(append(os.Environ(), settings...), childSeeds+"=1")
		out, err := child.CombinedOutput()
		if err != nil || !strings.Contains(string(out), hashes.String()) {
			t.Fatalf("%v: %v, want\n%s, got\n%s", settings[:2], err, hashes.String(), out)
		}
	}
}

// A seed that runs twice makes the same run, event for event.
func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(4) {
		if _, d := sim.RunTwice(campaign.Runner, usual(seed+500)); d != nil {
			t.Fatalf("seed %d: %v", seed+500, d)
		}
	}
}
