package controller

import "slices"

// names notices which of a request's names come more than once.
type names struct {
	// count is looked up, never ranged over.
	count map[string]int
	// twice are those that do, in the order in which that was noticed.
	twice []string
}

func newNames(size int) *names { return &names{count: make(map[string]int, size)} }

func (n *names) add(name string) {
	n.count[name]++
	if n.count[name] == 2 {
		n.twice = append(n.twice, name)
	}
}

func (n *names) isDuplicate(name string) bool { return n.count[name] > 1 }

// duplicates returns the names that came more than once, in order.
func (n *names) duplicates() []string { return slices.Sorted(slices.Values(n.twice)) }
