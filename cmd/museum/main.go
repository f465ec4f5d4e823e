package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// breaksDir is where the bugs are, each a patch that begins with its story.
const breaksDir = "docs/breaks"

// knownFile lists, for each bug, a seed that finds it.
const knownFile = breaksDir + "/seeds.txt"

func main() {
	known := flag.Bool("known", false, "try the seeds in "+knownFile+" first")
	only := flag.String("only", "", "only the bugs whose names begin so")
	budget := flag.Uint64("budget", 1000, "how many seeds a bug may take")
	flag.Parse()
	m := &museum{known: *known, budget: *budget}
	failed, err := m.visit(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "museum:", err)
	}
	if err != nil || failed {
		os.Exit(1)
	}
}

// museum is one visit.
type museum struct {
	known  bool
	budget uint64
	// tree is the copy; seeds are the known ones, by bug.
	tree  string
	seeds map[string]string
}

// visit looks at every bug; it reports whether any survived.
func (m *museum) visit(only string) (failed bool, err error) {
	patches, err := filepath.Glob(breaksDir + "/*.patch")
	if err != nil {
		return false, err
	}
	if len(patches) == 0 {
		return false, fmt.Errorf("there is no patch in %s: run it at the root of the repository",
			breaksDir)
	}
	if m.seeds, err = readSeeds(knownFile); err != nil {
		return false, err
	}
	if m.tree, err = os.MkdirTemp("", "museum-"); err != nil {
		return false, err
	}
	defer os.RemoveAll(m.tree)
	if err := copyTree(".", m.tree); err != nil {
		return false, err
	}
	if out, err := m.run("go", "build", "-o", "whole", "./cmd/odradek"); err != nil {
		return false, fmt.Errorf("the tree without bugs does not build: %s", firstLine(out))
	}
	fmt.Printf("%-36s %6s  %s\n", "bug", "seed", "what the run said")
	for _, patch := range patches {
		name := strings.TrimSuffix(filepath.Base(patch), ".patch")
		if !strings.HasPrefix(name, only) {
			continue
		}
		f := m.look(name, patch)
		seed := "-"
		if f.found {
			seed = fmt.Sprint(f.seed)
		}
		fmt.Printf("%-36s %6s  %s\n", name, seed, f.said)
		failed = failed || !f.found
	}
	if m.known && only == "" {
		return m.cleanFails() || failed, nil
	}
	return failed, nil
}

// finding is what became of one bug.
type finding struct {
	found bool
	seed  uint64
	said  string
}

// look plants a bug, looks for it, and takes it out again.
func (m *museum) look(name, patch string) finding {
	absolute, err := filepath.Abs(patch)
	if err != nil {
		return finding{said: err.Error()}
	}
	if out, err := m.run("git", "apply", absolute); err != nil {
		return finding{said: "the patch does not apply: " + firstLine(out)}
	}
	defer func() {
		if out, err := m.run("git", "apply", "--reverse", absolute); err != nil {
			fmt.Fprintln(os.Stderr, "museum: the patch cannot be taken out:", firstLine(out))
			os.Exit(1)
		}
	}()
	if out, err := m.run("go", "build", "-o", "broken", "./cmd/odradek"); err != nil {
		return finding{said: "it does not build: " + firstLine(out)}
	}
	if known := m.seeds[name]; m.known && known != "" {
		if f := m.search("./broken", known, true); f.found {
			return f
		}
	}
	// What a seed does moves with the workload and the broker. A bug counts as found
	// within the budget; the seed that does it now is worth writing down.
	f := m.search("./broken", fmt.Sprintf("1-%d", m.budget), false)
	if m.known && f.found {
		f.said = "(new: enter it in " + knownFile + ") " + f.said
	}
	return f
}

// cleanFails runs the known seeds without any bug: they must pass, or they prove
// nothing.
func (m *museum) cleanFails() bool {
	failed := false
	for name, seeds := range m.seeds {
		if f := m.search("./whole", seeds, true); f.found {
			fmt.Printf("without the bug, seed %d of %s fails too: %s\n", f.seed, name, f.said)
			failed = true
		}
	}
	return failed
}

// row is the part of `sim run --json` that is needed here.
type row struct {
	Seed    uint64 `json:"seed"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
}

// search runs seeds until one fails. Unless any will do, a seed that fails in the
// tree without bugs, too, proves nothing and is passed over.
func (m *museum) search(binary, seeds string, anyWillDo bool) finding {
	command := exec.Command(binary, "sim", "run", "--seeds", seeds, "--json")
	command.Dir = m.tree
	out, err := command.StdoutPipe()
	if err != nil {
		return finding{said: err.Error()}
	}
	if err := command.Start(); err != nil {
		return finding{said: err.Error()}
	}
	defer func() {
		_ = command.Process.Kill() // it may have ended by itself
		_ = command.Wait()         // killed, or failed: that a seed fails is the point
	}()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	runs := 0
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return finding{said: "not a row: " + lines.Text()}
		}
		runs++
		if r.Verdict != "pass" {
			seed := fmt.Sprintf("%d-%d", r.Seed, r.Seed)
			if !anyWillDo && m.search("./whole", seed, true).found {
				continue
			}
			said := r.Reason
			if r.Verdict == "undecided" {
				said = "undecided"
			}
			return finding{found: true, seed: r.Seed,
				said: fmt.Sprintf("(run %d) %s", runs, summary(said))}
		}
	}
	return finding{said: fmt.Sprintf("survived %d seeds", runs)}
}

// summary is the first two lines of a reason: who, and the first violation.
func summary(reason string) string {
	lines := strings.SplitN(reason, "\n", 3)
	text := strings.Join(lines[:min(2, len(lines))], " ")
	if len(text) > 160 {
		text = text[:160] + "..."
	}
	return text
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// run runs a command in the copy.
func (m *museum) run(name string, args ...string) ([]byte, error) {
	command := exec.Command(name, args...)
	command.Dir = m.tree
	// Without a repository around it, git apply takes paths as they are.
	command.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(m.tree))
	return command.CombinedOutput()
}

// readSeeds reads lines of a bug's name and a seed.
func readSeeds(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seeds := map[string]string{}
	for _, line := range bytes.Split(text, []byte("\n")) {
		fields := strings.Fields(string(line))
		if len(fields) >= 2 && fields[0][0] != '#' {
			seeds[fields[0]] = fields[1]
		}
	}
	return seeds, nil
}
