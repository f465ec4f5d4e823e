package groups

import (
	"fmt"
	"slices"

	"odradek/jepsen/check"
)

// Invariant is one promise that a history is held against, group by group.
type Invariant struct {
	// Name is as in the literature on the protocols: G- for safety, GL- for liveness.
	Name string
	// Doc is the promise, in one or two sentences.
	Doc string
	// check looks at one group, and says what cannot be.
	check func(v *view) []finding
}

// finding is a violation in the making.
type finding struct {
	sentence   string
	operations []int
}

func found(operations []int, format string, args ...any) finding {
	return finding{fmt.Sprintf(format, args...), operations}
}

// Invariants returns all of them, in the order in which violations are reported.
func Invariants() []Invariant {
	return slices.Concat(memberInvariants(), descriptionInvariants(), offsetInvariants(),
		endInvariants())
}

// violationsMax is how many violations of one invariant are reported of one group: the
// first few tell the story.
const violationsMax = 3

// Run holds a history against every invariant.
func Run(h *History) check.Verdict {
	var verdict check.Verdict
	for _, v := range views(h) {
		v.run(&verdict)
		v.leaveOpen(&verdict)
	}
	return verdict
}

// run holds one group against every invariant.
func (v *view) run(verdict *check.Verdict) {
	for _, invariant := range Invariants() {
		findings := invariant.check(v)
		for _, f := range findings[:min(len(findings), violationsMax)] {
			verdict.Add(violation(invariant.Name, v.group, f))
		}
	}
}

func violation(name string, group Group, f finding) check.Verdict {
	return check.Verdict{Result: check.Fail, Violations: []check.Violation{{
		Check: name, Sentence: fmt.Sprintf("group %s: %s", group, f.sentence),
		Operations: f.operations}}}
}

// leaveOpen takes over what a group's history leaves undecided.
func (v *view) leaveOpen(verdict *check.Verdict) {
	for _, sentence := range v.open {
		verdict.Add(check.Verdict{Result: check.Undecided,
			Open: []string{fmt.Sprintf("group %s: %s", v.group, sentence)}})
	}
}
