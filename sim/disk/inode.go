package disk

import (
	"odradek/core/assert"
	"odradek/core/env"
	"odradek/core/kafka"
)

// flags say how a page of the cache stands to the platter.
type flags uint8

const (
	// dirty: the cache's page is to be written by the next sync.
	dirty flags = 1 << iota
	// cold: reading the page waits for the device.
	cold
	// lying: the page is clean, yet not what the platter holds: a failed sync
	// dropped it, or a bit rotted below it. Evicting it shows the platter.
	lying
	// bad: the device cannot read the page.
	bad
)

// inode is a file's content, apart from its names.
//
// Invariants: cache, platter and flags have the same length; a page that is
// neither dirty, lying nor part of a sync in flight is the same page in both;
// dirtyPages holds exactly the indexes with the dirty flag.
type inode struct {
	disk   *Disk
	number uint64
	// label is the latest name, for stories.
	label string

	cache   []*page
	platter []*page
	flags   []flags
	// size is what programs see; durableSize what a power loss leaves.
	size        int64
	durableSize int64
	dirtyPages  []int32
	// reserved pages from the start are allocated, written or not; blocks are
	// all allocated pages.
	reserved int
	blocks   int

	// names, handles and pins keep the content's room on the disk.
	names, handles, pins int
	ranges               []pinnedRange
	// failures counts the syncs and write-behinds that failed.
	failures uint32
	// lastWrite is when the last sync or write-behind so far ends.
	lastWrite kafka.Instant
	// lastThrough is the last write-through that ended well.
	lastThrough through
	// syncs is how many operations hold frozen pages of the file now.
	syncs   int
	unclean bool
	freed   bool
}

// through is a write-through: all of a disk's are numbered in the order in which
// they ended.
type through struct {
	number uint64
	ended  kafka.Instant
	from   int64
	to     int64
}

// covers returns the write-through's number if it wrote that byte, otherwise 0.
func (t *through) covers(at int64) uint64 {
	if at < t.from || at >= t.to {
		return 0
	}
	return t.number
}

type pinnedRange struct{ position, length int64 }

func (n *inode) grow(pages int) {
	for len(n.cache) < pages {
		n.cache = append(n.cache, nil)
		n.platter = append(n.platter, nil)
		n.flags = append(n.flags, 0)
	}
}

// write copies p to a position, as far as the disk has room, and grows the
// file to where it came.
func (n *inode) write(p []byte, position int64) (written int, err error) {
	n.grow(pagesOf(position + int64(len(p))))
	for written < len(p) {
		at := position + int64(written)
		g, err := n.writable(int(at / pageSize))
		if err != nil {
			return written, err
		}
		written += copy(g.data[at%pageSize:], p[written:])
		n.resize(max(n.size, position+int64(written)))
	}
	return written, nil
}

// writable returns the cache's page i for writing, marked dirty.
func (n *inode) writable(i int) (*page, error) {
	g := n.cache[i]
	if g == nil {
		if i >= n.reserved {
			if !n.disk.room(1) {
				return nil, env.ErrNoSpace
			}
			n.allocate(1)
		}
		g = n.disk.pages.blank()
		n.cache[i] = g
	} else if g.holders > 1 {
		copied := n.disk.pages.copyOf(g)
		n.disk.pages.drop(g)
		g = copied
		n.cache[i] = g
	}
	n.soil(i)
	return g, nil
}

// soil marks page i dirty. A dirty page is in memory.
func (n *inode) soil(i int) {
	if n.flags[i]&dirty == 0 {
		n.dirtyPages = append(n.dirtyPages, int32(i))
		n.disk.soiled(n)
	}
	n.flags[i] = n.flags[i]&^(cold|lying) | dirty
}

func (n *inode) resize(size int64) {
	if size != n.size {
		n.size = size
		n.disk.soiled(n)
	}
}

func (n *inode) allocate(pages int) {
	n.blocks += pages
	n.disk.used += int64(pages)
}

// truncate cuts the file. Pages that were cut are dirty holes until the next
// sync, because the platter still has them.
func (n *inode) truncate(size int64) {
	n.giveBack(pagesOf(size))
	if size >= n.size {
		n.grow(pagesOf(size))
		n.resize(size)
		return
	}
	for _, r := range n.ranges {
		assert.That(r.position+r.length <= size, "no pinned range of a file is cut off")
	}
	keep := pagesOf(size)
	for i := keep; i < len(n.cache); i++ {
		n.cut(i)
	}
	if rest := size % pageSize; rest != 0 && n.cache[keep-1] != nil {
		g, err := n.writable(keep - 1)
		assert.That(err == nil, "a page that is there needs no room")
		clear(g.data[rest:])
	}
	n.resize(size)
}

