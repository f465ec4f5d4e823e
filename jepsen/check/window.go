package check

import (
	"cmp"
	"slices"
	"time"

	"odradek/core/kafka"

	"github.com/anishathalye/porcupine"
)

// window is a part of a partition's history that began and ended at moments at
// which nothing was under way:
//
//	          cut                      cut
//	|--append--|  |--append--|          |  |--read--|
//	 |--read--|       |-------read-----||
//
// Everything before the first moment is over, so the log's end was then the
// highest that anybody knew of.
type window struct {
	view       *view
	operations []porcupine.Operation
	// from and to are the first call and the last return.
	from, to Event
	// begin is where the log ended at the least when the window began, end where
	// it ended at the most when the window was over.
	begin, end kafka.Offset
	// gaps are the offsets that nobody knows the writers of, and doubtful how
	// many batches might have been written there.
	gaps     []gap
	doubtful int
	// places are those of the partition by base: what reads find below begin.
	places []place
	chosen bool
	result porcupine.CheckResult
}

// claim is what an operation says of the log, as the search is told.
type claim struct {
	kind claimKind
	// records are those of an append, base their first offset where it is known.
	records []Hash
	base    kafka.Offset
	// end is where a read saw the log end, read what it gave.
	end  kafka.Offset
	read []Record
}

type claimKind uint8

const (
	claimsAppend claimKind = iota
	claimsEnd
	// mayAppend is an append that nobody saw: it took place in a gap, or not here.
	mayAppend
)

// operation is a claim with its times.
type operation struct {
	claim
	call, ret Event
}

// reach is the end of the log after the operation, as far as it says.
func (o *operation) reach() kafka.Offset {
	if o.kind == claimsEnd {
		return o.end
	}
	return o.base + kafka.Offset(len(o.records))
}

// operations are the claims of a partition by their calls, and whether they can
// be searched: one that was seen before it was called breaks time itself, and the
// checks say so. The steps are sorted.
//
// A batch without an answer may have been read only much later, and would be under
// way all the time until then, so that nothing could be cut. But whatever is at a
// higher offset came after it: it was there when the first of that was over. Such a
// narrower time can make the search object to more, and never to less.
func (v *view) operations(places []place, steps []step) (all []operation, sound bool) {
	above, over := len(steps), Never
	for i := len(places) - 1; i >= 0; i-- {
		at := &places[i]
		p := v.of(at)
		for above > 0 && steps[above-1].position >= 2*int64(v.end(at)) {
			above--
			over = min(over, steps[above].before)
		}
		if len(p.Records) == 0 {
			continue
		}
		ret := at.before
		if !at.acknowledged && over > p.Call {
			ret = min(ret, over)
		}
		all = append(all, operation{claim{kind: claimsAppend, records: p.Records,
			base: at.base}, p.Call, ret})
	}
	for _, l := range v.lists {
		if !l.Earliest {
			all = append(all, operation{claim{kind: claimsEnd, end: l.Offset}, l.Call, l.Return})
		}
	}
	for _, f := range v.fetches {
		if !v.rules.StaleFetch {
			all = append(all, operation{claim{kind: claimsEnd, end: f.HighWatermark,
				read: f.Records}, f.Call, f.Return})
		}
	}
	for _, s := range v.scans {
		all = append(all, operation{claim{kind: claimsEnd, end: s.End, read: s.Records},
			s.Call, s.Return})
	}
	slices.SortFunc(all, func(a, b operation) int {
		return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.ret, b.ret))
	})
	return all, !slices.ContainsFunc(all, func(o operation) bool { return o.ret < o.call })
}

// windows cuts a partition's history. None has fewer than operationsMin
// operations, but for the last.
func (v *view) windows(operationsMin int) []*window {
	places, marks := v.sortedPlaces(), v.marks()
	steps := v.steps(places, marks)
	sortSteps(steps)
	all, sound := v.operations(places, steps)
	if !sound {
		return nil
	}
	gaps := slices.DeleteFunc(v.gaps(places, boundaries(marks), steps),
		func(g gap) bool { return g.seen })
	var list []*window
	end := kafka.Offset(0)
	for first := 0; first < len(all); {
		w := &window{view: v, from: all[first].call, begin: end, places: places}
		next := first
		for ; next < len(all); next++ {
			if next-first >= operationsMin && all[next].call > w.to {
				break
			}
			w.to = max(w.to, all[next].ret)
			end = max(end, all[next].reach())
		}
		w.end = end
		w.take(all[first:next])
		w.doubt(gaps)
		list = append(list, w)
		first = next
	}
	return list
}

// take puts operations into the form that the search wants.
func (w *window) take(all []operation) {
	w.operations = make([]porcupine.Operation, len(all))
	for i := range all {
		w.operations[i] = porcupine.Operation{ClientId: i, Input: &all[i].claim,
			Call: int64(all[i].call), Return: int64(all[i].ret)}
	}
}

