package disktest

import (
	"cmp"

	"odradek/core/env"
	"odradek/core/order"
)

// sector is what a device writes in one piece, in bytes.
const sector = 512

// Choose picks one of n outcomes, from 0.
type Choose func(n int) int

// Kill is what a killed process leaves: everything that was written. The old
// disk's handles do not touch the new one.
func (d *Disk) Kill() *Disk {
	return &Disk{root: copyDirectory(d.root, nil, map[*inode]*inode{}), Cold: d.Cold}
}

// PowerLoss is what survives when the page cache is lost; choose decides for
// every block, length and directory that was not synced.
func (d *Disk) PowerLoss(choose Choose) *Disk {
	return &Disk{root: copyDirectory(d.root, choose, map[*inode]*inode{}), Cold: d.Cold}
}

func copyDirectory(from *directory, choose Choose, seen map[*inode]*inode) *directory {
	to := newDirectory()
	entries := from.entries
	if choose != nil {
		survived := choose(len(from.changes) + 1)
		entries = cloneEntries(from.durable)
		for _, c := range from.changes[:survived] {
			applyTo(entries, c)
		}
	}
	for name, n := range entries.Entries() {
		copied := &node{}
		if n.dir != nil {
			copied.dir = copyDirectory(n.dir, choose, seen)
		} else {
			copied.file = copyInode(n.file, choose, seen)
		}
		to.entries.Put(name, copied)
		if choose != nil {
			to.durable.Put(name, copied)
		}
	}
	if choose == nil {
		carryChanges(from, to)
	}
	return to
}

// carryChanges keeps what is not durable yet not durable, after a kill.
func carryChanges(from, to *directory) {
	at := func(name string) *node {
		n, _ := to.entries.Get(name)
		return n
	}
	for name, n := range from.durable.Entries() {
		if now, ok := from.entries.Get(name); ok && now == n {
			to.durable.Put(name, at(name))
		}
	}
	for name := range from.entries.Entries() {
		if !to.durable.Has(name) {
			to.changes = append(to.changes, change{name: name, node: at(name)})
		}
	}
}

func cloneEntries(from *order.Map[string, *node]) *order.Map[string, *node] {
	to := order.NewMap[string, *node](cmp.Compare[string])
	for name, n := range from.Entries() {
		to.Put(name, n)
	}
	return to
}

func copyInode(from *inode, choose Choose, seen map[*inode]*inode) *inode {
	if done, ok := seen[from]; ok {
		return done
	}
	to := newInode()
	seen[from] = to
	if choose == nil {
		to.cache = append(to.cache, from.cache...)
		to.platter = append(to.platter, from.platter...)
		to.dirty = append(to.dirty, from.dirty...)
		return to
	}
	size := len(from.platter)
	if len(from.cache) != size && choose(2) == 1 {
		size = len(from.cache)
	}
	to.cache = make([]byte, size)
	copy(to.cache, from.platter)
	for b, dirty := range from.dirty {
		if dirty {
			surviveBlock(to.cache, from.cache, b*env.BlockSize, choose)
		}
	}
	to.platter = append(to.platter, to.cache...)
	to.dirty = make([]bool, (size+env.BlockSize-1)/env.BlockSize)
	return to
}

// surviveBlock leaves one block old, makes it new, or tears it.
func surviveBlock(to, from []byte, start int, choose Choose) {
	outcome := choose(3)
	for s := start; s < start+env.BlockSize; s += sector {
		if s >= len(to) || s >= len(from) || outcome == 0 {
			return
		}
		if outcome == 1 || choose(2) == 1 {
			copy(to[s:min(s+sector, len(to))], from[s:])
		}
	}
}
