package assign_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"odradek/core/group/assign"
	"odradek/core/kafka"
)

func topicID(n int) kafka.TopicID { return kafka.TopicID{0: 1, 14: byte(n >> 8), 15: byte(n)} }

// group draws topics and members, some of them static; alike: of one subscription. The
// targets are what a group may have come to: of other subscriptions, of topics that are
// gone, even of partitions that are not there, but no partition twice.
func group(t *rapid.T, alike bool) assign.Spec {
	var spec assign.Spec
	for n := range rapid.IntRange(0, 6).Draw(t, "topics") {
		partitions := rapid.IntRange(1, 9).Draw(t, "partitions")
		spec.Topics = append(spec.Topics, assign.Topic{ID: topicID(n), Partitions: partitions})
	}
	for n := range rapid.IntRange(1, 7).Draw(t, "members") {
		m := assign.Member{ID: fmt.Sprintf("m%02d", n)}
		if rapid.Bool().Draw(t, "static") {
			m.InstanceID = fmt.Sprintf("i%02d", rapid.IntRange(0, 3).Draw(t, "instance")*10+n)
		}
		for _, topic := range spec.Topics {
			if alike || rapid.Bool().Draw(t, "subscribed") {
				m.Topics = append(m.Topics, topic.ID)
			}
		}
		spec.Members = append(spec.Members, m)
	}
	spec.Topics = slices.DeleteFunc(spec.Topics, func(topic assign.Topic) bool {
		return !slices.ContainsFunc(spec.Members, func(m assign.Member) bool {
			return slices.Contains(m.Topics, topic.ID)
		})
	})
	held := make([][]assign.TopicPartitions, len(spec.Members))
	for n := range 7 {
		for p := range rapid.IntRange(0, 9).Draw(t, "given") {
			if m := rapid.IntRange(-1, len(held)-1).Draw(t, "owner"); m >= 0 {
				held[m] = append(held[m], assign.TopicPartitions{Topic: topicID(n),
					Partitions: []kafka.Partition{kafka.Partition(p)}})
			}
		}
	}
	for m := range spec.Members {
		spec.Members[m].Target = assign.MakeSet(held[m])
	}
	return spec
}

// checkLegal is G-LegalTarget: every partition has one owner, who is a subscriber, and
// nothing else is given.
func checkLegal(t *rapid.T, spec assign.Spec, sets []assign.Set) {
	t.Helper()
	if len(sets) != len(spec.Members) {
		t.Fatalf("%d targets for %d members", len(sets), len(spec.Members))
	}
	for _, topic := range spec.Topics {
		for p := range topic.Partitions {
			owners := 0
			for m, set := range sets {
				if set.Has(topic.ID, kafka.Partition(p)) {
					owners++
					if !slices.Contains(spec.Members[m].Topics, topic.ID) {
						t.Fatalf("%s got %v, which it is not subscribed to", spec.Members[m].ID, topic.ID)
					}
				}
			}
			if owners != 1 {
				t.Fatalf("%v-%d has %d owners", topic.ID, p, owners)
			}
		}
	}
	total, given := 0, 0
	for _, topic := range spec.Topics {
		total += topic.Partitions
	}
	for _, set := range sets {
		given += set.Len()
		if !set.Equal(assign.MakeSet(set)) {
			t.Fatalf("%v is not a set", set)
		}
	}
	if given > total {
		t.Fatalf("%d partitions were given of %d", given, total)
	}
}

// kept counts the partitions of the old targets that are in the new ones.
func kept(spec assign.Spec, sets []assign.Set) (count int) {
	for m, set := range sets {
		for _, held := range spec.Members[m].Target {
			for _, p := range held.Partitions {
				if set.Has(held.Topic, p) {
					count++
				}
			}
		}
	}
	return count
}

// retarget makes the new targets the present ones.
func retarget(spec assign.Spec, sets []assign.Set) assign.Spec {
	spec.Members = slices.Clone(spec.Members)
	for m := range spec.Members {
		spec.Members[m].Target = sets[m]
	}
	return spec
}

func TestUniformOfOneSubscription(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := group(t, true)
		sets := assign.Uniform(spec)
		checkLegal(t, spec, sets)
		total := 0
		for _, topic := range spec.Topics {
			total += topic.Partitions
		}
		quota, more := total/len(sets), total%len(sets)
		// The most that could have stayed: everybody's up to the quota, and one more for as
		// many as may have it.
		could := 0
		for m, set := range sets {
			if set.Len() != quota && set.Len() != quota+1 {
				t.Fatalf("%d partitions where the quota is %d", set.Len(), quota)
			}
			held := 0
			for _, topic := range spec.Topics {
				for _, p := range spec.Members[m].Target.Of(topic.ID) {
					if int(p) < topic.Partitions {
						held++
					}
				}
			}
			could += min(held, quota)
			if held > quota && more > 0 {
				could++
				more--
			}
		}
		if kept(spec, sets) != could {
			t.Fatalf("%d partitions stayed, %d could have", kept(spec, sets), could)
		}
	})
}

