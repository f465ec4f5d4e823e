package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestResetRule(t *testing.T) {
	now := time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
	at := func(text string) int64 {
		when, err := parseWhen(text, now)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct {
		flags string
		want  resetRule
		wrong string
	}{
		{flags: "--to earliest", want: resetRule{kind: resetToEarliest}},
		{flags: "--to latest", want: resetRule{kind: resetToLatest}},
		{flags: "--to current", want: resetRule{kind: resetToCurrent}},
		{flags: "--to 4711", want: resetRule{resetToOffset, 4711}},
		{flags: "--to -10", want: resetRule{resetToTail, 10}},
		{flags: "--to @-2h", want: resetRule{resetToTime, at("2026-01-31T16:00:00Z")}},
		{flags: "--to @2026-01-01", want: resetRule{resetToTime, at("2026-01-01")}},
		{flags: "--shift-by 5", want: resetRule{resetByShift, 5}},
		{flags: "--shift-by -5", want: resetRule{resetByShift, -5}},
		{flags: "--by-duration 2h", want: resetRule{resetToTime, at("2026-01-31T16:00:00Z")}},
		{flags: "--by-duration P1DT1H", want: resetRule{resetToTime, at("2026-01-30T17:00:00Z")}},
		{flags: "--to-earliest", want: resetRule{kind: resetToEarliest}},
		{flags: "--to-latest", want: resetRule{kind: resetToLatest}},
		{flags: "--to-current", want: resetRule{kind: resetToCurrent}},
		{flags: "--to-offset 7", want: resetRule{resetToOffset, 7}},
		{flags: "--to-datetime 2026-01-02T03:04:05.678",
			want: resetRule{resetToTime, at("2026-01-02T03:04:05.678Z")}},
		{flags: "--from-file f", want: resetRule{kind: resetFromFile}},
		{flags: "", wrong: "say where to"},
		{flags: "--to earliest --shift-by 5", wrong: "--to and --shift-by exclude each other"},
		{flags: "--to noon", wrong: `--to: "noon" is neither an offset`},
		{flags: "--to @noon", wrong: `--to: "noon" is not a time`},
		{flags: "--to-datetime noon", wrong: `--to-datetime: "noon" is not a time`},
		{flags: "--to-offset -1", wrong: "--to-offset is at least 0"},
		{flags: "--by-duration soon", wrong: `--by-duration: "soon" is no length of time`},
	} {
		command := groupsResetOffsetsCommand(&connection{console: newConsole()})
		var got resetRule
		o := &groupsReset{}
		command.ResetFlags()
		o.register(command)
		err := command.ParseFlags(strings.Fields(c.flags))
		if err == nil {
			got, err = o.flags.rule(command.Flags().Changed, now)
		}
		var wrong *usageError
		switch {
		case c.wrong == "" && (err != nil || got != c.want):
			t.Errorf("%s: got %v, %v, want %v", c.flags, got, err, c.want)
		case c.wrong != "" && (!errors.As(err, &wrong) || !strings.HasPrefix(wrong.sentence, c.wrong)):
			t.Errorf("%s: got %v, %v, want %s", c.flags, got, err, c.wrong)
		}
	}
}

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 7 * day, "1d12h": 36 * time.Hour,
		"0s": 0, "500ms": 500 * time.Millisecond, "1.5h": 90 * time.Minute,
		"PT1H": time.Hour, "PT1H30M": 90 * time.Minute, "P7D": 7 * day, "P1DT1H": 25 * time.Hour,
		"PT0.5S": 500 * time.Millisecond, "pt15m": 15 * time.Minute, "P0D": 0,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "P", "PT", "d", "1", "-1h", "+1h", "1w", "P1W", "1d-1h", "P1Y",
		"99999999d", "soon", "PT1H1D", "-PT1H"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestResetResolves(t *testing.T) {
	s := resetSituation{first: 10, end: 50, byTime: 30, committed: 20}
	none := resetSituation{first: 10, end: 50, byTime: -1, committed: -1}
	for _, c := range []struct {
		rule resetRule
		at   resetSituation
		want int64
		note string
	}{
		{resetRule{kind: resetToEarliest}, s, 10, ""},
		{resetRule{kind: resetToLatest}, s, 50, ""},
		{resetRule{kind: resetToCurrent}, s, 20, ""},
		{resetRule{kind: resetToCurrent}, none, 50, "nothing is committed; taking the end, 50"},
		{resetRule{resetToOffset, 15}, s, 15, ""},
		{resetRule{resetToOffset, 50}, s, 50, ""},
		{resetRule{resetToOffset, 51}, s, 50, "offset 51 is past the end; taking the end, 50"},
		{resetRule{resetToOffset, 9}, s, 10, "offset 9 is before the first; taking the first, 10"},
		{resetRule{resetFromFile, 33}, s, 33, ""},
		{resetRule{resetToTail, 5}, s, 45, ""},
		{resetRule{resetToTail, 500}, s, 10, ""},
		{resetRule{resetToTime, 1}, s, 30, ""},
		{resetRule{resetToTime, 1}, none, 50, ""},
		{resetRule{resetByShift, 5}, s, 25, ""},
		{resetRule{resetByShift, -5}, s, 15, ""},
		{resetRule{resetByShift, -500}, s, 10, "offset -480 is before the first; taking the first, 10"},
		{resetRule{resetByShift, 1<<63 - 1}, s, 50,
			"offset 9223372036854775807 is past the end; taking the end, 50"},
	} {
		got, note, err := c.rule.resolve(c.at)
		if err != nil || got != c.want || note != c.note {
			t.Errorf("%v: got %d, %q, %v, want %d, %q", c.rule, got, note, err, c.want, c.note)
		}
	}
	if got, _, err := (resetRule{resetByShift, 1}).resolve(none); err == nil {
		t.Errorf("a shift from nothing came to %d", got)
	}
}

func TestParsePlan(t *testing.T) {
	want := []plannedOffset{{"orders", 0, 11}, {"orders", 2, 0}}
	for _, text := range []string{
		"orders,0,11\norders,2,0\n", "orders,0,11\r\norders,2,0",
		"# a comment\norders, 0, 11\n\norders,2,0",
		"g,orders,0,11\ng,orders,2,0\n", "other,orders,0,9\ng,orders,0,11\ng,orders,2,0\n",
		"\"orders\",\"0\",11\norders,2,0\n",
	} {
		got, err := parsePlan(strings.NewReader(text), "g")
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(plannedOffset{})); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                             "it has no offsets",
		"# nothing\n":                  "it has no offsets",
		"orders,0\n":                   `line 1: "orders,0" has 2 fields`,
		"orders,0,1\norders,x,1\n":     `line 2: "x" is no partition`,
		"orders,0,-1\n":                `line 1: "-1" is no offset`,
		"orders,0,1.5\n":               `line 1: "1.5" is no offset`,
		",0,1\n":                       "line 1: the topic is empty",
		"orders,0,1\norders,0,2\n":     "line 2: orders partition 0 has a line already",
		"a,orders,0,1\nb,orders,0,1\n": "it has no offsets of group g, but of a, b",
		"orders,0,\"1\n":               `extraneous or missing " in quoted-field`,
	} {
		got, err := parsePlan(strings.NewReader(text), "g")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want %s", text, got, err, want)
		}
	}
}

