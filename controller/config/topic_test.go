package config_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"odradek/controller/config"
)

func TestTablesAreOrdered(t *testing.T) {
	byName := func(a, b config.Definition) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(config.Topics(), byName) {
		t.Error("topic settings are not in the order of their names")
	}
	if !slices.IsSortedFunc(config.Groups(), byName) {
		t.Error("group settings are not in the order of their names")
	}
	if !slices.IsSortedFunc(config.Brokers(), byName) {
		t.Error("node settings are not in the order of their names")
	}
}

// TestDefinitionsHold checks every row: its default is legal and canonical, it
// can be found, its synonyms exist, and it is explained.
func TestDefinitionsHold(t *testing.T) {
	check := func(d config.Definition) {
		if d.Unset {
			if d.Default != "" {
				t.Errorf("%s has a default and is unset", d.Name)
			}
		} else if canonical, err := d.Canonical(d.Default); err != nil || canonical != d.Default {
			t.Errorf("%s: default %q: %q, %v", d.Name, d.Default, canonical, err)
		}
		if !strings.HasSuffix(d.Doc, ".") {
			t.Errorf("%s: its explanation is no sentence: %q", d.Name, d.Doc)
		}
		if number := d.Type == config.Int; number && d.Valid() == "" && !strings.Contains(d.Doc, "-1") &&
			!d.Unset {
			t.Errorf("%s: nothing bounds it", d.Name)
		}
		for _, synonym := range d.Synonyms {
			if _, ok := config.Broker(synonym.Name); !ok {
				t.Errorf("%s: there is no %s", d.Name, synonym.Name)
			}
		}
		if d.Inert && !strings.Contains(d.Doc, "no effect") && d.Name != config.RemoteStorageEnable {
			t.Errorf("%s has no effect and does not say so", d.Name)
		}
	}
	for _, d := range config.Topics() {
		check(d)
		if found, ok := config.Topic(d.Name); !ok || found.Name != d.Name {
			t.Errorf("topic setting %s is not found", d.Name)
		}
	}
	for _, d := range config.Groups() {
		check(d)
		if found, ok := config.Group(d.Name); !ok || found.Name != d.Name {
			t.Errorf("group setting %s is not found", d.Name)
		}
		follows, _ := config.Broker(d.Synonyms[0].Name)
		if follows.Default != d.Default || follows.Type != d.Type {
			t.Errorf("%s and %s have other defaults", d.Name, follows.Name)
		}
	}
	for _, d := range config.Brokers() {
		check(d)
		if found, ok := config.Broker(d.Name); !ok || found.Name != d.Name {
			t.Errorf("node setting %s is not found", d.Name)
		}
	}
	if _, ok := config.Topic("retention"); ok {
		t.Error("there is no topic setting called retention")
	}
}

// TestTopicValuesAgainstKafka asks for every value that Kafka was asked for and
// compares the answers.
func TestTopicValuesAgainstKafka(t *testing.T) {
	raw, err := os.ReadFile("testdata/topic-values.txt")
	if err != nil {
		t.Fatal(err)
	}
	var definition *config.Definition
	compared := 0
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case !strings.HasPrefix(line, "  "):
			var ok bool
			if definition, ok = config.Topic(line); !ok {
				t.Fatalf("there is no setting %s", line)
			}
			continue
		}
		quoted, err := strconv.QuotedPrefix(line[2:])
		if err != nil {
			t.Fatal(err)
		}
		value, _ := strconv.Unquote(quoted)
		want := strings.TrimPrefix(line[2+len(quoted):], " ")
		if isKnownDifference(definition.Name, value, want) {
			continue
		}
		compared++
		_, err = definition.Canonical(value)
		if strings.HasPrefix(want, "ok") {
			if err != nil {
				t.Errorf("%s=%q: %v, and Kafka takes it", definition.Name, value, err)
			}
		} else if err == nil || "40 "+err.Error() != want {
			t.Errorf("%s=%q:\n got %v\nwant %s", definition.Name, value, err, want)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d values were compared", compared)
	}
}

// isKnownDifference: remote storage is refused by the controller, not by the
// type; and a double beyond 2^63 is written without an exponent in our message.
func isKnownDifference(name, value, want string) bool {
	return name == config.RemoteStorageEnable && strings.Contains(want, "Tiered Storage") ||
		name == config.MinCleanableDirtyRatio && strings.Contains(want, "Value must be no more") &&
			strings.ContainsAny(strings.Fields(want)[3], "E")
}

func TestValidValuesForPeople(t *testing.T) {
	for name, want := range map[string]string{
		"compression.type":                      "one of uncompressed, zstd, lz4, snappy, gzip, producer",
		"compression.gzip.level":                "1 to 9, or -1",
		"compression.lz4.level":                 "1 to 17",
		"segment.bytes":                         "1048576 or more",
		"cleanup.policy":                        "any of compact, delete",
		"preallocate":                           "",
		"leader.replication.throttled.replicas": "* or partition:broker, separated by commas",
	} {
		if definition, _ := config.Topic(name); definition.Valid() != want {
			t.Errorf("%s: %s", name, definition.Valid())
		}
	}
}
