package main

import (
	"cmp"
	"fmt"
	"slices"
)

// finding is one place that breaks a rule.
type finding struct {
	file string // relative to the root, with slashes
	line int
	rule string
	// sentence says what is wrong there; instead what to write.
	sentence string
	instead  string
}

// String is the line that a person, or an editor, reads.
func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s -> %s", f.file, f.line, f.rule, f.sentence, f.instead)
}

func sortFindings(all []finding) []finding {
	slices.SortFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line),
			cmp.Compare(a.rule, b.rule), cmp.Compare(a.sentence, b.sentence))
	})
	return slices.Compact(all)
}
