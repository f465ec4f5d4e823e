package oracle

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKafkaAnswersAsKafka(t *testing.T) {
	for _, name := range Names() {
		recorded, err := Recorded(name)
		if err != nil {
			t.Fatal(err)
		}
		differences, err := Compare(name, recorded)
		if err != nil || len(differences) > 0 {
			t.Errorf("%s: %v %v", name, differences, err)
		}
	}
}

func TestDifferenceIsShownInItsExchange(t *testing.T) {
	recorded, err := Recorded("metadata")
	if err != nil {
		t.Fatal(err)
	}
	head := `send Metadata v0 {Topics: [{Topic: "$plain"}, {Topic: "$wide"}]}`
	broken := strings.Replace(recorded,
		`ErrorCode NONE, Topic "$wide"`, `ErrorCode NONE, Topic "wide"`, 1)
	differences, err := Compare("metadata", broken)
	if err != nil || len(differences) != 1 || differences[0].Exchange != head {
		t.Fatalf("%v %v", differences, err)
	}
	var changed []string
	for _, line := range differences[0].Lines {
		if !strings.HasPrefix(line, " ") {
			changed = append(changed, line)
		}
	}
	want := []string{
		`-   - ErrorCode NONE, Topic "$wide"`,
		`+   - ErrorCode NONE, Topic "wide"`,
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// someDifferences is a list as differences.txt is one.
const someDifferences = `
# a remark
findcoordinator - ErrorCode NONE :: there are none
findcoordinator + ErrorCode COORDINATOR_NOT_AVAILABLE :: there are none
records - ^no reply$ @ Records: null :: answered here
records + . @ Records: null :: answered here
apiversions - - ApiKey (8|9) [A-Z] :: not served
`

// A broker that differs just as the list says has no difference, and the list is
// needed.
func TestListedDifferencesAreAllowedAndCounted(t *testing.T) {
	c, err := newComparison(someDifferences)
	if err != nil {
		t.Fatal(err)
	}
	for _, ours := range []struct {
		script string
		change *regexp.Regexp
		with   string
	}{
		{"findcoordinator", regexp.MustCompile("ErrorCode NONE"), "ErrorCode COORDINATOR_NOT_AVAILABLE"},
		{"records", regexp.MustCompile(`no reply\n`), "Topics:\n    - ErrorCode INVALID_RECORD\n"},
		{"apiversions", regexp.MustCompile(`(?m)^    - ApiKey [89] .*\n`), ""},
	} {
		changed := ours.change.ReplaceAllString(mustRecorded(t, ours.script), ours.with)
		differences, err := c.Add(ours.script, changed)
		if err != nil || len(differences) > 0 {
			t.Errorf("%s: %v %v", ours.script, differences, err)
		}
	}
	if stale := c.Stale(); len(stale) > 0 {
		t.Errorf("stale: %q", stale)
	}
}

func TestStaleDifferencesAreTold(t *testing.T) {
	c, err := newComparison(someDifferences)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Add("findcoordinator", mustRecorded(t, "findcoordinator")); err != nil {
		t.Fatal(err)
	}
	if stale := c.Stale(); len(stale) != 2 {
		t.Errorf("Kafka itself has no differences, and these are called stale: %q", stale)
	}
}

func TestAllowanceCoversOnlyItsExchange(t *testing.T) {
	entry, err := parseAllowance(`records - ^no reply$ @ Records: null :: never answered`)
	if err != nil {
		t.Fatal(err)
	}
	there := Difference{Script: "records", Exchange: "send Produce v9 {Records: null}"}
	elsewhere := Difference{Script: "records", Exchange: "send Produce v9 {Records: 5}"}
	if !entry.covers(there, "-", "no reply") || entry.covers(elsewhere, "-", "no reply") ||
		entry.covers(there, "+", "no reply") || entry.covers(there, "-", "no reply expected") {
		t.Error("an allowance covers what it should not, or not what it should")
	}
	for _, bad := range []string{"records no reply", "records * x :: y", "records - x",
		"records - ( :: y"} {
		if _, err := parseAllowance(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestTranscriptsCarryNothingOfTheMachine looks for what should have become a
// placeholder.
func TestTranscriptsCarryNothingOfTheMachine(t *testing.T) {
	suspicious := regexp.MustCompile(
		`127\.0\.0\.1|\blocalhost:|/tmp/|/var/|\b1[78]\d{11}\b|:[1-6]\d{4}\b`)
	for _, name := range Names() {
		for _, exchange := range exchanges(mustRecorded(t, name)) {
			for _, line := range exchange.lines {
				if found := suspicious.FindString(line); found != "" {
					t.Errorf("%s: %q in %s", name, found, line)
				}
			}
		}
	}
}

func mustRecorded(t *testing.T, name string) string {
	t.Helper()
	recorded, err := Recorded(name)
	if err != nil {
		t.Fatal(err)
	}
	return recorded
}
