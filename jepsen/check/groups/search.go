package groups

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"odradek/jepsen/check"

	"github.com/anishathalye/porcupine"
)

const (
	// searchOperationsMax is how many operations of one register are searched through, and
	// searchOpenMax how many of them may be under way at a time: see jepsen/check.
	searchOperationsMax = 3000
	searchOpenMax       = 15
)

// RunSearched is Run with a second opinion on the registers, by Porcupine. If it
// disagrees, one of the two is wrong, and the history fails for that. Unlike all else of
// this package it reads the clock and starts goroutines, which have ended when it returns
// but for those of a search that ran out of patience.
func RunSearched(h *History, s check.Search) (check.Verdict, check.Searched) {
	var verdict check.Verdict
	var searched check.Searched
	all := views(h)
	random := rand.New(rand.NewPCG(s.Seed, uint64(len(all))))
	for _, v := range all {
		v.run(&verdict)
		for _, i := range random.Perm(len(v.registers)) {
			v.second(v.registers[i], s, &verdict, &searched)
		}
		v.leaveOpen(&verdict)
	}
	return verdict, searched
}

// second seeks a second opinion on one register.
func (v *view) second(r *register, s check.Search, verdict *check.Verdict,
	searched *check.Searched) {
	operations, lenient := v.operations(r)
	a, _ := conflict(r.zones(v.emptied(r)))
	switch {
	case r.impossible():
		return // a fetch that saw what nobody wrote: there is no order to look for
	case len(operations) > searchOperationsMax || openMost(operations) > searchOpenMax:
		searched.Wide++
		return
	case s.OperationsMax > 0 && a == nil && searched.Operations+len(operations) > s.OperationsMax:
		searched.Left++
		return
	}
	searched.Windows++
	searched.Operations += len(operations)
	result := porcupine.CheckOperationsTimeout(registerModel(), operations, s.Patience)
	disagree := func(sentence string) {
		verdict.Add(violation(check.SecondOpinion, v.group, found(nil, "%s: %s",
			v.partitionName(r.partition), sentence)))
	}
	switch {
	case result == porcupine.Unknown:
		v.open = append(v.open, v.partitionName(r.partition)+
			": the search for an order of its commits and fetches ran out of patience")
	case result == porcupine.Illegal && a == nil:
		disagree("no order of its commits and fetches gives every answer, though no invariant objects")
	case result == porcupine.Ok && a != nil && !lenient:
		disagree("two values are said to be in each other's way, though there is an order of all")
	}
}

// impossible reports whether some fetch was told what no commit can have written.
func (r *register) impossible() bool {
	return slices.ContainsFunc(r.reads, func(read *Read) bool {
		c := r.byValue[read.Value]
		return read.Value != None() && (c == nil || c.Outcome == check.Failed || c.Call > read.Return)
	})
}

// step is what the search knows of one operation.
type step struct {
	writes bool
	value  Value
}

// operations are those of a register as the search has them. Each fetch that may have
// seen an emptied register brings along an emptying of its own. That makes the search
// lenient: another fetch may be served by it as well.
func (v *view) operations(r *register) (all []porcupine.Operation, lenient bool) {
	add := func(s step, call, ret check.Event) {
		all = append(all, porcupine.Operation{ClientId: len(all), Input: s, Call: int64(call),
			Return: int64(ret)})
	}
	seen := map[Value]check.Event{}
	emptied := v.emptied(r)
	for _, read := range r.reads {
		if at, again := seen[read.Value]; !again || read.Return < at {
			seen[read.Value] = read.Return
		}
		if read.Value == None() && emptied(read) {
			lenient = true
			add(step{true, None()}, read.Call, read.Return)
		}
		add(step{false, read.Value}, read.Call, read.Return)
	}
	for _, c := range r.commits {
		at, again := seen[c.Value]
		switch {
		case c.Outcome == check.OK:
			add(step{true, c.Value}, c.Call, c.Return)
		case c.Outcome == check.Unknown && again:
			add(step{true, c.Value}, c.Call, at) // it had taken effect by then
		}
	}
	for _, d := range r.deletes {
		if d.Outcome == check.OK {
			add(step{true, None()}, d.Call, d.Return)
		}
	}
	slices.SortFunc(all, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return all, lenient
}

// registerModel is a register that begins empty.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return None() },
		Step: func(state, input, _ any) (bool, any) {
			if s := input.(step); s.writes {
				return true, s.value
			} else {
				return state.(Value) == s.value, state
			}
		},
	}
}

// openMost is how many operations are under way at the most.
func openMost(all []porcupine.Operation) int {
	type moment struct {
		at   int64
		open int
	}
	var moments []moment
	for i := range all {
		moments = append(moments, moment{all[i].Call, 1}, moment{all[i].Return, -1})
	}
	slices.SortFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	open, most := 0, 0
	for _, m := range moments {
		open += m.open
		most = max(most, open)
	}
	return most
}
