package check

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/core/kafka"
)

// rewrite writes the verdicts into testdata anew. Read the diff.
var rewrite = flag.Bool("rewrite", false, "write the verdicts in testdata anew")

const historiesFile = "testdata/histories.txt"

// TestHistories runs the histories of testdata/histories.txt: each check must
// fire for what was planted for it, with a sentence one can understand.
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
		h, err := parseHistory(script)
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		verdict := Run(h)
		for _, violation := range verdict.Violations {
			fired[violation.Check] = true
		}
		got := " " + verdict.String() + "\n"
		cases[i+1] = title + "\n" + script + "=>" + got
		if diff := cmp.Diff(want, got); diff != "" && !*rewrite &&
			strings.TrimSpace(want) != strings.TrimSpace(got) {
			t.Errorf("%s:\n%s", title, diff)
		}
	}
	for _, c := range Checks() {
		if !fired[c.Name] {
			t.Errorf("no history makes %q fire", c.Name)
		}
		if c.Doc == "" {
			t.Errorf("%q says nothing about itself", c.Name)
		}
	}
	if *rewrite {
		text := strings.Join(cases, "\n-- ")
		if err := os.WriteFile(historiesFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// parseHistory reads a history of the form described in the file.
func parseHistory(script string) (*History, error) {
	partition := kafka.TopicPartition{Topic: kafka.TopicID{1}}
	h := &History{Names: map[kafka.TopicID]string{partition.Topic: "orders"}}
	for _, line := range strings.Split(script, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "rules" {
			switch words[1] {
			case "stale-fetch":
				h.Rules.StaleFetch = true
			case "retention":
				h.Rules.Retention = true
			case "compacted":
				h.Rules.Compacted = true
			case "tombstones-stay":
				h.Rules.TombstonesStay = true
			case "gone":
				h.Gone = append(h.Gone, partition)
			}
			continue
		}
		if err := parseOperation(h, partition, words); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return h, nil
}

func parseOperation(h *History, partition kafka.TopicPartition, words []string) error {
	o := Operation{Outcome: OK, Return: Never}
	var call, answer string
	head := strings.NewReplacer("[", "", "]", "", ",", " ").Replace(strings.Join(words[:3], " "))
	if _, err := fmt.Sscanf(head, "%d p%d %s %s", &o.ID, &o.Process, &call, &answer); err != nil {
		return err
	}
	o.Call = Event(number(call))
	if answer != "-" {
		o.Return = Event(number(answer))
	}
	values := map[string]int{"base": -1, "producer": -1, "sends": 1, "acks": -1}
	rest := words[4:]
	for len(rest) > 0 && !strings.HasSuffix(words[3], ":") {
		word := strings.TrimSuffix(rest[0], ":")
		last := word != rest[0]
		rest = rest[1:]
		if name, value, ok := strings.Cut(word, "="); ok {
			values[name] = number(value)
		} else if from, to, ok := strings.Cut(word, ".."); ok {
			values["from"], values["to"] = number(from), number(to)
		} else if outcome, ok := map[string]Outcome{
			"ok": OK, "failed": Failed, "unknown": Unknown}[word]; ok {
			o.Outcome = outcome
		} else {
			values["offset"] = number(word)
		}
		if last {
			break
		}
	}
	offset := func(name string) kafka.Offset { return kafka.Offset(values[name]) }
	switch words[3] {
	case "produce":
		p := Produce{Operation: o, Partition: partition, Acks: int16(values["acks"]),
			Base: offset("base"), ProducerID: kafka.ProducerID(values["producer"]),
			Sends: values["sends"]}
		for _, name := range rest {
			p.Records = append(p.Records, HashOf([]byte(name)))
			if key, _, keyed := strings.Cut(name, "/"); keyed {
				p.Keys = append(p.Keys, HashOf([]byte(key)))
				p.Tombstones = append(p.Tombstones, strings.HasSuffix(name, "!"))
			}
		}
		h.Produces = append(h.Produces, p)
	case "fetch":
		h.Fetches = append(h.Fetches, Fetch{o, partition, offset("offset"), readRecords(rest),
			offset("high"), offset("start")})
	case "end", "start":
		h.Lists = append(h.Lists, ListOffsets{o, partition, words[3] == "start", offset("offset")})
	case "delete":
		h.Deletes = append(h.Deletes,
			DeleteRecords{o, partition, offset("before"), offset("start")})
	case "scan":
		var batches []Batch
		rest, batches = readBatches(rest)
		h.Scans = append(h.Scans, Scan{Operation: o, Partition: partition, LogStart: offset("from"),
			End: offset("to"), Records: readRecords(rest), Batches: batches})
	default:
		return fmt.Errorf("no such operation: %s", words[3])
	}
	return nil
}

// readBatches takes out the words that tell of batches: @BASE-LAST, then pPRODUCER and, for
// one of a transaction, txn or, for its marker, end.
func readBatches(words []string) (others []string, batches []Batch) {
	for _, word := range words {
		var b Batch
		var producer int
		n, _ := fmt.Sscanf(word, "@%d-%dp%d", &b.Base, &b.Last, &producer)
		if n < 2 {
			others = append(others, word)
			continue
		}
		if b.ProducerID = kafka.NoProducerID; n == 3 {
			b.ProducerID = kafka.ProducerID(producer)
		}
		b.Control = strings.HasSuffix(word, "end")
		b.Transactional = b.Control || strings.HasSuffix(word, "txn")
		batches = append(batches, b)
	}
	return others, batches
}

func readRecords(words []string) []Record {
	var records []Record
	for _, word := range words {
		offset, name, _ := strings.Cut(word, "=")
		records = append(records, Record{kafka.Offset(number(offset)), HashOf([]byte(name))})
	}
	return records
}

// number reads a number that the test's author wrote.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}