// doubt adds the batches that nobody saw, if the window has offsets that nobody
// knows the writers of and that they fit in. Such a batch may take effect at any
// time after it was sent, so of those of a size the first that were sent are as
// good as any others. One that several windows might need is offered to each of
// them: then the search is too kind, and gaps.go is not.
func (w *window) doubt(gaps []gap) {
	for _, g := range gaps {
		if g.from < w.end && g.to > w.begin {
			w.gaps = append(w.gaps, g)
		}
	}
	if len(w.gaps) == 0 {
		return
	}
	offered := map[int]kafka.Offset{} // by the number of records
	for i, p := range w.view.produces {
		room, inTime := kafka.Offset(0), false
		for _, g := range w.gaps {
			inTime = inTime || p.Call < g.before
			room += (g.to - g.from) / kafka.Offset(max(1, len(p.Records)))
		}
		for range w.view.unseen(i) {
			if p.Call > w.to || !inTime || offered[len(p.Records)] >= room {
				break
			}
			offered[len(p.Records)]++
			w.doubtful++
			w.operations = append(w.operations, porcupine.Operation{ClientId: len(w.operations),
				Input: &claim{kind: mayAppend, records: p.Records}, Call: int64(p.Call),
				Return: int64(Never)})
		}
	}
}

// fits reports whether a search of the window ends in good time.
func (w *window) fits() bool {
	if len(w.operations) > windowOperationsMax || w.doubtful > windowDoubtfulMax {
		return false
	}
	type moment struct {
		at   int64
		open int
	}
	moments := make([]moment, 0, 2*len(w.operations))
	for i := range w.operations {
		moments = append(moments, moment{w.operations[i].Call, 1},
			moment{w.operations[i].Return, -1})
	}
	slices.SortFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	open := 0
	for _, m := range moments {
		if open += m.open; open > windowOpenMax {
			return false
		}
	}
	return true
}

// search looks for an order of the operations that gives every answer.
func (w *window) search(patience time.Duration) porcupine.CheckResult {
	begin := &state{end: w.begin, window: w}
	equal := func(a, b any) bool { return a.(*state).same(b.(*state)) }
	hash := func(s any) uint64 { return s.(*state).hash }
	var model porcupine.Model
	if w.doubtful == 0 {
		model = porcupine.Model{Equal: equal, Hash: hash,
			Init: func() any { return begin },
			Step: func(s, input, _ any) (bool, any) {
				after := s.(*state).after(input.(*claim))
				return after != nil, after
			}}
	} else {
		model = (&porcupine.NondeterministicModel{Equal: equal, Hash: hash,
			Init: func() []any { return []any{begin} },
			Step: func(s, input, _ any) []any { return s.(*state).possible(input.(*claim)) },
		}).ToModel()
	}
	return porcupine.CheckOperationsTimeout(model, w.operations, patience)
}

// state is a log as the search has it: the last batch that was appended in the
// window, and the log before it. It never changes.
type state struct {
	// end is the offset behind the batch, hash that of all contents since the
	// window began.
	end    kafka.Offset
	hash   uint64
	batch  []Hash
	before *state
	window *window
}

func (s *state) same(other *state) bool { return s.end == other.end && s.hash == other.hash }

// after is the log after an operation, or nil if it can't come next.
func (s *state) after(c *claim) *state {
	switch {
	case c.kind == claimsEnd && c.end == s.end && s.holds(c.read):
		return s
	case c.kind == claimsAppend && c.base == s.end:
		return s.append(c.records)
	}
	return nil
}

// possible are the logs that may come after an operation.
func (s *state) possible(c *claim) []any {
	if c.kind != mayAppend {
		if after := s.after(c); after != nil {
			return []any{after}
		}
		return nil
	}
	until := s.end + kafka.Offset(len(c.records))
	for i := range s.window.gaps {
		if g := &s.window.gaps[i]; s.end >= g.from && until <= g.to {
			return []any{s, s.append(c.records)}
		}
	}
	return []any{s}
}

func (s *state) append(batch []Hash) *state {
	hash := s.hash
	for _, record := range batch {
		hash = (hash ^ uint64(record)) * 0x9E3779B97F4A7C15
		hash ^= hash >> 29
	}
	return &state{s.end + kafka.Offset(len(batch)), hash, batch, s, s.window}
}

// holds reports whether the log has records as somebody read them.
func (s *state) holds(read []Record) bool {
	for i := len(read) - 1; i >= 0; i-- {
		offset := read[i].Offset
		if offset >= s.end || i > 0 && !s.window.follows(read[i-1].Offset, offset) {
			return false
		}
		for s.before != nil && offset < s.before.end {
			s = s.before
		}
		if s.before == nil {
			return s.window.held(read[:i+1])
		}
		if s.batch[offset-s.before.end] != read[i].Hash {
			return false
		}
	}
	return true
}

// follows reports whether one read gives an offset right after another.
func (w *window) follows(before, at kafka.Offset) bool {
	return before == at-1 || w.view.rules.Compacted && before < at
}

// held reports whether records are those that the log had before the window, as
// the places say.
func (w *window) held(read []Record) bool {
	for i, record := range read {
		if i > 0 && !w.follows(read[i-1].Offset, record.Offset) {
			return false
		}
		at, found := slices.BinarySearchFunc(w.places, record.Offset,
			func(p place, offset kafka.Offset) int { return cmp.Compare(p.base, offset) })
		if !found {
			at--
		}
		if at < 0 {
			return false
		}
		p := &w.places[at]
		batch := w.view.of(p).Records
		if index := int(record.Offset - p.base); index >= len(batch) || batch[index] != record.Hash {
			return false
		}
	}
	return true
}
