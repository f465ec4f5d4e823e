package member

import (
	"fmt"
	"slices"
	"testing"

	"odradek/core/kafka"
	"odradek/jepsen/check/groups"
	"pgregory.net/rapid"
)

// drawPeers draws some topics and members, who subscribe to some of them.
func drawPeers(t *rapid.T) (all []named, peers []*peer) {
	var topics []string
	for i := range rapid.IntRange(1, 3).Draw(t, "topics") {
		name := fmt.Sprint("t", i)
		topics = append(topics, name)
		for partition := range rapid.IntRange(1, 5).Draw(t, "partitions") {
			all = append(all, named{name, kafka.Partition(partition)})
		}
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "members") {
		wanted := rapid.SliceOfNDistinct(rapid.SampledFrom(topics), 1, len(topics),
			func(s string) string { return s }).Draw(t, "subscribed")
		peers = append(peers, &peer{id: fmt.Sprint("m", i), topics: wanted})
	}
	return all, peers
}

// holders counts who was given a partition, and sees that it subscribes.
func holders(t *rapid.T, one named, peers []*peer) int {
	count := 0
	for _, p := range peers {
		if slices.Contains(p.given, one) {
			count++
			if !slices.Contains(p.topics, one.topic) {
				t.Fatalf("%s has %v and does not subscribe to it", p.id, one)
			}
		}
	}
	return count
}

// Whoever divides anew gives each partition that somebody wants to exactly one.
func TestDivideAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, peers := drawPeers(t)
		divideAnew(all, peers)
		for _, one := range all {
			want := min(1, len(subscribers(one.topic, peers)))
			if got := holders(t, one, peers); got != want {
				t.Fatalf("%v is given to %d", one, got)
			}
		}
	})
}

// Cooperatively, nothing goes to another while somebody has it; and after some rounds
// everything is with one, and nobody has two more than another who wants the same.
func TestDivideCooperatively(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, peers := drawPeers(t)
		for _, one := range all {
			if i := rapid.IntRange(-1, len(peers)-1).Draw(t, "owner"); i >= 0 {
				peers[i].owned = append(peers[i].owned, one)
			}
		}
		for generation := range groups.Epoch(20) {
			before := map[named]*peer{}
			for _, p := range peers {
				p.generation, p.given = generation, nil
				for _, one := range p.owned {
					before[one] = p
				}
			}
			divideCooperatively(all, peers)
			for _, p := range peers {
				for _, one := range p.given {
					if other := before[one]; other != nil && other != p {
						t.Fatalf("%v goes from %s to %s at once", one, other.id, p.id)
					}
				}
			}
			for _, p := range peers {
				p.owned = p.given
			}
		}
		for _, one := range all {
			wanting := subscribers(one.topic, peers)
			if got := holders(t, one, peers); got != min(1, len(wanting)) {
				t.Fatalf("%v is given to %d in the end", one, got)
			}
			for _, a := range wanting {
				for _, b := range wanting {
					if slices.Contains(a.given, one) && len(a.given) > len(b.given)+1 {
						t.Fatalf("%s has %d, and %s only %d", a.id, len(a.given), b.id, len(b.given))
					}
				}
			}
		}
	})
}

// A claim of a generation that is over is not believed: somebody else may have been given
// the partition since.
func TestOldClaimsAreNotBelieved(t *testing.T) {
	one := named{"orders", 0}
	old := &peer{id: "old", topics: []string{"orders"}, owned: []named{one}, generation: 3}
	present := &peer{id: "present", topics: []string{"orders"}, owned: []named{one}, generation: 5}
	divideCooperatively([]named{one}, []*peer{old, present})
	if len(old.given) != 0 || len(present.given) != 1 {
		t.Errorf("the old one is given %v, the present one %v", old.given, present.given)
	}
}

func TestAssignmentsAreRead(t *testing.T) {
	given := []named{{"a", 0}, {"a", 3}, {"b", 1}}
	got, err := parseAssignment(appendAssignment(given))
	if err != nil || !slices.Equal(got, given) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := parseAssignment(nil); got != nil || err != nil {
		t.Errorf("nothing is read as %v, %v", got, err)
	}
}
