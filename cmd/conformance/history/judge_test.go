package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readStory reads a history from a script: sections of members, the log, and what the
// observer saw.
//
//	log 0 a b c           the values of partition 0
//	member NAME           what follows are the member's lines, as it printed them
//	member NAME silent T  it does not say what it is assigned, and was started at T
//	observed ASKED ANSWERED PARTITION=OFFSET ...
//	fault RULE            what must be found; a script without any must be in order
func readStory(t *testing.T, path string) (*History, []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := &History{}
	var faults []string
	for n, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case fields[0] == "log":
			if fields[1] != fmt.Sprint(len(h.Log)) {
				t.Fatalf("%s:%d: partitions come in order", path, n+1)
			}
			h.Log = append(h.Log, fields[2:])
		case fields[0] == "member":
			m := Member{Name: fields[1], Silent: len(fields) == 4}
			if m.Silent {
				started, _ := strconv.ParseInt(fields[3], 10, 64)
				m.Started = Millis(started)
			}
			h.Members = append(h.Members, m)
		case fields[0] == "observed":
			h.Observations = append(h.Observations, readObservation(t, fields[1:]))
		case fields[0] == "fault":
			faults = append(faults, fields[1])
		default:
			e, ok := Parse(strings.TrimSpace(line))
			if !ok || len(h.Members) == 0 {
				t.Fatalf("%s:%d: %q is no event of a member", path, n+1, line)
			}
			m := &h.Members[len(h.Members)-1]
			m.Events = append(m.Events, e)
		}
	}
	return h, faults
}

func readObservation(t *testing.T, fields []string) Observation {
	t.Helper()
	o := Observation{Offsets: map[int32]Offset{}}
	if _, err := fmt.Sscan(fields[0]+" "+fields[1], &o.Asked, &o.Answered); err != nil {
		t.Fatal(err)
	}
	for _, pair := range fields[2:] {
		var partition int32
		var offset Offset
		if _, err := fmt.Sscanf(pair, "%d=%d", &partition, &offset); err != nil {
			t.Fatal(err)
		}
		o.Offsets[partition] = offset
	}
	return o
}

// TestStories: each script's faults are found, all of them and no other.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	caught := map[string]bool{}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			h, want := readStory(t, path)
			found := map[string]bool{}
			text := ""
			if err := h.Judge(); err != nil {
				text = err.Error()
			}
			for _, line := range strings.Split(text, "\n") {
				if rule, _, ok := strings.Cut(line, ":"); ok {
					found[rule] = true
				}
			}
			for _, rule := range want {
				if !found[rule] {
					t.Errorf("%s is broken, and was not found", rule)
				}
				delete(found, rule)
				caught[rule] = true
			}
			if len(found) > 0 {
				t.Errorf("what is in order was found broken:\n%s", text)
			}
		})
	}
	for _, rule := range Rules() {
		if !caught[rule.Name] {
			t.Errorf("no script breaks %s", rule.Name)
		}
	}
}

// TestManyFaultsAreCounted: a group that begins anew is told in a few lines.
func TestManyFaultsAreCounted(t *testing.T) {
	h := &History{Log: [][]string{make([]string, 1000)},
		Observations: []Observation{{Offsets: map[int32]Offset{0: 1000}}}}
	text := h.Judge().Error()
	if lines := strings.Count(text, "\n") + 1; lines != faultsMax+1 {
		t.Errorf("%d lines, want %d", lines, faultsMax+1)
	}
	if !strings.Contains(text, "and 997 more") {
		t.Errorf("the rest is not counted: %s", text)
	}
}

func TestParse(t *testing.T) {
	for _, line := range []string{
		"5 assigned 1", "5 revoked 1", "5 consumed 1 7 a value of words", "5 committed 1 8",
		"5 consumed 1 7 ",
	} {
		e, ok := Parse(line)
		if !ok || e.String() != line {
			t.Errorf("%q became %q, %v", line, e, ok)
		}
	}
	for _, line := range []string{
		"", "assigned", "x assigned 1", "5 assigned x", "5 assigned 1 2", "5 committed 1",
		"5 committed 1 x", "5 eaten 1 2", "WARN [Consumer] it was assigned 1",
	} {
		if e, ok := Parse(line); ok {
			t.Errorf("%q was taken for %q", line, e)
		}
	}
}
