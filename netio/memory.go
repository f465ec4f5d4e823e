package netio

import (
	"math/bits"
	"time"

	"golang.org/x/sys/unix"

	"odradek/core/assert"
)

// Sizes of the buffer pool.
const (
	// chunkBytes is what is asked of the kernel at a time: one huge page.
	chunkBytes = 1 << orderMax
	orderMax   = 21
	// orderMin is the smallest buffer, 256 bytes: a small request and its
	// answer fit.
	orderMin = 8
	// cachedBytesMax bounds the free buffers of one size that are kept for the
	// next user as they are, not merged with their neighbours: of the smallest as
	// many as there are requests that wait for one group commit.
	cachedBytesMax = 256 << 10
	// largeBytesMax bounds the free buffers of over chunkBytes that are kept.
	largeBytesMax = 16 << 20
	// trimSpan is how long memory must have been free before it goes back to
	// the kernel: getting it again costs a page fault for each page.
	trimSpan = time.Second
)

// buffer is a piece of memory outside the Go heap. It has one owner. It is four
// words: what is larger, the compiler moves through memory instead of registers,
// and a buffer is handed on several times a frame.
type buffer struct {
	bytes []byte
	home  *chunk // nil: mapped on its own
}

// order is that of a buffer which has a home.
func (b buffer) order() int { return bits.TrailingZeros(uint(len(b.bytes))) }

// memory is a shard's pool of buffers: a buddy allocator over huge pages with
// a small cache of every size in front. Buffers over chunkBytes are mapped on
// their own. New memory is touched by its user only: what was never written
// costs nothing but addresses.
type memory struct {
	chunks []*chunk
	// freeChunks is how many chunks are whole; idleChunks the least of it since
	// the last trim: that many were not needed.
	freeChunks int
	idleChunks int
	cached     [orderMax + 1][]buffer
	large      []buffer
	largeBytes int
	// largeUsed counts what was taken from large since the last trim.
	largeUsed int
	// inUse counts buffers that have an owner.
	inUse int
}

// chunk is a huge page. Block i of order o is [i<<o, (i+1)<<o).
//
//	order 21  [                              0                              ]
//	order 20  [              0               |              1               ]
//	order 19  [      0       |       1       |       2      |       3       ]
//	...                                                     down to orderMin
type chunk struct {
	bytes []byte
	// free[o] has a bit for each block of order o that is free as a whole and
	// whose buddy is not: else the two are one free block of the next order.
	free [orderMax + 1][]uint64
	// count[o] is how many bits of free[o] are set; some has bit o when any is.
	count [orderMax + 1]int32
	some  uint32
}

// orderFor is the smallest order that holds size bytes.
func orderFor(size int) int {
	return max(orderMin, bits.Len(uint(max(size, 1)-1)))
}

// take returns a buffer with room for at least size bytes. Its bytes slice is
// empty (nil) when the kernel has no memory to give.
func (m *memory) take(size int) buffer {
	if size > chunkBytes {
		return m.takeLarge(size)
	}
	order := orderFor(size)
	if cache := m.cached[order]; len(cache) > 0 {
		b := cache[len(cache)-1]
		m.cached[order] = cache[:len(cache)-1]
		m.inUse++
		return b
	}
	c := m.chunkWith(order)
	if c == nil {
		return buffer{}
	}
	if c.whole() {
		m.freeChunks--
		m.idleChunks = min(m.idleChunks, m.freeChunks)
	}
	m.inUse++
	return c.split(order)
}

// give takes a buffer back. Nobody may use its bytes afterwards.
func (m *memory) give(b buffer) {
	m.inUse--
	assert.That(m.inUse >= 0, "no buffer is given back twice")
	if b.home == nil {
		m.giveLarge(b)
		return
	}
	order := b.order()
	cache := m.cached[order]
	if len(cache) < max(1, cachedBytesMax>>order) {
		m.cached[order] = append(cache, b)
		return
	}
	m.merge(b)
}

func (m *memory) merge(b buffer) {
	b.home.join(b)
	if b.home.whole() {
		m.freeChunks++
	}
}

