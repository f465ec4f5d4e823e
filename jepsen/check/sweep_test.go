package check

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"odradek/core/kafka"
)

// asked and answered are what the search is told of an operation.
type asked struct {
	kind    string
	records string // of an append, one rune each
	offset  int    // of a fetch
}

type answered struct {
	certain bool // an append with an offset
	base    int
	end     int    // high watermark, end, or the scan's end
	read    string // the records of a fetch or scan
}

// logModel is a partition as a search sees it: the state is the whole log. An
// append without known outcome took place or did not.
func logModel() porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{""} },
		Step: func(state, input, output any) []any {
			log, in, out := state.(string), input.(asked), output.(answered)
			length := len([]rune(log))
			switch in.kind {
			case "append":
				switch {
				case !out.certain:
					return []any{log, log + in.records}
				case out.base == length:
					return []any{log + in.records}
				}
			case "end":
				if out.end == length {
					return []any{log}
				}
			case "read":
				runes := []rune(log)
				until := in.offset + len([]rune(out.read))
				if out.end == length && until <= length &&
					string(runes[in.offset:until]) == out.read {
					return []any{log}
				}
			}
			return nil
		},
		Equal: func(a, b any) bool { return a == b },
	}
	return nondeterministic.ToModel()
}

// asOperations translates a history for the search. A batch without outcome
// whose call never returns may take effect any time after it.
func asOperations(h *History) []porcupine.Operation {
	var all []porcupine.Operation
	add := func(o Operation, in asked, out answered) {
		all = append(all, porcupine.Operation{ClientId: len(all), Input: in, Output: out,
			Call: int64(o.Call), Return: int64(o.Return)})
	}
	for _, p := range h.Produces {
		in := asked{kind: "append"}
		for _, hash := range p.Records {
			in.records += string(rune(hash))
		}
		switch p.Outcome {
		case OK:
			add(p.Operation, in, answered{certain: true, base: int(p.Base)})
		case Unknown:
			p.Return = math.MaxInt64
			add(p.Operation, in, answered{})
		}
	}
	read := func(records []Record) (text string) {
		for _, record := range records {
			text += string(rune(record.Hash))
		}
		return text
	}
	for _, f := range h.Fetches {
		if f.Outcome == OK && len(f.Records) > 0 {
			add(f.Operation, asked{kind: "read", offset: int(f.Records[0].Offset)},
				answered{end: int(f.HighWatermark), read: read(f.Records)})
		} else if f.Outcome == OK {
			add(f.Operation, asked{kind: "end"}, answered{end: int(f.HighWatermark)})
		}
	}
	for _, l := range h.Lists {
		if l.Outcome == OK {
			add(l.Operation, asked{kind: "end"}, answered{end: int(l.Offset)})
		}
	}
	for _, s := range h.Scans {
		add(s.Operation, asked{kind: "read"}, answered{end: int(s.End), read: read(s.Records)})
	}
	return all
}

// spoil changes something small, so that the history may be impossible.
func spoil(c chooser, h *History) {
	nudge := func(offset *kafka.Offset) {
		*offset = max(0, *offset+kafka.Offset(c.choose(3)-1))
	}
	switch c.choose(6) {
	case 0:
		if p := pick(c, h.Produces); p != nil && p.Outcome == OK {
			nudge(&p.Base)
		}
	case 1:
		if l := pick(c, h.Lists); l != nil {
			nudge(&l.Offset)
		}
	case 2: // exchange the times of two operations of a kind
		if a, b := pick(c, h.Lists), pick(c, h.Lists); a != nil {
			a.Call, b.Call, a.Return, b.Return = b.Call, a.Call, b.Return, a.Return
		}
	case 3:
		if a, b := pick(c, h.Produces), pick(c, h.Produces); a != nil &&
			a.Return != Never && b.Return != Never {
			a.Call, b.Call, a.Return, b.Return = b.Call, a.Call, b.Return, a.Return
		}
	case 4:
		if a, b := pick(c, h.Produces), pick(c, h.Produces); a != nil &&
			a.Outcome == OK && b.Outcome == OK {
			a.Base, b.Base = b.Base, a.Base
		}
	case 5:
		if s := &h.Scans[0]; len(s.Records) > 0 {
			s.Records = s.Records[:len(s.Records)-1]
			s.End--
		}
	}
}

