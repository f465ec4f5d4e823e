package check

import (
	"fmt"
	"slices"
	"strings"

	"odradek/core/kafka"
)

// Result is the outcome of a check of a history.
type Result uint8

const (
	// Pass: nothing that was seen is impossible, and nothing stayed open.
	Pass Result = iota
	// Fail: something that was seen cannot have happened.
	Fail
	// Undecided: nothing impossible was found, but the history does not say
	// enough. It is not a pass.
	Undecided
)

// String is the word that commands print.
func (r Result) String() string { return [...]string{"pass", "fail", "undecided"}[r] }

// Add adds the verdict of another history: the worse result is that of both.
func (verdict *Verdict) Add(other Verdict) {
	verdict.Violations = append(verdict.Violations, other.Violations...)
	verdict.Open = append(verdict.Open, other.Open...)
	verdict.close()
}

// Violation is one thing that cannot have happened.
type Violation struct {
	// Check is the name of the check that found it.
	Check string
	// Sentence says what was seen and why it cannot be.
	Sentence string
	// Operations are the IDs of those concerned.
	Operations []int
}

// String is the violation as one line.
func (v Violation) String() string { return v.Check + ": " + v.Sentence }

// Verdict is what Run found.
type Verdict struct {
	Result     Result
	Violations []Violation
	// Open says what keeps an Undecided history from a pass.
	Open []string
}

// String lists the violations, or what is open, one a line.
func (v Verdict) String() string {
	lines := []string{v.Result.String()}
	for _, violation := range v.Violations {
		lines = append(lines, violation.String())
	}
	return strings.Join(append(lines, v.Open...), "\n")
}

// violationsMax is how many violations one check reports of one partition: the
// first few tell the story, thousands bury it.
const violationsMax = 3

// Check is one promise that a history is held against, partition by partition.
type Check struct {
	// Name is how violations are found again: short, of lower-case words.
	Name string
	// Doc is the promise, in one or two sentences.
	Doc string
	// check looks at one partition.
	check func(v *view) []finding
}

// finding is a Violation in the making.
type finding struct {
	sentence   string
	operations []int
}

func found(operations []int, format string, args ...any) finding {
	return finding{fmt.Sprintf(format, args...), operations}
}

// plural writes a number with its noun.
func plural(count int, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}

// span writes the offsets [from, to).
func span(from, to kafka.Offset) string {
	if to == from+1 {
		return fmt.Sprintf("offset %d was", from)
	}
	return fmt.Sprintf("offsets %d to %d were", from, to-1)
}

// Run holds a history against every check.
func Run(h *History) Verdict {
	var verdict Verdict
	for _, v := range views(h) {
		v.run(Checks(), &verdict)
		verdict.leaveOpen(v)
	}
	verdict.close()
	return verdict
}

// run holds a partition against checks.
func (v *view) run(checks []Check, verdict *Verdict) {
	for _, c := range checks {
		if v.blind {
			return
		}
		findings := c.check(v)
		v.accused = v.accused || len(findings) > 0
		for _, f := range findings[:min(len(findings), violationsMax)] {
			verdict.Violations = append(verdict.Violations, Violation{
				c.Name, v.name + ": " + f.sentence, f.operations})
		}
	}
}

// leaveOpen takes over what a partition's history leaves undecided.
func (verdict *Verdict) leaveOpen(v *view) {
	for _, sentence := range v.open {
		verdict.Open = append(verdict.Open, v.name+": "+sentence)
	}
}

// close settles the result.
func (verdict *Verdict) close() {
	switch {
	case len(verdict.Violations) > 0:
		verdict.Result = Fail
	case len(verdict.Open) > 0:
		verdict.Result = Undecided
	}
}

// Checks returns every check, in the order in which violations are reported.
func Checks() []Check {
	return slices.Concat(contentChecks(), orderChecks(), readChecks(), boundChecks(),
		compactionChecks())
}