// What --export writes is what --from-file reads.
func TestPlanComesBack(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var plan []plannedOffset
		seen := map[string]bool{}
		for range rapid.IntRange(1, 5).Draw(t, "lines") {
			topic := rapid.StringMatching(`[a-zA-Z0-9._-]{1,20}`).Draw(t, "topic")
			if !seen[topic] {
				plan = append(plan, plannedOffset{topic, rapid.Int32Range(0, 1<<31-1).Draw(t, "partition"),
					rapid.Int64Range(0, 1<<63-1).Draw(t, "offset")})
			}
			seen[topic] = true
		}
		var said bytes.Buffer
		c := &console{err: &said}
		path := filepath.Join(dir, "plan.csv")
		if err := exportPlan(c, path, plan); err != nil {
			t.Fatal(err)
		}
		got, err := readPlan(c, path, "g")
		if diff := cmp.Diff(plan, got, cmp.AllowUnexported(plannedOffset{})); err != nil || diff != "" {
			t.Fatalf("%v\n%s", err, diff)
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("export left %v behind, %v", left, err)
	}
}

func TestParseSelections(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{[]string{"orders"}, "orders"},
		{[]string{"orders:3"}, "orders:3"},
		{[]string{"orders:4,0,2-3,3"}, "orders:0,2-4"},
		{[]string{"orders:0", "refunds", "orders:1-2"}, "orders:0-2 refunds"},
		{[]string{"orders:0", "orders"}, "orders"},
		{[]string{"orders:0,1"}, "orders:0,1"},
	} {
		got, err := parseSelections(c.texts)
		if err != nil || assignment(got).String() != c.want {
			t.Errorf("%q: got %v, %v, want %s", c.texts, got, err, c.want)
		}
	}
	for _, text := range []string{"", ":0", "orders:", "orders:x", "orders:-1", "orders:2-1",
		"orders:0,,1", "orders:0-", "orders:0-2147483647", "orders:2147483648"} {
		if got, err := parseSelections([]string{text}); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
