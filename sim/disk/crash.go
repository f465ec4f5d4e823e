package disk

import (
	"slices"

	"odradek/sim/chance"
	"odradek/sim/fault"
)

// Kill is what kill -9 of the node's process does: the page cache stays, what
// it had open is closed, and a write-through in flight is torn or completed.
func (d *Disk) Kill() {
	d.settleThroughs()
	d.closeAll()
}

// PowerLoss is what the loss of power does: the page cache dies.
func (d *Disk) PowerLoss() {
	d.settleThroughs()
	for _, n := range d.lostFiles() {
		d.lose(n)
	}
	d.operations, d.writeBehinds = nil, nil
	d.loseChanges()
	d.closeAll()
	d.used = 0
	d.root.restore(d)
	d.unclean = nil
}

// settleThroughs ends every write-through in flight.
func (d *Disk) settleThroughs() {
	d.crashed = d.scheduler.Now()
	kept := d.operations[:0]
	for _, o := range d.operations {
		if o.action != doThrough {
			if o.action != doRead {
				kept = append(kept, o)
			}
			continue
		}
		if value, torn := d.plan.Draw(fault.DiskTornThrough, d.node); torn {
			o.tear(value)
			d.plan.Fired(fault.DiskTornThrough)
			d.alarm(fault.DiskTornThrough, o.file)
			continue
		}
		o.fails = nil
		o.finishThrough()
	}
	clear(d.operations[len(kept):])
	d.operations = kept
}

// lostFiles are the files with anything that is not on the platter, in the
// order in which they became so.
func (d *Disk) lostFiles() []*inode {
	files := d.unclean
	add := func(n *inode) {
		if n != nil && !n.unclean {
			n.unclean = true
			files = append(files, n)
		}
	}
	for _, o := range d.operations {
		add(o.file)
	}
	for _, w := range d.writeBehinds {
		add(w.file)
	}
	return files
}

// fate decides page by page what a power loss leaves.
type fate struct {
	pick   chance.Stream
	lossy  bool
	mode   uint64
	bound  uint64
	tears  bool
	index  uint64
	lost   bool
	torn   bool
	shrink uint64
}

const (
	loseAll = iota
	loseSome
	keepFirst
	keepLast
	fateModes
)

// lose takes the unsynced pages of a file through a power loss. Versions of a
// page reach the platter in the order in which they were made, or don't.
func (d *Disk) lose(n *inode) {
	var f fate
	pages := uint64(len(n.dirtyPages))
	var value uint64
	if value, f.lossy = d.plan.Draw(fault.DiskLostPages, d.node); f.lossy {
		f.pick = chance.New(value, "lost pages")
		f.mode = f.pick.Below(fateModes)
		f.bound = f.pick.Below(pages + 1)
		f.shrink = f.pick.Below(3)
	}
	var tearing uint64
	if tearing, f.tears = d.plan.Draw(fault.DiskTornPages, d.node); f.tears && !f.lossy {
		f.pick = chance.New(tearing, "torn pages")
	}
	for _, o := range d.operations {
		if o.action == doSync && o.file == n {
			f.takeAll(n, o.frozen)
		}
	}
	for _, w := range d.writeBehinds {
		if w.file == n {
			f.takeAll(n, w.frozen)
		}
	}
	n.syncs = 0
	f.takeAll(n, n.freeze(nil))
	n.syncs = 0
	f.lost = f.settleSize(n) || f.lost
	if f.lossy {
		d.settle(fault.DiskLostPages, f.lost, n)
	}
	if f.tears {
		d.settle(fault.DiskTornPages, f.torn, n)
	}
}

func (f *fate) takeAll(n *inode, frozen []frozenPage) {
	for _, p := range frozen {
		f.take(n, p)
		n.disk.pages.drop(p.page)
	}
}