// Who is subscribed to what others are not: single moves cannot make it more even, and
// what is even stays as it is.
func TestUniformOfManySubscriptions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := group(t, false)
		sets := assign.Uniform(spec)
		checkLegal(t, spec, sets)
		for _, topic := range spec.Topics {
			for from := range sets {
				for to := range sets {
					if len(sets[from].Of(topic.ID)) > 0 && sets[from].Len()-sets[to].Len() > 1 &&
						slices.Contains(spec.Members[to].Topics, topic.ID) {
						t.Fatalf("%s has %d and could give one of %v to %s, which has %d", spec.Members[from].ID,
							sets[from].Len(), topic.ID, spec.Members[to].ID, sets[to].Len())
					}
				}
			}
		}
		if diff := cmp.Diff(sets, assign.Uniform(retarget(spec, sets))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := group(t, rapid.Bool().Draw(t, "alike"))
		sets := assign.Range(spec)
		checkLegal(t, spec, sets)
		for m, set := range sets {
			for _, held := range set {
				first, last := held.Partitions[0], held.Partitions[len(held.Partitions)-1]
				if int(last-first) != len(held.Partitions)-1 {
					t.Fatalf("%v of %s is no range", held, spec.Members[m].ID)
				}
			}
		}
		for _, topic := range spec.Topics {
			least, most := topic.Partitions, 0
			for m, set := range sets {
				if slices.Contains(spec.Members[m].Topics, topic.ID) {
					least = min(least, len(set.Of(topic.ID)))
					most = max(most, len(set.Of(topic.ID)))
				}
			}
			if most-least > 1 {
				t.Fatalf("ranges of %v are from %d to %d long", topic.ID, least, most)
			}
		}
	})
}

// Topics of equal size are cut at the same places if all members are subscribed to both.
func TestRangeCopartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := group(t, true)
		for i := range spec.Topics {
			spec.Topics[i].Partitions = 7
		}
		for m, set := range assign.Range(spec) {
			for _, held := range set {
				if !slices.Equal(held.Partitions, set[0].Partitions) {
					t.Fatalf("%s has %v", spec.Members[m].ID, set)
				}
			}
			if len(set) != 0 && len(set) != len(spec.Topics) {
				t.Fatalf("%s has some topics only: %v", spec.Members[m].ID, set)
			}
		}
	})
}

// A static member that comes back under a new id has the range it had.
func TestRangeGoesByInstance(t *testing.T) {
	spec := assign.Spec{Topics: []assign.Topic{{ID: topicID(1), Partitions: 4}}}
	for _, m := range []assign.Member{{ID: "a", InstanceID: "two"}, {ID: "b"},
		{ID: "c", InstanceID: "one"}} {
		m.Topics = []kafka.TopicID{topicID(1)}
		spec.Members = append(spec.Members, m)
	}
	want := [][]kafka.Partition{{2}, {3}, {0, 1}}
	for m, set := range assign.Range(spec) {
		if !slices.Equal(set.Of(topicID(1)), want[m]) {
			t.Errorf("%s has %v", spec.Members[m].ID, set)
		}
	}
}

func TestNamed(t *testing.T) {
	for name, known := range map[string]bool{"uniform": true, "range": true, "sticky": false} {
		if _, ok := assign.Named(name); ok != known {
			t.Errorf("%q: %v", name, ok)
		}
	}
}

// big is 1,000 members and 10,000 partitions of 100 topics, one member of which is new;
// unlike: every second member lacks one topic.
func big(unlike bool) assign.Spec {
	var spec assign.Spec
	var all []kafka.TopicID
	for n := range 100 {
		spec.Topics = append(spec.Topics, assign.Topic{ID: topicID(n), Partitions: 100})
		all = append(all, topicID(n))
	}
	for n := range 1000 {
		m := assign.Member{ID: fmt.Sprintf("m%04d", n), Topics: all}
		if unlike && n%2 == 1 {
			m.Topics = slices.Delete(slices.Clone(all), n%100, n%100+1)
		}
		spec.Members = append(spec.Members, m)
	}
	newcomer := spec.Members[500]
	spec.Members = slices.Delete(spec.Members, 500, 501)
	spec = retarget(spec, assign.Uniform(spec))
	spec.Members = slices.Insert(spec.Members, 500, newcomer)
	return spec
}

func BenchmarkAssign(b *testing.B) {
	for name, assignor := range map[string]assign.Assignor{
		assign.UniformName: assign.Uniform, assign.RangeName: assign.Range} {
		for _, unlike := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/unlike=%v", name, unlike), func(b *testing.B) {
				spec := big(unlike)
				for b.Loop() {
					assignor(spec)
				}
			})
		}
	}
}
