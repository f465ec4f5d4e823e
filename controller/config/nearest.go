package config

import "strings"

// nameBytesMax bounds the names that are compared: a longer one is no slip of
// the finger.
const nameBytesMax = 100

// Nearest returns the name that a person most likely meant: the one with the
// fewest letters inserted, dropped, replaced or swapped, if that is at most a
// third of them. The first of equals wins.
func Nearest(name string, names []string) (nearest string, ok bool) {
	if len(name) > nameBytesMax {
		return "", false
	}
	name = strings.ToLower(strings.NewReplacer("_", ".", "-", ".").Replace(name))
	best := len(name)/3 + 1
	for _, candidate := range names {
		if d := distance(name, candidate); d < best {
			nearest, best, ok = candidate, d, true
		}
	}
	return nearest, ok
}

// distance counts the edits that make b of a, where swapping two neighbours is
// one. Source: Damerau (1964), the restricted form.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
