package groups

import (
	"cmp"
	"slices"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// A committed offset is a register: commits write it, fetches read it, and every value is
// written once. Which commit a fetch saw is known, so whether there is an order of all that
// gives every answer needs no search (Gibbons and Korach, 1997). All operations on one value
// make a cluster, with the commit first. Let f be the first return among them, and s the
// last call:
//
//	    commit    |-----|            commit |-------|
//	    fetch           |---|        fetch     |--------|
//	                 f  s                      s    f
//	forward zone:    <-->            backward: <---->
//
// A forward zone is a time in which the register certainly had the value. A backward zone
// has some moment at which it had it. There is an order if and only if no fetch is over
// before its commit is called, no two forward zones overlap, and no backward zone lies
// within a forward zone.
//
// A commit of unknown outcome that nobody saw is left out: its moment may be yet to come.

// register is one partition's committed offset.
type register struct {
	partition kafka.TopicPartition
	commits   []*Commit // that may have had an effect, or are proven not to
	reads     []*Read
	deletes   []*Delete
	byValue   map[Value]*Commit
}

func splitRegisters(h *History, of func(Group) *view) {
	type key struct {
		group     Group
		partition kafka.TopicPartition
	}
	all := map[key]*register{}
	at := func(group Group, partition kafka.TopicPartition) *register {
		r := all[key{group, partition}]
		if r == nil {
			r = &register{partition: partition, byValue: map[Value]*Commit{}}
			all[key{group, partition}] = r
			of(group).registers = append(of(group).registers, r)
		}
		return r
	}
	for i := range h.Commits {
		c := &h.Commits[i]
		r, v := at(c.Group, c.Partition), of(c.Group)
		v.commits = append(v.commits, c)
		r.commits = append(r.commits, c)
		if r.byValue[c.Value] != nil {
			v.open = append(v.open, "two commits have one value, so a fetch does not say which it "+
				"saw: the workload must commit distinct metadata")
		}
		r.byValue[c.Value] = c
	}
	for i := range h.Reads {
		if r := &h.Reads[i]; r.Outcome == check.OK {
			to := at(r.Group, r.Partition)
			to.reads = append(to.reads, r)
		}
	}
	for i := range h.Deletes {
		if d := &h.Deletes[i]; d.Outcome != check.Failed {
			to := at(d.Group, d.Partition)
			to.deletes = append(to.deletes, d)
		}
	}
	for group := range all {
		slices.SortFunc(of(group.group).registers, func(a, b *register) int {
			return a.partition.Compare(b.partition)
		})
	}
}

// zone is a cluster, as described above.
type zone struct {
	// commit is nil for the value of a register that was never written, or was emptied.
	commit *Commit
	// first and last are the operations that return first and are called last.
	first, last check.Operation
}

func (z *zone) f() check.Event { return z.first.Return }
func (z *zone) s() check.Event { return z.last.Call }

// never reports whether the zone is that of a register which was never written.
func (z *zone) never() bool { return z.commit == nil && z.first == check.Operation{} }

// forward reports whether the register had the value for a time, instead of at a moment.
func (z *zone) forward() bool { return z.f() < z.s() }

func (z *zone) add(o check.Operation) {
	if o.Return < z.first.Return {
		z.first = o
	}
	if o.Call > z.last.Call {
		z.last = o
	}
}

func (z *zone) value() Value {
	if z.commit == nil {
		return None()
	}
	return z.commit.Value
}

// zones clusters what was done to a register. emptied says of a fetch that found nothing
// whether the value may have been taken away before it: by a deletion, or by expiry.
func (r *register) zones(emptied func(*Read) bool) []*zone {
	byCommit := map[*Commit]*zone{}
	var all []*zone
	put := func(c *Commit, o check.Operation) {
		z := byCommit[c]
		if z == nil {
			z = &zone{commit: c, first: o, last: o}
			byCommit[c] = z
			all = append(all, z)
		}
		z.add(o)
	}
	for _, read := range r.reads {
		c := r.byValue[read.Value]
		switch {
		case read.Value == None() && emptied(read):
			all = append(all, &zone{first: read.Operation, last: read.Operation})
		case read.Value == None():
			put(nil, read.Operation)
		case c != nil && c.Outcome != check.Failed && c.Call < read.Return:
			put(c, read.Operation)
		}
		// What else there is to say of a read has an invariant of its own.
	}
	for _, c := range r.commits {
		if c.Outcome == check.OK || byCommit[c] != nil && c.Outcome == check.Unknown {
			o := c.Operation
			if c.Outcome == check.Unknown {
				o.Return = check.Never
			}
			put(c, o)
		}
	}
	for _, d := range r.deletes {
		if d.Outcome == check.OK { // there was a moment at which there was nothing
			all = append(all, &zone{first: d.Operation, last: d.Operation})
		}
	}
	if z := byCommit[nil]; z != nil {
		z.add(check.Operation{}) // it was so from the beginning
	}
	slices.SortFunc(all, func(a, b *zone) int {
		return cmp.Or(cmp.Compare(min(a.f(), a.s()), min(b.f(), b.s())), cmp.Compare(a.s(), b.s()))
	})
	return all
}

// conflict finds two zones that no order can have, or nil.
func conflict(zones []*zone) (a, b *zone) {
	var open *zone // the forward zone that reaches furthest so far
	for _, z := range zones {
		if open != nil && open.commit == nil && z.commit == nil {
			continue // both say that there was nothing
		}
		if open != nil && z.forward() && z.f() < open.s() {
			return open, z
		}
		if open != nil && !z.forward() && z.s() > open.f() && z.f() < open.s() {
			return open, z
		}
		if z.forward() && (open == nil || z.s() > open.s()) {
			open = z
		}
	}
	return nil, nil
}
