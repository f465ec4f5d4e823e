package disk

import (
	"time"

	"odradek/core/env"
	"odradek/core/kafka"
	"odradek/sim/chance"
	"odradek/sim/fault"
	"odradek/sim/schedule"
)

// freeze takes the dirty pages of a file out of its cache's care: they are what
// a sync or write-behind will put on the platter, whatever is written meanwhile.
func (n *inode) freeze(into []frozenPage) []frozenPage {
	for _, i := range n.dirtyPages {
		into = append(into, frozenPage{i, n.cache[i].hold()})
		n.flags[i] &^= dirty
	}
	n.dirtyPages = n.dirtyPages[:0]
	n.syncs++
	return into
}

// settle puts frozen pages on the platter.
func (n *inode) settle(frozen []frozenPage) {
	for _, f := range frozen {
		n.disk.pages.drop(n.platter[f.index])
		n.platter[f.index] = f.page
	}
	n.syncs--
}

// forget drops frozen pages that could not be written: the cache goes on
// showing them, clean.
func (n *inode) forget(frozen []frozenPage) {
	for _, f := range frozen {
		if n.flags[f.index]&dirty == 0 {
			n.flags[f.index] |= lying
		}
		n.disk.pages.drop(f.page)
	}
	n.syncs--
}

// settleSize makes the length durable: nothing of the platter is left behind it.
func (n *inode) settleSize(size int64) {
	n.durableSize = size
	if len(n.dirtyPages) == 0 && n.size == size && n.syncs == 0 {
		n.unclean = false
		n.disk.cleaned(n)
	}
}

func (d *Disk) cleaned(n *inode) {
	for i, other := range d.unclean {
		if other == n {
			last := len(d.unclean) - 1
			copy(d.unclean[i:], d.unclean[i+1:])
			d.unclean[last] = nil
			d.unclean = d.unclean[:last]
			return
		}
	}
}

func (o *operation) finishSync() {
	n := o.file
	if o.fails != nil {
		n.forget(o.frozen)
		n.failures++
		return
	}
	n.settle(o.frozen)
	n.settleSize(o.size)
}

// writesUntil is when a write of the file's dirty pages that begins now ends,
// if it takes so long by itself. Writes of one file end in the order in which they
// began: a sync covers the write-behinds before it, and no older version of a
// page replaces a newer one.
func (n *inode) writesUntil(takes time.Duration) kafka.Instant {
	n.lastWrite = max(n.lastWrite, n.disk.scheduler.Now().Plus(takes))
	return n.lastWrite
}

// writeBehind is a StartWriteback on its way.
type writeBehind struct {
	file   *inode
	frozen []frozenPage
	fails  bool
}

// startWriteback begins to write the dirty pages of [first, end).
func (n *inode) startWriteback(first, end int, lane *schedule.Lane) {
	w := &writeBehind{file: n}
	kept := n.dirtyPages[:0]
	for _, i := range n.dirtyPages {
		if int(i) < first || int(i) >= end {
			kept = append(kept, i)
			continue
		}
		w.frozen = append(w.frozen, frozenPage{i, n.cache[i].hold()})
		n.flags[i] &^= dirty
	}
	n.dirtyPages = kept
	if len(w.frozen) == 0 {
		return
	}
	n.syncs++
	d := n.disk
	if _, w.fails = d.plan.Draw(fault.DiskWritebackError, d.node); w.fails {
		d.plan.Fired(fault.DiskWritebackError)
		d.alarm(fault.DiskWritebackError, n)
	}
	d.writeBehinds = append(d.writeBehinds, w)
	ends := n.writesUntil(d.takes(d.config.Sync, len(w.frozen)))
	d.scheduler.At(ends, schedule.WriteBehind, w, lane, n.number, uint64(first))
}

// Act is the end of the write-behind.
func (w *writeBehind) Act(*schedule.Event) {
	if !w.file.disk.removeWriteBehind(w) {
		return // a crash settled it
	}
	if w.fails {
		w.file.forget(w.frozen)
		w.file.failures++
		return
	}
	w.file.settle(w.frozen)
}

func (d *Disk) removeWriteBehind(w *writeBehind) bool {
	for i, other := range d.writeBehinds {
		if other == w {
			d.writeBehinds = append(d.writeBehinds[:i], d.writeBehinds[i+1:]...)
			return true
		}
	}
	return false
}

// finishThrough puts a write-through on the platter and into the cache, or, if
// it fails, a mix of its blocks.
func (o *operation) finishThrough() {
	if o.fails != nil {
		o.tear(o.failure)
		return
	}
	for i := range len(o.data) / pageSize {
		o.file.through(int(o.position/pageSize)+i, o.data[i*pageSize:(i+1)*pageSize])
	}
	d := o.file.disk
	d.throughs++
	o.file.lastThrough = through{number: d.throughs, ended: d.scheduler.Now(),
		from: o.position, to: o.position + int64(len(o.data))}
}

// through writes one block to the platter and the cache at once.
func (n *inode) through(i int, block []byte) {
	n.grow(i + 1)
	g := n.platter[i]
	if g == nil || g != n.cache[i] || g.holders != 2 {
		if n.cache[i] == nil && i >= n.reserved {
			n.allocate(1)
		}
		n.disk.pages.drop(n.platter[i])
		n.disk.pages.drop(n.cache[i])
		g = n.disk.pages.take()
		n.platter[i], n.cache[i] = g, g.hold()
	}
	copy(g.data[:], block)
	n.flags[i] &^= cold | lying | bad
	n.durableSize = max(n.durableSize, min(n.size, int64(i+1)*pageSize))
}

// tear writes some of a write-through's blocks: value picks none, all, a
// prefix, or any.
func (o *operation) tear(value uint64) {
	pick := chance.New(value, "tear")
	blocks := len(o.data) / pageSize
	mode, prefix := pick.Below(4), int(pick.Below(uint64(blocks+1)))
	for i := range blocks {
		written := mode == 1 || mode == 2 && i < prefix || mode == 3 && pick.OneIn(2)
		if written {
			o.file.through(int(o.position/pageSize)+i, o.data[i*pageSize:(i+1)*pageSize])
		}
	}
}

// failedSince reports the failures that a handle has not been told of yet.
func (f *file) failedSince() error {
	if f.node.failures != f.told {
		f.told = f.node.failures
		return env.ErrIO
	}
	return nil
}
