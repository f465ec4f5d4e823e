package groups

import (
	"testing"

	"pgregory.net/rapid"

	"odradek/jepsen/check"
)

// No invariant may object to a history of a group that kept its promises, and neither may
// the search.
func TestLegalHistoriesPass(t *testing.T) {
	for name, kind := range map[string]struct{ consumer, expires bool }{
		"classic": {}, "consumer": {consumer: true}, "classic, expiring": {expires: true},
		"consumer, expiring": {consumer: true, expires: true},
	} {
		t.Run(name, func(t *testing.T) {
			judge := func(h *History) {
				if verdict, _ := RunSearched(h, check.Search{}); verdict.Result != check.Pass {
					t.Fatalf("%v\n%s", verdict, story(h))
				}
			}
			rapid.Check(t, func(t *rapid.T) {
				judge(legalHistory(drawn{t}, kind.consumer, kind.expires, 150))
			})
			for seed := range uint64(800) {
				judge(legalHistory(newSeeded(seed), kind.consumer, kind.expires, 400))
			}
		})
	}
}