// take decides about one version of one page.
func (f *fate) take(n *inode, p frozenPage) {
	old := n.platter[p.index]
	f.index++
	if f.tears && f.pick.OneIn(4) {
		n.platter[p.index] = n.disk.pages.mixed(old, p.page, f.pick.Uint64())
		n.disk.pages.drop(old)
		f.torn = true
		return
	}
	if f.lossy && f.loses() {
		f.lost = true
		return
	}
	n.platter[p.index] = p.page.hold()
	n.disk.pages.drop(old)
}

func (f *fate) loses() bool {
	switch f.mode {
	case loseSome:
		return f.pick.OneIn(2)
	case keepFirst:
		return f.index > f.bound
	case keepLast:
		return f.index <= f.bound
	}
	return true
}

// settleSize picks the length that the power loss leaves, between the durable
// one and the one that programs saw, and cuts the platter to it.
func (f *fate) settleSize(n *inode) (lost bool) {
	size := n.size
	if f.lossy && n.durableSize != n.size {
		low, high := min(n.size, n.durableSize), max(n.size, n.durableSize)
		switch f.shrink {
		case 0:
			size = n.durableSize
		case 1:
			size = low + int64(f.pick.Below(uint64(high-low)+1))
		}
	}
	lost = size != n.size
	n.durableSize = size
	return lost
}

// cutPlatter drops what the platter holds behind the file's end.
func (n *inode) cutPlatter() {
	keep := pagesOf(n.durableSize)
	for i := keep; i < len(n.platter); i++ {
		n.disk.pages.drop(n.platter[i])
		n.platter[i] = nil
	}
	rest := n.durableSize % pageSize
	if rest != 0 && keep <= len(n.platter) && n.platter[keep-1] != nil {
		g := n.disk.pages.copyOf(n.platter[keep-1])
		clear(g.data[rest:])
		n.disk.pages.drop(n.platter[keep-1])
		n.platter[keep-1] = g
	}
}

// restore makes the page cache and the visible entries what is durable.
func (dir *directory) restore(d *Disk) {
	dir.visible = append([]entry(nil), dir.durable...)
	for _, e := range dir.visible {
		if e.dir != nil {
			e.dir.restore(d)
			continue
		}
		e.file.restore()
	}
}

func (n *inode) restore() {
	n.cutPlatter()
	n.grow(pagesOf(n.durableSize))
	for i := range n.cache {
		n.disk.pages.drop(n.cache[i])
		n.cache[i] = n.platter[i].hold()
		n.flags[i] = n.flags[i]&bad | cold
	}
	n.size = n.durableSize
	n.dirtyPages = n.dirtyPages[:0]
	n.unclean, n.freed = false, false
	n.names = 1
	n.reserved = min(n.reserved, pagesOf(n.size))
	n.blocks = n.reserved
	for i := n.reserved; i < len(n.cache); i++ {
		if n.cache[i] != nil {
			n.blocks++
		}
	}
	n.disk.used += int64(n.blocks)
}

// loseChanges takes the directory changes that were not synced through a power
// loss: each is durable or gone. A change of an entry is gone if an earlier one
// of the same entry is: what was never created is not renamed.
func (d *Disk) loseChanges() {
	value, lossy := d.plan.Draw(fault.DiskLostEntries, d.node)
	pick := chance.New(value, "lost entries")
	mode, bound := pick.Below(fateModes), int(pick.Below(uint64(len(d.changes)+1)))
	var gone []entry
	for i, c := range d.changes {
		loses := lossy && (mode == loseAll || mode == loseSome && pick.OneIn(2) ||
			mode == keepFirst && i >= bound || mode == keepLast && i < bound)
		if loses || slices.ContainsFunc(gone, c.entry.is) {
			gone = append(gone, c.entry)
			continue
		}
		d.changes[i].apply()
	}
	d.changes = nil
	if lossy {
		d.settle(fault.DiskLostEntries, len(gone) > 0, nil)
	}
}

// settle enters a fault of a power loss in the ledger and the story.
func (d *Disk) settle(kind fault.Kind, fired bool, n *inode) {
	d.plan.Settle(kind, fired)
	if fired {
		d.alarm(kind, n)
	}
}
