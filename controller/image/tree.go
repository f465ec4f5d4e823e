package image

import (
	"iter"

	"odradek/core/assert"
)

// tree is an immutable map ordered by a comparison. Setting or deleting a key
// returns another tree that shares all but about log2(n) nodes with the first.
// The zero value with a compare function is the empty tree.
//
// It is a weight-balanced search tree: of two siblings neither is more than
// weightRatio times as heavy as the other, weight being size plus one. Its shape
// depends only on the history of keys. Source: Adams, "Efficient sets: a
// balancing act" (1993), with the parameters proven by Hirai and Yamamoto (2011).
type tree[K, V any] struct {
	root    *node[K, V]
	compare func(a, b K) int
}

type node[K, V any] struct {
	key         K
	value       V
	left, right *node[K, V]
	// size counts the nodes from here down, this one included.
	size int
}

const (
	// weightRatio is how lopsided siblings may be before a rotation.
	weightRatio = 3
	// rotationRatio decides between a single and a double rotation.
	rotationRatio = 2
)

func newTree[K, V any](compare func(a, b K) int) tree[K, V] {
	return tree[K, V]{compare: compare}
}

func (t tree[K, V]) len() int { return t.root.count() }

// get returns a key's value; ok is false when there is none.
func (t tree[K, V]) get(key K) (value V, ok bool) {
	for n := t.root; n != nil; {
		switch order := t.compare(key, n.key); {
		case order < 0:
			n = n.left
		case order > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	return value, false
}

// set returns a tree in which the key has the value.
func (t tree[K, V]) set(key K, value V) tree[K, V] {
	return tree[K, V]{t.insert(t.root, key, value), t.compare}
}

// delete returns a tree without the key.
func (t tree[K, V]) delete(key K) tree[K, V] {
	if _, ok := t.get(key); !ok {
		return t
	}
	return tree[K, V]{t.remove(t.root, key), t.compare}
}

// all yields every key and value in order.
func (t tree[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.root.walk(yield) }
}

// from yields the keys that are not less than a first one, in order.
func (t tree[K, V]) from(first K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.walkFrom(t.root, first, yield) }
}

func (n *node[K, V]) walk(yield func(K, V) bool) bool {
	return n == nil || n.left.walk(yield) && yield(n.key, n.value) && n.right.walk(yield)
}

func (t tree[K, V]) walkFrom(n *node[K, V], first K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if t.compare(n.key, first) < 0 {
		return t.walkFrom(n.right, first, yield)
	}
	return t.walkFrom(n.left, first, yield) && yield(n.key, n.value) && n.right.walk(yield)
}

func (n *node[K, V]) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node[K, V]) weight() int { return n.count() + 1 }

// with returns a copy of n with other children, whatever their weights.
func (n *node[K, V]) with(left, right *node[K, V]) *node[K, V] {
	return &node[K, V]{n.key, n.value, left, right, left.count() + right.count() + 1}
}

func (t tree[K, V]) insert(n *node[K, V], key K, value V) *node[K, V] {
	if n == nil {
		return &node[K, V]{key: key, value: value, size: 1}
	}
	switch order := t.compare(key, n.key); {
	case order < 0:
		return n.balanced(t.insert(n.left, key, value), n.right)
	case order > 0:
		return n.balanced(n.left, t.insert(n.right, key, value))
	}
	return &node[K, V]{key, value, n.left, n.right, n.size}
}

func (t tree[K, V]) remove(n *node[K, V], key K) *node[K, V] {
	assert.That(n != nil, "a key that is removed is in the tree")
	switch order := t.compare(key, n.key); {
	case order < 0:
		return n.balanced(t.remove(n.left, key), n.right)
	case order > 0:
		return n.balanced(n.left, t.remove(n.right, key))
	case n.left == nil:
		return n.right
	case n.right == nil:
		return n.left
	}
	next := n.right
	for next.left != nil {
		next = next.left
	}
	return next.balanced(n.left, t.remove(n.right, next.key))
}

// balanced is with, and rotates where one child became too heavy.
func (n *node[K, V]) balanced(left, right *node[K, V]) *node[K, V] {
	switch {
	case left.weight() > weightRatio*right.weight():
		return n.rotateRight(left, right)
	case right.weight() > weightRatio*left.weight():
		return n.rotateLeft(left, right)
	}
	return n.with(left, right)
}

func (n *node[K, V]) rotateLeft(left, right *node[K, V]) *node[K, V] {
	inner := right.left
	if inner.weight() < rotationRatio*right.right.weight() {
		return right.with(n.with(left, inner), right.right)
	}
	return inner.with(n.with(left, inner.left), right.with(inner.right, right.right))
}

func (n *node[K, V]) rotateRight(left, right *node[K, V]) *node[K, V] {
	inner := left.right
	if inner.weight() < rotationRatio*left.left.weight() {
		return left.with(left.left, n.with(inner, right))
	}
	return inner.with(left.with(left.left, inner.left), n.with(inner.right, right))
}