// giveBack frees the reserved room behind the first pages. Those that hold
// something are then counted like any other page.
func (n *inode) giveBack(pages int) {
	for ; n.reserved > pages; n.reserved-- {
		if i := n.reserved - 1; i >= len(n.cache) || n.cache[i] == nil {
			n.allocate(-1)
		}
	}
}

func (n *inode) cut(i int) {
	if n.cache[i] == nil && n.platter[i] == nil {
		return
	}
	if n.cache[i] != nil && i >= n.reserved {
		n.allocate(-1)
	}
	n.disk.pages.drop(n.cache[i])
	n.cache[i] = nil
	n.soil(i)
}

// preallocate makes room for size bytes and grows the file to them.
func (n *inode) preallocate(size int64) error {
	n.grow(pagesOf(size))
	if err := n.reserve(size); err != nil {
		return err
	}
	n.resize(max(n.size, size))
	return nil
}

// reserve makes room for the pages up to end.
func (n *inode) reserve(end int64) error {
	want := pagesOf(end)
	missing := 0
	for i := n.reserved; i < want; i++ {
		if i >= len(n.cache) || n.cache[i] == nil {
			missing++
		}
	}
	if !n.disk.room(missing) {
		return env.ErrNoSpace
	}
	n.allocate(missing)
	n.reserved = max(n.reserved, want)
	return nil
}

// read copies what the page cache shows; it stops at the end of the file.
func (n *inode) read(p []byte, position int64) int {
	if position >= n.size {
		return 0
	}
	p = p[:min(int64(len(p)), n.size-position)]
	for done := 0; done < len(p); {
		at := position + int64(done)
		within := int(at % pageSize)
		part := p[done:min(len(p), done+pageSize-within)]
		if g := n.cache[at/pageSize]; g == nil {
			clear(part)
		} else {
			copy(part, g.data[within:])
		}
		done += len(part)
	}
	return len(p)
}

// stored is what the platter holds.
func (n *inode) stored() []byte {
	content := make([]byte, len(n.platter)*pageSize)
	for i, g := range n.platter {
		if g != nil {
			copy(content[i*pageSize:], g.data[:])
		}
	}
	return content[:min(int64(len(content)), n.durableSize)]
}

// span is the range of pages that hold a range of bytes of the file.
func (n *inode) span(position, length int64) (first, end int) {
	if length <= 0 || position >= n.size {
		return 0, 0
	}
	return int(position / pageSize), pagesOf(min(position+length, n.size))
}

// has reports whether any page of [first, end) has one of the flags.
func (n *inode) has(first, end int, any flags) bool {
	for i := first; i < end; i++ {
		if n.flags[i]&any != 0 {
			return true
		}
	}
	return false
}

// warm marks [first, end) as in memory.
func (n *inode) warm(first, end int) {
	for i := first; i < end; i++ {
		n.flags[i] &^= cold
	}
}

// evict takes page i out of memory, if it is clean: what is read next comes
// from the platter.
func (n *inode) evict(i int) bool {
	if n.flags[i]&dirty != 0 || n.syncs > 0 {
		return false
	}
	if n.flags[i]&lying != 0 {
		n.disk.pages.drop(n.cache[i])
		n.cache[i] = n.platter[i].hold()
	}
	n.flags[i] = n.flags[i]&^lying | cold
	return true
}

// reclaim frees the content's room when no program can reach it any more.
func (n *inode) reclaim() {
	if n.names == 0 && n.handles == 0 && n.pins == 0 && len(n.ranges) == 0 && !n.freed {
		n.freed = true
		n.disk.used -= int64(n.blocks)
	}
}

func (n *inode) pinRange(position, length int64) {
	n.ranges = append(n.ranges, pinnedRange{position, length})
}

func (n *inode) unpinRange(position, length int64) {
	for i, r := range n.ranges {
		if r == (pinnedRange{position, length}) {
			last := len(n.ranges) - 1
			n.ranges[i] = n.ranges[last]
			n.ranges = n.ranges[:last]
			n.reclaim()
			return
		}
	}
	assert.Unreachable("a range is unpinned only if it was pinned")
}