func pick[T any](c chooser, from []T) *T {
	if len(from) == 0 {
		return nil
	}
	return &from[c.choose(len(from))]
}

// agree holds a small history against the sweep and against a search.
func agree(c chooser) (disagreement string, legal bool) {
	h := legalHistory(c, settings{operations: 4 + c.choose(8), processes: 4, plain: true,
		kinds: []string{"produce", "produce", "end", "fetch"}})
	for range c.choose(3) {
		spoil(c, h)
	}
	verdict := Run(h)
	legal = porcupine.CheckOperations(logModel(), asOperations(h))
	if verdict.Result == Undecided || legal != (verdict.Result == Pass) {
		return fmt.Sprintf("the search says %v, the checks say %v\n%s",
			legal, verdict, story(h)), legal
	}
	return "", legal
}

// The sweep is no approximation: on small histories, possible and impossible, it
// agrees with a search through all orders.
func TestSweepAgreesWithSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if disagreement, _ := agree(drawn{t}); disagreement != "" {
			t.Fatal(disagreement)
		}
	})
	const histories = 4000
	legal := 0
	for seed := range uint64(histories) {
		disagreement, possible := agree(newSeeded(seed))
		if disagreement != "" {
			t.Fatalf("seed %d: %s", seed, disagreement)
		}
		if possible {
			legal++
		}
	}
	if legal < histories/5 || legal > histories*4/5 {
		t.Errorf("%d of %d are possible: the test sees one side only", legal, histories)
	}
}

func TestInversion(t *testing.T) {
	steps := []step{{5, 1, 9, 0}, {3, 2, 4, 1}, {4, 6, 8, 2}, {4, 3, 7, 3}}
	if _, _, found := inversion(slices.Clone(steps)); found {
		t.Error("all overlap, or are in order")
	}
	later, earlier, found := inversion(append(steps, step{9, 1, 5, 4}))
	if !found || later.index != 4 || earlier.index != 2 {
		t.Errorf("found %v: %+v before %+v", found, later, earlier)
	}
}

// manyAppends is a history of n operations, half of them reads of the end.
func manyAppends(n int) *History {
	h := new(History)
	random := newSeeded(1)
	scan := Scan{Operation: Operation{ID: n, Call: Event(4 * n), Return: Event(4*n + 1)}}
	for i := range n {
		o := Operation{ID: i, Process: i % 50, Outcome: OK,
			Call: Event(3 * i), Return: Event(3*i + 1 + random.choose(2))}
		if i%2 == 1 {
			h.Lists = append(h.Lists, ListOffsets{Operation: o, Offset: scan.End})
			continue
		}
		h.Produces = append(h.Produces, Produce{Operation: o, Records: []Hash{Hash(i)}, Sends: 1,
			Acks: AcksAll, Base: scan.End, ProducerID: kafka.NoProducerID})
		scan.Records = append(scan.Records, Record{scan.End, Hash(i)})
		scan.End++
	}
	h.Scans = append(h.Scans, scan)
	return h
}

func BenchmarkSweepMillion(b *testing.B) {
	random := newSeeded(1)
	steps := make([]step, 1_000_000)
	for i := range steps {
		steps[i] = step{int64(i), Event(3 * i), Event(3*i + 100), i}
	}
	random.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	work := make([]step, len(steps))
	for b.Loop() {
		copy(work, steps)
		if _, _, found := inversion(work); found {
			b.Fatal("found an inversion")
		}
	}
}

func BenchmarkRunMillion(b *testing.B) {
	h := manyAppends(1_000_000)
	for b.Loop() {
		if verdict := Run(h); verdict.Result != Pass {
			b.Fatal(verdict)
		}
	}
}

func BenchmarkRunSmall(b *testing.B) {
	h := legalHistory(newSeeded(7), everything())
	for b.Loop() {
		Run(h)
	}
}
