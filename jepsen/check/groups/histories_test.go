package groups

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"odradek/core/kafka"
	"odradek/jepsen/check"
)

// rewrite writes the verdicts into testdata anew. Read the diff.
var rewrite = flag.Bool("rewrite", false, "write the verdicts in testdata anew")

const historiesFile = "testdata/histories.txt"

// TestHistories runs the histories of testdata/histories.txt: each invariant must fire for
// what was planted for it, with a sentence one can understand.
func TestHistories(t *testing.T) {
	raw, err := os.ReadFile(historiesFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(raw), "\n-- ")
	fired := map[string]bool{}
	for i, text := range cases[1:] {
		title, rest, _ := strings.Cut(text, "\n")
		script, want, _ := strings.Cut(rest, "=>")
		verdict := Run(parseHistory(t, script))
		for _, violation := range verdict.Violations {
			fired[violation.Check] = true
		}
		got := " " + verdict.String() + "\n"
		cases[i+1] = title + "\n" + script + "=>" + got
		if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got)); diff != "" && !*rewrite {
			t.Errorf("%s:\n%s", title, diff)
		}
	}
	for _, invariant := range Invariants() {
		if !fired[invariant.Name] {
			t.Errorf("no history makes %s fire", invariant.Name)
		}
	}
	if *rewrite {
		if err := os.WriteFile(historiesFile, []byte(strings.Join(cases, "\n-- ")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// line is one line of a script, in its parts.
type line struct {
	words  []string
	values map[string]string
}

func parseLine(text string) *line {
	l := &line{values: map[string]string{}}
	for _, word := range strings.Fields(text) {
		if name, value, ok := strings.Cut(word, "="); ok {
			l.values[name] = value
		} else {
			l.words = append(l.words, word)
		}
	}
	return l
}

// number reads a number that the test's author wrote.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func (l *line) number(name string, otherwise int) int {
	if l.values[name] == "" {
		return otherwise
	}
	return number(l.values[name])
}

func (l *line) has(word string) bool {
	_, is := l.values[word]
	return is
}

// between reads A..B.
func (l *line) between(name string) (from, to int) {
	low, high, _ := strings.Cut(l.values[name], "..")
	if high == "" {
		return number(low), int(check.Never)
	}
	return number(low), number(high)
}

func (l *line) event(name string) check.Event { return check.Event(l.number(name, 0)) }

func (l *line) millis(name string) time.Duration {
	return time.Duration(l.number(name, 0)) * time.Millisecond
}

// operation reads the id and the events of a line, and its outcome.
func (l *line) operation() check.Operation {
	o := check.Operation{ID: l.number("id", 0), Return: check.Never}
	call, answer := l.between("at")
	o.Call, o.Return = check.Event(call), check.Event(answer)
	switch {
	case l.has("code"):
		o.Outcome = check.Failed
	case o.Return != check.Never:
		o.Outcome = check.OK
	}
	return o
}

func (l *line) code() kafka.ErrorCode { return kafka.ErrorCode(l.number("code", 0)) }

func (l *line) partition() kafka.TopicPartition {
	return partition(kafka.Partition(l.number("p", 0)))
}

func (l *line) value() Value {
	return Value{kafka.Offset(l.number("offset", -1)), l.values["mark"]}
}

func parseHistory(t *testing.T, script string) *History {
	h := &History{Names: map[kafka.TopicID]string{{modelTopic}: "orders"},
		Topics: []Topic{{kafka.TopicID{modelTopic}, 2}}}
	for _, text := range strings.Split(script, "\n") {
		l := parseLine(text)
		if len(l.words) == 0 {
			continue
		}
		switch verb := l.words[0]; verb {
		case "expires":
			h.Rules.Expires = true
		case "joins", "syncs", "beats", "leaves":
			kinds := map[string]Kind{"joins": Joins, "syncs": Syncs, "beats": Beats, "leaves": Leaves}
			h.Asks = append(h.Asks, l.ask(kinds[verb]))
		case "owns":
			from, to := l.between("at")
			h.Tenures = append(h.Tenures, Tenure{"g", MemberID(l.words[1]), l.has("consumer"),
				l.partition(), Epoch(l.number("epoch", 0)), check.Event(from), check.Event(to)})
		case "commits":
			h.Commits = append(h.Commits, Commit{Operation: l.operation(), Group: "g",
				Member: MemberID(l.words[1]), Epoch: Epoch(l.number("epoch", -1)),
				Partition: l.partition(), Value: l.value(), Code: l.code()})
		case "reads":
			h.Reads = append(h.Reads, Read{l.operation(), "g", l.partition(), l.value()})
		case "deletes":
			h.Deletes = append(h.Deletes, Delete{l.operation(), "g", l.partition()})
		case "starts":
			h.Starts = append(h.Starts, Start{l.number("id", 0), "g", MemberID(l.words[1]),
				l.partition(), l.event("at"), kafka.Offset(l.number("offset", 0))})
		case "takes", "passes":
			from, to := l.between("offsets")
			h.Takes = append(h.Takes, Take{l.number("id", 0), "g", MemberID(l.words[1]), l.partition(),
				l.event("at"), kafka.Offset(from), kafka.Offset(to), verb == "passes"})
		case "describes":
			h.Descriptions = append(h.Descriptions, l.description())
		case "settles":
			s := Settlement{Group: "g", Healed: l.millis("healed"), Settled: l.millis("settled"),
				Finished: l.millis("finished"), Bound: l.millis("bound"), Story: "two members, none stable"}
			from, to := l.between("log")
			s.Ends = []End{{l.partition(), kafka.Offset(from), kafka.Offset(to)}}
			h.Settlements = append(h.Settlements, s)
		case "loads":
			h.Loads = append(h.Loads, Load{"g", l.millis("began"), l.millis("answered"),
				l.millis("bound"), l.code()})
		default:
			t.Fatalf("what is %q?", text)
		}
	}
	return h
}

func (l *line) ask(kind Kind) Ask {
	a := Ask{Operation: l.operation(), Kind: kind, Group: "g", Member: MemberID(l.words[1]),
		Instance: InstanceID(l.values["instance"]), Consumer: l.has("consumer"), Code: l.code(),
		Asked: Epoch(l.number("asked", 0)), Told: Epoch(l.number("told", 0)),
		Session: l.millis("session"), Rebalance: l.millis("rebalance")}
	if l.has("orders") {
		a.Subscribed = []kafka.TopicID{{modelTopic}}
	}
	if l.has("ms") {
		sent, answered := l.between("ms")
		a.Sent, a.Answered = time.Duration(sent)*time.Millisecond,
			time.Duration(answered)*time.Millisecond
	}
	return a
}

// description reads members as NAME:EPOCH:ASSIGNED:TARGET, with partitions by digits.
func (l *line) description() Description {
	d := Description{Operation: l.operation(), Group: "g", Consumer: l.has("consumer"),
		State: l.words[1], Epoch: Epoch(l.number("epoch", 0)),
		AssignmentEpoch: Epoch(l.number("target", 0))}
	digits := func(text string) (all []kafka.TopicPartition) {
		for _, digit := range text {
			all = append(all, partition(kafka.Partition(digit-'0')))
		}
		return all
	}
	for _, text := range l.words[2:] {
		parts := strings.Split(text, ":")
		d.Members = append(d.Members, Described{Member: MemberID(parts[0]),
			Epoch: Epoch(number(parts[1])), Subscribed: []kafka.TopicID{{modelTopic}},
			Assigned: digits(parts[2]), Target: digits(parts[3])})
	}
	return d
}

// A broken script must not pass for a history.
func TestScriptsAreRead(t *testing.T) {
	h := parseHistory(t, "beats m1 at=3..4 id=7 asked=2 told=2 consumer= ms=10..20 session=500")
	want := Ask{Operation: check.Operation{ID: 7, Call: 3, Return: 4, Outcome: check.OK}, Kind: Beats,
		Group: "g", Member: "m1", Consumer: true, Asked: 2, Told: 2, Sent: 10 * time.Millisecond,
		Answered: 20 * time.Millisecond, Session: 500 * time.Millisecond}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(h.Asks[0])); diff != "" {
		t.Error(diff)
	}
}
