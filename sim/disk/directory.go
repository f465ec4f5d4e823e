package disk

import (
	"slices"
	"strings"

	"odradek/core/env"
)

// directory has the entries that programs see and those that a power loss
// leaves, both in the order of their names.
type directory struct {
	visible []entry
	durable []entry
}

type entry struct {
	name string
	file *inode
	dir  *directory
}

// is reports whether two entries are of the same file or directory.
func (e entry) is(other entry) bool { return e.file == other.file && e.dir == other.dir }

func find(entries []entry, name string) (int, bool) {
	return slices.BinarySearchFunc(entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
}

func put(entries []entry, e entry) []entry {
	i, there := find(entries, e.name)
	if there {
		entries[i] = e
		return entries
	}
	return slices.Insert(entries, i, e)
}

// change is one operation on entries that is not durable yet: it takes from
// away from one directory and gives to to another; either may be missing.
type change struct {
	from, to   *directory
	fromName   string
	entry      entry // with the new name
	fromSynced bool
	toSynced   bool
}

// apply makes the change durable.
func (c *change) apply() {
	if c.from != nil {
		i, there := find(c.from.durable, c.fromName)
		if there && c.from.durable[i].is(c.entry) {
			c.from.durable = slices.Delete(c.from.durable, i, i+1)
		}
	}
	if c.to != nil {
		c.to.durable = put(c.to.durable, c.entry)
	}
}

// synced notes that a directory's entries were synced and reports whether the
// change is durable by that: a move between two directories needs both.
func (c *change) synced(d *directory) bool {
	c.fromSynced = c.fromSynced || c.from == nil || c.from == d
	c.toSynced = c.toSynced || c.to == nil || c.to == d
	return c.fromSynced && c.toSynced
}

// changed records a change of visible entries.
func (d *Disk) changed(c change) { d.changes = append(d.changes, c) }

// syncEntries makes the first count changes durable as far as they concern dir.
func (d *Disk) syncEntries(dir *directory, count int) {
	kept := d.changes[:0]
	for i := range d.changes {
		c := d.changes[i]
		if i < count && (c.from == dir || c.to == dir) && c.synced(dir) {
			c.apply()
			continue
		}
		kept = append(kept, c)
	}
	clear(d.changes[len(kept):])
	d.changes = kept
}

// walk finds the directory that holds the last part of a name.
func (d *Disk) walk(name string) (*directory, string, error) {
	dir := d.root
	for {
		first, rest, more := strings.Cut(name, "/")
		if !more {
			return dir, name, nil
		}
		i, there := find(dir.visible, first)
		if !there || dir.visible[i].dir == nil {
			return nil, "", env.ErrNotExist
		}
		dir, name = dir.visible[i].dir, rest
	}
}

// lookup finds an entry by its whole name.
func (d *Disk) lookup(name string) (entry, *directory, error) {
	dir, last, err := d.walk(name)
	if err != nil {
		return entry{}, nil, err
	}
	i, there := find(dir.visible, last)
	if !there {
		return entry{}, nil, env.ErrNotExist
	}
	return dir.visible[i], dir, nil
}

// directoryNamed finds a directory; the empty name is the root.
func (d *Disk) directoryNamed(name string) (*directory, error) {
	if name == "" {
		return d.root, nil
	}
	e, _, err := d.lookup(name)
	if err != nil || e.dir == nil {
		return nil, env.ErrNotExist
	}
	return e.dir, nil
}

// link gives a new file or directory its name.
func (d *Disk) link(dir *directory, e entry) {
	dir.visible = put(dir.visible, e)
	if e.file != nil {
		e.file.names++
	}
	d.changed(change{to: dir, entry: e})
}

func (d *Disk) unlink(dir *directory, i int) {
	e := dir.visible[i]
	dir.visible = slices.Delete(dir.visible, i, i+1)
	d.changed(change{from: dir, fromName: e.name, entry: e})
	if e.file != nil {
		e.file.names--
		e.file.reclaim()
	}
}

// rename moves an entry, replacing a file of the new name.
func (d *Disk) rename(from, to string) error {
	e, fromDir, err := d.lookup(from)
	if err != nil {
		return err
	}
	toDir, toName, err := d.walk(to)
	if err != nil {
		return err
	}
	if i, there := find(toDir.visible, toName); there {
		old := toDir.visible[i]
		if old.is(e) {
			return nil
		}
		if (old.dir != nil) != (e.dir != nil) || old.dir != nil && len(old.dir.visible) > 0 {
			return env.ErrExist
		}
		if old.file != nil {
			old.file.names--
			old.file.reclaim()
		}
	}
	i, _ := find(fromDir.visible, e.name)
	fromDir.visible = slices.Delete(fromDir.visible, i, i+1)
	fromName := e.name
	e.name = toName
	if e.file != nil {
		e.file.label = to
	}
	toDir.visible = put(toDir.visible, e)
	d.changed(change{from: fromDir, fromName: fromName, to: toDir, entry: e})
	return nil
}

// RemoveAll removes what has a name and everything in it, durably: somebody does
// that while no program runs. It reports whether there was anything.
func (d *Disk) RemoveAll(name string) bool {
	e, dir, err := d.lookup(name)
	if err != nil {
		return false
	}
	for e.dir != nil && len(e.dir.visible) > 0 {
		d.RemoveAll(name + "/" + e.dir.visible[0].name)
	}
	i, _ := find(dir.visible, e.name)
	d.unlink(dir, i)
	d.syncEntries(dir, len(d.changes))
	return true
}
