package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"odradek/sim"
	"odradek/sim/campaign"
)

// A chapter shows what happened in a seed, up to the moment the faults end:
//
//	<!-- story of seed 42 -->
//	```
//	2.557s  broker   node.crash-in-io kill
//	```
//
// Such a block is compared with the run of this tree. Times may differ, as they do
// after any change of the broker; what happened, to whom and in which order may not.

var storyMark = regexp.MustCompile(`^<!-- story of seed (\d+) -->$`)

const fence = "```"

// excerpt is a story in a chapter: lines[from:to] of its file.
type excerpt struct {
	seed     uint64
	from, to int
}

// excerpts finds the stories of a file; a mark without a block is a problem.
func (r *repository) excerpts(file string) ([]excerpt, []string, error) {
	lines, err := r.lines(file)
	if err != nil {
		return nil, nil, err
	}
	var all []excerpt
	for i, line := range lines {
		match := storyMark.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		seed, err := strconv.ParseUint(match[1], 10, 64)
		end := -1
		if i+1 < len(lines) && lines[i+1] == fence {
			end = slices.Index(lines[i+2:], fence)
		}
		if err != nil || end < 0 {
			r.problem(file, i+1, "after this mark a block has to follow, with the story of a seed")
			continue
		}
		all = append(all, excerpt{seed, i + 2, i + 2 + end})
	}
	return all, lines, nil
}

// storyOf is what happened in a seed until the faults ended.
func storyOf(seed uint64) []string {
	result := campaign.Do(sim.Config{Seed: seed, Faults: campaign.Everything(), Swarm: true})
	story := result.Report.Story
	for i, line := range story {
		if strings.HasPrefix(happened(line), "world calm ") {
			return story[:i+1]
		}
	}
	return story
}

// happened is a line of a story without its time.
func happened(line string) string {
	fields := strings.Fields(line)
	return strings.Join(fields[min(1, len(fields)):], " ")
}

// checkStories compares the stories of a file.
func (r *repository) checkStories(file string, told func(seed uint64) []string) error {
	all, lines, err := r.excerpts(file)
	if err != nil {
		return err
	}
	for _, e := range all {
		want := told(e.seed)
		got := lines[e.from:e.to]
		if !slices.EqualFunc(got, want, func(a, b string) bool { return happened(a) == happened(b) }) {
			r.problem(file, e.from+1, "seed %d tells another story now: run `go run ./cmd/docs "+
				"-stories`, and see whether it still shows what the chapter says", e.seed)
		}
	}
	return nil
}

// writeStories tells the stories of all Markdown files anew.
func writeStories(root string, told func(seed uint64) []string) error {
	r, err := open(root)
	if err != nil {
		return err
	}
	for _, file := range r.markdown {
		all, lines, err := r.excerpts(file)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(all) {
			lines = slices.Replace(lines, e.from, e.to, told(e.seed)...)
		}
		if len(all) == 0 {
			continue
		}
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			return fmt.Errorf("write the stories of %s: %w", file, err)
		}
	}
	return nil
}
