package classic

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTransitions says the whole table.
func TestTransitions(t *testing.T) {
	var got []string
	for from := Empty; from <= Dead; from++ {
		for to := Empty; to <= Dead; to++ {
			if to.mayFollow(from) {
				got = append(got, fmt.Sprint(from, " -> ", to))
			}
		}
	}
	want := []string{
		"Empty -> PreparingRebalance",
		"PreparingRebalance -> Empty",
		"PreparingRebalance -> CompletingRebalance",
		"CompletingRebalance -> PreparingRebalance",
		"CompletingRebalance -> Stable",
		"Stable -> PreparingRebalance",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the transitions are\n%s", strings.Join(got, "\n"))
	}
}