// trim gives back what was not needed since the last trim. It is called about
// every trimSpan.
func (m *memory) trim() {
	for order := range m.cached {
		for i, b := range m.cached[order] {
			m.merge(b)
			m.cached[order][i] = buffer{}
		}
		m.cached[order] = m.cached[order][:0]
	}
	kept := m.chunks[:0]
	for _, c := range m.chunks {
		if m.idleChunks > 0 && c.whole() {
			m.idleChunks--
			m.freeChunks--
			unmapMemory(c.bytes)
			continue
		}
		kept = append(kept, c)
	}
	clear(m.chunks[len(kept):])
	m.chunks = kept
	m.idleChunks = m.freeChunks
	for len(m.large) > m.largeUsed {
		b := m.large[0]
		m.large = append(m.large[:0], m.large[1:]...)
		m.largeBytes -= len(b.bytes)
		unmapMemory(b.bytes)
	}
	m.largeUsed = 0
}

// hoards reports whether trims would give something back.
func (m *memory) hoards() bool { return m.freeChunks > 0 || len(m.large) > 0 }

// chunkWith finds the first chunk with a free block of the order or a larger
// one, or maps a new chunk. First fit lets the later chunks fall empty.
func (m *memory) chunkWith(order int) *chunk {
	for _, c := range m.chunks {
		if c.some>>order != 0 {
			return c
		}
	}
	mapped := mapMemory(chunkBytes, chunkBytes)
	if mapped == nil {
		return nil
	}
	_ = unix.Madvise(mapped, unix.MADV_HUGEPAGE) // a kernel without them serves small pages
	c := &chunk{bytes: mapped}
	for o := orderMin; o <= orderMax; o++ {
		c.free[o] = make([]uint64, max(1, chunkBytes>>o>>6))
	}
	c.set(orderMax, 0)
	m.chunks = append(m.chunks, c)
	m.freeChunks++
	return c
}

func (m *memory) takeLarge(size int) buffer {
	for i, b := range m.large {
		if len(b.bytes) >= size && len(b.bytes) <= 2*size {
			m.large[i] = m.large[len(m.large)-1]
			m.large = m.large[:len(m.large)-1]
			m.largeBytes -= len(b.bytes)
			m.largeUsed++
			m.inUse++
			return b
		}
	}
	const roundTo = 1 << 20
	mapped := mapMemory((size+roundTo-1)&^(roundTo-1), 4096)
	if mapped != nil {
		m.inUse++
	}
	return buffer{bytes: mapped}
}

func (m *memory) giveLarge(b buffer) {
	if m.largeBytes+len(b.bytes) > largeBytesMax {
		unmapMemory(b.bytes)
		return
	}
	m.large = append(m.large, b)
	m.largeBytes += len(b.bytes)
}

// close returns everything to the kernel, unless a buffer is still in use: its
// owner may look at it even after the shard has ended.
func (m *memory) close() {
	if m.inUse > 0 {
		return
	}
	for _, c := range m.chunks {
		unmapMemory(c.bytes)
	}
	for _, b := range m.large {
		unmapMemory(b.bytes)
	}
	*m = memory{}
}

func (c *chunk) whole() bool { return c.some&(1<<orderMax) != 0 }

func (c *chunk) set(order, index int) {
	c.free[order][index>>6] |= 1 << (index & 63)
	c.count[order]++
	c.some |= 1 << order
}

func (c *chunk) clear(order, index int) {
	c.free[order][index>>6] &^= 1 << (index & 63)
	c.count[order]--
	if c.count[order] == 0 {
		c.some &^= 1 << order
	}
}

func (c *chunk) isFree(order, index int) bool {
	return c.free[order][index>>6]&(1<<(index&63)) != 0
}

// split cuts a block of the order out of the smallest free block that holds it.
func (c *chunk) split(order int) buffer {
	from := order + bits.TrailingZeros32(c.some>>order)
	index := c.first(from)
	c.clear(from, index)
	for from > order {
		from--
		index <<= 1
		c.set(from, index+1)
	}
	start := index << order
	return buffer{bytes: c.bytes[start : start+1<<order : start+1<<order], home: c}
}

func (c *chunk) first(order int) int {
	for i, word := range c.free[order] {
		if word != 0 {
			return i<<6 + bits.TrailingZeros64(word)
		}
	}
	assert.Unreachable("an order with a count has a free block")
	return 0
}

// join frees a block and merges it with its buddy as long as that is free.
func (c *chunk) join(b buffer) {
	order := b.order()
	index := c.offset(b.bytes) >> order
	assert.That(!c.isFree(order, index), "no buffer is given back twice")
	for order < orderMax && c.isFree(order, index^1) {
		c.clear(order, index^1)
		order++
		index >>= 1
	}
	c.set(order, index)
}
