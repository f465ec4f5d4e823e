package check

import (
	"strings"
	"testing"
	"time"

	"odradek/core/kafka"

	"pgregory.net/rapid"
)

// disagreements are the violations of a verdict that are the checker's own.
func disagreements(verdict Verdict) (all []string) {
	for _, v := range verdict.Violations {
		if v.Check == SecondOpinion {
			all = append(all, v.Sentence)
		}
	}
	return all
}

// searchable draws a history of any kind; a spoiled one may be impossible.
func searchable(c chooser, spoiled bool) *History {
	s := everything()
	s.operations, s.processes = 5+c.choose(25), 3
	s.calm = c.choose(2) == 0
	h := legalHistory(c, s)
	for range c.choose(4) {
		if spoiled {
			spoil(c, h)
		}
	}
	return h
}

// checkOpinion fails if the search and the checks disagree, or if a legal history
// is accused. It returns what was searched.
func checkOpinion(t rapid.TB, h *History, windowMin int, legal bool) (Verdict, Searched) {
	t.Helper()
	verdict, searched := RunSearched(h, Search{windowMin: windowMin})
	if all := disagreements(verdict); len(all) > 0 {
		t.Fatalf("windows of %d: %v\n%v\n%s", windowMin, all, verdict, story(h))
	}
	if legal && verdict.Result != Pass {
		t.Fatalf("%v\n%s", verdict, story(h))
	}
	return verdict, searched
}

// The search objects to nothing that the checks let pass, and has no order for
// what the sweep objects to, however the history is cut.
func TestSearchAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn{t}
		checkOpinion(t, searchable(c, c.choose(2) == 0), 1+c.choose(20), false)
	})
	const histories = 2000
	windows, doubtful, failed := 0, 0, 0
	for seed := range uint64(histories) {
		c := newSeeded(seed)
		spoiled := seed%2 == 0
		h := searchable(c, spoiled)
		verdict, searched := checkOpinion(t, h, 1+c.choose(20), !spoiled)
		windows += searched.Windows
		if verdict.Result == Fail {
			failed++
		}
		for _, w := range views(h)[0].windows(8) {
			if w.fits() {
				doubtful += w.doubtful
			}
		}
	}
	if windows < histories || doubtful < histories/20 || failed < histories/10 {
		t.Errorf("%d windows, %d batches that nobody saw and %d failures in %d histories: "+
			"the test sees too little", windows, doubtful, failed, histories)
	}
}

// stolen is a history in which an append was over before one at a lower offset
// began: only its order is wrong.
func stolen() *History {
	produce := func(id int, call, ret Event, base kafka.Offset) Produce {
		return Produce{Operation: Operation{ID: id, Process: id, Call: call, Return: ret, Outcome: OK},
			Records: []Hash{Hash(id)}, Acks: AcksAll, Base: base, Sends: 1,
			ProducerID: kafka.NoProducerID}
	}
	return &History{
		Produces: []Produce{produce(1, 1, 2, 1), produce(2, 3, 4, 0)},
		Scans: []Scan{{Operation: Operation{ID: 3, Process: 3, Call: 5, Return: 6, Outcome: OK},
			End: 2, Records: []Record{{0, 2}, {1, 1}}}},
	}
}

// blindChecks are a checker that never objects.
func blindChecks() []Check {
	return []Check{{"blind", "Nothing is ever wrong.", func(*view) []finding { return nil }}}
}

// A sweep that sees nothing, and one that sees too much, are found out.
func TestSearchFindsABrokenChecker(t *testing.T) {
	for _, windowMin := range []int{1, 10} {
		verdict, _ := Search{windowMin: windowMin}.judge(views(stolen()), blindChecks())
		all := disagreements(verdict)
		if verdict.Result != Fail || len(all) == 0 || !strings.Contains(all[0], "no check objects") {
			t.Errorf("windows of %d, a blind sweep: %v", windowMin, verdict)
		}
	}
	suspicious := []Check{{"suspicious", "Everything is.", func(v *view) []finding {
		v.inverted = true
		return []finding{found(nil, "I do not like it")}
	}}}
	verdict, _ := Search{}.judge(views(manyAppends(40)), suspicious)
	all := disagreements(verdict)
	if len(all) != 1 || !strings.Contains(all[0], "a search finds an order") {
		t.Errorf("a suspicious sweep: %v", verdict)
	}
	if verdict, _ := RunSearched(stolen(), Search{}); len(disagreements(verdict)) > 0 {
		t.Errorf("they agree that it is wrong: %v", verdict)
	}
}

// A search that runs out of patience decides nothing, and so does the run. This
// one would go on for minutes: fourteen reads at a time that may come in any order,
// hundreds of times, and an end that no order leads to.
func TestSearchWithoutPatience(t *testing.T) {
	h := new(History)
	list := func(call, ret Event, end kafka.Offset) {
		h.Lists = append(h.Lists, ListOffsets{Offset: end, Operation: Operation{
			ID: len(h.Lists), Process: len(h.Lists), Call: call, Return: ret, Outcome: OK}})
	}
	const groups, wide = 300, windowOpenMax - 1
	for i := range Event(groups) {
		for j := range Event(wide) {
			list(100*i+j+1, 100*i+j+50, 0)
		}
	}
	list(100*groups+1, 100*groups+2, 99)
	verdict, searched := Search{windowMin: windowOperationsMax, Patience: time.Nanosecond}.judge(
		views(h), blindChecks())
	if verdict.Result != Undecided || searched.Windows != 1 ||
		!strings.Contains(verdict.Open[0], "ran out of patience") {
		t.Errorf("%v, %+v", verdict, searched)
	}
}

// What is too wide or too much is left out, and counted.
func TestSearchIsBounded(t *testing.T) {
	wide := new(History)
	for i := range windowOpenMax + 1 {
		o := Operation{ID: i, Process: i, Call: Event(i + 1), Return: Event(100 + i), Outcome: OK}
		wide.Lists = append(wide.Lists, ListOffsets{Operation: o})
	}
	verdict, searched := RunSearched(wide, Search{})
	if verdict.Result != Pass || searched != (Searched{Wide: 1}) {
		t.Errorf("too wide: %v, %+v", verdict, searched)
	}
	h := manyAppends(1000)
	_, whole := RunSearched(h, Search{})
	_, part := RunSearched(h, Search{Seed: 3, OperationsMax: 400})
	if whole.Windows < 5 || whole.Left != 0 || part.Left+part.Windows != whole.Windows ||
		part.Operations > 400 || part.Windows == 0 {
		t.Errorf("all: %+v, some: %+v", whole, part)
	}
	if _, again := RunSearched(h, Search{Seed: 3, OperationsMax: 400}); again != part {
		t.Errorf("the same seed chose %+v, then %+v", part, again)
	}
}

func BenchmarkSearch(b *testing.B) {
	h := manyAppends(2000)
	for b.Loop() {
		RunSearched(h, Search{})
	}
}
