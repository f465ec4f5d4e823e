package order_test

import (
	"cmp"
	"slices"
	"testing"

	"odradek/core/order"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type entry struct{ Key, Value int }

// A Map is a Go map that sorts: whatever is put and deleted, it agrees with one.
func TestMapIsASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := order.NewMap[int, int](cmpInt)
		model := map[int]int{}
		key := rapid.IntRange(0, 400)
		steps := rapid.IntRange(1, 1500).Draw(t, "steps")
		for i := range steps {
			k := key.Draw(t, "key")
			if rapid.IntRange(0, 3).Draw(t, "op") == 0 {
				_, had := model[k]
				if m.Delete(k) != had {
					t.Fatalf("Delete(%d) is wrong about what was there", k)
				}
				delete(model, k)
				continue
			}
			m.Put(k, i)
			model[k] = i
		}
		want := sorted(model)
		if diff := diffEntries(want, collect(m)); diff != "" {
			t.Fatal(diff)
		}
		if m.Len() != len(model) {
			t.Fatalf("Len is %d, want %d", m.Len(), len(model))
		}
		probe := key.Draw(t, "probe")
		checkProbe(t, m, model, want, probe)
	})
}

func checkProbe(t *rapid.T, m *order.Map[int, int], model map[int]int, want []entry, probe int) {
	value, ok := m.Get(probe)
	if wantValue, wantOK := model[probe]; value != wantValue || ok != wantOK || m.Has(probe) != ok {
		t.Fatalf("Get(%d) is %d, %v", probe, value, ok)
	}
	from := slices.IndexFunc(want, func(e entry) bool { return e.Key >= probe })
	if from < 0 {
		from = len(want)
	}
	var rest []entry
	for k, v := range m.From(probe) {
		rest = append(rest, entry{k, v})
	}
	if diff := diffEntries(want[from:], rest); diff != "" {
		t.Fatalf("From(%d): %s", probe, diff)
	}
	floor, _, ok := m.Floor(probe)
	below := from
	if below < len(want) && want[below].Key == probe {
		below++
	}
	if ok != (below > 0) || ok && floor != want[below-1].Key {
		t.Fatalf("Floor(%d) is %d, %v", probe, floor, ok)
	}
	first, _, ok := m.First()
	if ok != (len(want) > 0) || ok && first != want[0].Key {
		t.Fatalf("First is %d, %v", first, ok)
	}
}

func TestHeapSortsAndKeepsTheOrderOfEquals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "keys")
		h := order.NewHeap(func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
		var want, got []entry
		for i, k := range keys {
			h.Push(entry{k, i})
			want = append(want, entry{k, i})
		}
		slices.SortStableFunc(want, func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
		for h.Len() > 0 {
			least, _ := h.Peek()
			e, ok := h.Pop()
			if !ok || e != least {
				t.Fatalf("Pop is %v, Peek was %v", e, least)
			}
			got = append(got, e)
		}
		if diff := diffEntries(want, got); diff != "" {
			t.Fatal(diff)
		}
		if _, ok := h.Pop(); ok {
			t.Fatal("an empty heap gave something")
		}
	})
}

func cmpInt(a, b int) int { return cmp.Compare(a, b) }

func collect(m *order.Map[int, int]) (all []entry) {
	for k, v := range m.Entries() {
		all = append(all, entry{k, v})
	}
	return all
}

func sorted(model map[int]int) (all []entry) {
	for k, v := range model {
		all = append(all, entry{k, v})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

func diffEntries(want, got []entry) string {
	if len(want) == 0 && len(got) == 0 {
		return ""
	}
	return gocmp.Diff(want, got)
}
