package assign

import "slices"

// ranking is a heap of members: first is the one that comes before all others. What the
// members are compared by may change only for the first one, and settle is called then.
type ranking struct {
	members []int32
	before  func(a, b int32) bool
}

// rank makes a ranking of members that are in the order of their indices.
func rank(members []int32, before func(a, b int32) bool) *ranking {
	r := &ranking{slices.Clone(members), before}
	for i := len(members)/2 - 1; i >= 0; i-- {
		r.down(i)
	}
	return r
}

func (r *ranking) len() int     { return len(r.members) }
func (r *ranking) first() int32 { return r.members[0] }

// settle puts the first member where it belongs now.
func (r *ranking) settle() { r.down(0) }

// drop takes the first member out.
func (r *ranking) drop() {
	last := len(r.members) - 1
	r.members[0] = r.members[last]
	r.members = r.members[:last]
	r.down(0)
}

func (r *ranking) down(i int) {
	for {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(r.members); child++ {
			if r.before(r.members[child], r.members[first]) {
				first = child
			}
		}
		if first == i {
			return
		}
		r.members[i], r.members[first] = r.members[first], r.members[i]
		i = first
	}
}
