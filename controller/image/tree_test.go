package image

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTreeIsAMap compares the tree with a map, checks its balance, and that
// older trees stay.
func TestTreeIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := newTree[int, int](cmp.Compare[int])
		model := map[int]int{}
		type version struct {
			tree  tree[int, int]
			model map[int]int
		}
		var versions []version
		for i := range rapid.IntRange(0, 300).Draw(t, "operations") {
			key := rapid.IntRange(0, 60).Draw(t, "key")
			if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
				current = current.delete(key)
				delete(model, key)
			} else {
				current = current.set(key, i)
				model[key] = i
			}
			if i%20 == 0 {
				versions = append(versions, version{current, maps.Clone(model)})
			}
		}
		versions = append(versions, version{current, model})
		for _, v := range versions {
			checkBalance(t, v.tree.root)
			if v.tree.len() != len(v.model) {
				t.Fatalf("%d keys, want %d", v.tree.len(), len(v.model))
			}
			var keys []int
			for key, value := range v.tree.all() {
				keys = append(keys, key)
				if got, ok := v.tree.get(key); !ok || got != value || value != v.model[key] {
					t.Fatalf("%d is %d", key, value)
				}
			}
			if !slices.Equal(keys, slices.Sorted(maps.Keys(v.model))) {
				t.Fatalf("keys %v", keys)
			}
			first := rapid.IntRange(-1, 61).Draw(t, "first")
			var rest []int
			for key := range v.tree.from(first) {
				rest = append(rest, key)
			}
			at, _ := slices.BinarySearch(keys, first)
			if !slices.Equal(rest, keys[at:]) {
				t.Fatalf("from %d: %v of %v", first, rest, keys)
			}
		}
	})
}

func checkBalance(t *rapid.T, n *node[int, int]) {
	if n == nil {
		return
	}
	if n.size != n.left.count()+n.right.count()+1 {
		t.Fatal("a size is wrong")
	}
	left, right := n.left.weight(), n.right.weight()
	if left > weightRatio*right || right > weightRatio*left {
		t.Fatalf("siblings of %d and %d", n.left.count(), n.right.count())
	}
	checkBalance(t, n.left)
	checkBalance(t, n.right)
}

func TestATreeCanBeLeftEarly(t *testing.T) {
	current := newTree[int, int](cmp.Compare[int])
	for i := range 100 {
		current = current.set(i, i)
	}
	seen := 0
	for key := range current.all() {
		if seen++; key == 10 {
			break
		}
	}
	if seen != 11 {
		t.Fatalf("%d keys were seen", seen)
	}
}
