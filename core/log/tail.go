package log

import (
	"odradek/core/assert"
	"odradek/core/kafka"
)

const (
	// tailFirst is how many marks a tail begins with, tailMax how many it grows
	// to while what is not yet flushed needs them. Both are powers of two.
	tailFirst = 16
	tailMax   = 1024
)

// mark is the start of a batch.
type mark struct {
	base     kafka.Offset
	position int64
}

// tail remembers where the last batches of the active segment begin, so that
// those who read what was just written need no index and no file. It is a ring.
type tail struct {
	ring  []mark
	first int
	count int
}

func (r *tail) at(i int) mark { return r.ring[(r.first+i)&(len(r.ring)-1)] }

// clear forgets everything: another segment has become the active one.
func (r *tail) clear() { r.first, r.count = 0, 0 }

// add remembers a batch. Marks below needed may be forgotten, the others only
// when there are tailMax of them.
func (r *tail) add(m mark, needed kafka.Offset) {
	assert.That(r.count == 0 || r.at(r.count-1).base < m.base, "a tail is in order")
	if r.count == len(r.ring) {
		if len(r.ring) == 0 || len(r.ring) < tailMax && r.at(1).base > needed {
			r.grow()
		} else {
			r.first = (r.first + 1) & (len(r.ring) - 1)
			r.count--
		}
	}
	r.ring[(r.first+r.count)&(len(r.ring)-1)] = m
	r.count++
}

func (r *tail) grow() {
	grown := make([]mark, max(tailFirst, 2*len(r.ring)))
	for i := range r.count {
		grown[i] = r.at(i)
	}
	r.ring, r.first = grown, 0
}

// find returns the number of the batch that holds offset, -1 if it is not among
// those remembered.
func (r *tail) find(offset kafka.Offset) int {
	low, high := -1, r.count-1
	for low < high {
		middle := (low + high + 1) / 2
		if r.at(middle).base <= offset {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// boundary returns where batch i begins, end for the one behind the last.
func (r *tail) boundary(i int, end mark) mark {
	if i == r.count {
		return end
	}
	return r.at(i)
}

// floor returns the number of the last boundary that is neither above limit nor
// above upTo, -1 if that is not among those remembered.
func (r *tail) floor(limit int64, upTo kafka.Offset, end mark) int {
	low, high := -1, r.count
	for low < high {
		middle := (low + high + 1) / 2
		if m := r.boundary(middle, end); m.position <= limit && m.base <= upTo {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}
