package order

import (
	"iter"
	"slices"

	"odradek/core/assert"
)

// chunkMax is the most entries a chunk holds. A chunk is moved in memory to let
// an entry in, so it stays within a few cache lines; 64 of them make a search
// through the chunks and within one about equally long up to some ten thousand
// entries.
const chunkMax = 64

// Map is a map whose keys are iterated in order. The zero value is not usable:
// see NewMap.
//
// It is a list of sorted chunks. Finding costs two binary searches; putting and
// deleting move at most one chunk, and the list of chunks when one splits or
// becomes empty.
type Map[K, V any] struct {
	compare func(a, b K) int
	// chunks are sorted, and none is empty.
	chunks []chunk[K, V]
	count  int
}

type chunk[K, V any] struct {
	keys   []K
	values []V
}

// NewMap makes a map ordered by compare, which is negative, zero or positive as
// cmp.Compare is, and must be a total order.
func NewMap[K, V any](compare func(a, b K) int) *Map[K, V] {
	return &Map[K, V]{compare: compare}
}

// Len is the number of entries.
func (m *Map[K, V]) Len() int { return m.count }

// Get returns the value of key, and whether there is one.
func (m *Map[K, V]) Get(key K) (V, bool) {
	if c, i, found := m.find(key); found {
		return m.chunks[c].values[i], true
	}
	var none V
	return none, false
}

// Has reports whether key has a value.
func (m *Map[K, V]) Has(key K) bool {
	_, _, found := m.find(key)
	return found
}

// Put sets the value of key.
func (m *Map[K, V]) Put(key K, value V) {
	c, i, found := m.find(key)
	if len(m.chunks) == 0 {
		m.chunks = append(m.chunks, chunk[K, V]{})
	}
	at := &m.chunks[c]
	if found {
		at.values[i] = value
		return
	}
	at.keys = slices.Insert(at.keys, i, key)
	at.values = slices.Insert(at.values, i, value)
	m.count++
	if len(at.keys) > chunkMax {
		m.split(c)
	}
}

// Delete removes key and reports whether it was there.
func (m *Map[K, V]) Delete(key K) bool {
	c, i, found := m.find(key)
	if !found {
		return false
	}
	at := &m.chunks[c]
	at.keys = slices.Delete(at.keys, i, i+1)
	at.values = slices.Delete(at.values, i, i+1)
	m.count--
	if len(at.keys) == 0 {
		m.chunks = slices.Delete(m.chunks, c, c+1)
	}
	return true
}

// Entries yields every entry in the order of the keys.
func (m *Map[K, V]) Entries() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, c := range m.chunks {
			for i, key := range c.keys {
				if !yield(key, c.values[i]) {
					return
				}
			}
		}
	}
}

// From yields the entries whose keys are not before first, in order.
func (m *Map[K, V]) From(first K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if len(m.chunks) == 0 {
			return
		}
		c, i, _ := m.find(first)
		for ; c < len(m.chunks); c, i = c+1, 0 {
			for ; i < len(m.chunks[c].keys); i++ {
				if !yield(m.chunks[c].keys[i], m.chunks[c].values[i]) {
					return
				}
			}
		}
	}
}

// Floor returns the entry with the greatest key that is not after key.
func (m *Map[K, V]) Floor(key K) (k K, v V, ok bool) {
	if len(m.chunks) == 0 {
		return k, v, false
	}
	c, i, found := m.find(key)
	switch {
	case found:
	case i > 0:
		i--
	case c > 0:
		c--
		i = len(m.chunks[c].keys) - 1
	default:
		return k, v, false
	}
	return m.chunks[c].keys[i], m.chunks[c].values[i], true
}

// First returns the entry with the least key.
func (m *Map[K, V]) First() (k K, v V, ok bool) {
	if len(m.chunks) == 0 {
		return k, v, false
	}
	return m.chunks[0].keys[0], m.chunks[0].values[0], true
}

// find returns where key is, or where it belongs. With no chunks it returns
// the place in the one to be made.
func (m *Map[K, V]) find(key K) (c, i int, found bool) {
	// The chunk is the last one whose first key is not after key.
	c, exact := slices.BinarySearchFunc(m.chunks, key, func(c chunk[K, V], key K) int {
		return m.compare(c.keys[0], key)
	})
	if exact {
		return c, 0, true
	}
	if c > 0 {
		c--
	}
	if c == len(m.chunks) {
		return c, 0, false
	}
	i, found = slices.BinarySearchFunc(m.chunks[c].keys, key, m.compare)
	return c, i, found
}

// split makes two chunks of one that has become too long.
func (m *Map[K, V]) split(c int) {
	full := &m.chunks[c]
	half := len(full.keys) / 2
	upper := chunk[K, V]{slices.Clone(full.keys[half:]), slices.Clone(full.values[half:])}
	clear(full.keys[half:])
	clear(full.values[half:])
	full.keys, full.values = full.keys[:half], full.values[:half]
	m.chunks = slices.Insert(m.chunks, c+1, upper)
	assert.That(len(m.chunks[c].keys) > 0 && len(upper.keys) > 0, "no chunk is empty")
}
