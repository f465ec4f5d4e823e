package config_test

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/config"
)

// some are overrides for tests.
type some map[string]string

func (s some) Get(name string) (string, bool) { value, ok := s[name]; return value, ok }

func TestTheFirstPlaceThatSetsItCounts(t *testing.T) {
	topic := some{"retention.ms": "1"}
	layers := config.Layers{Broker: some{"log.retention.ms": "2"},
		AllBrokers: some{"log.retention.ms": "3"}, Static: some{"log.retention.hours": "4"}}
	for _, c := range []struct {
		drop func()
		want int64
	}{
		{func() {}, 1},
		{func() { topic = some{} }, 2},
		{func() { layers.Broker = config.Nothing{} }, 3},
		{func() { layers.AllBrokers = config.Nothing{} }, 4 * 3600_000},
		{func() { layers.Static = config.Nothing{} }, 7 * 24 * 3600_000},
		{func() { layers.Static = some{"log.retention.minutes": "5", "log.retention.hours": "4"} },
			300_000},
		{func() { layers.Static = some{"log.retention.hours": "-1"} }, -1},
		{func() { topic = some{"retention.ms": "nonsense of another version"} }, -1},
	} {
		c.drop()
		if got := layers.TopicConfig(topic).RetentionMs; got != c.want {
			t.Errorf("%d, want %d", got, c.want)
		}
	}
}

func TestFindTellsEveryPlace(t *testing.T) {
	layers := config.Layers{Broker: some{"log.retention.ms": "2"}, AllBrokers: config.Nothing{},
		Static: some{"log.retention.hours": "4", "log.retention.ms": "5"}}
	want := []config.Set{
		{Name: "log.retention.ms", Value: "2", Source: config.FromBroker},
		{Name: "log.retention.ms", Value: "5", Source: config.FromStart},
		{Name: "log.retention.hours", Value: "4", Source: config.FromStart},
		{Name: "log.retention.hours", Value: "168", Source: config.FromDefault},
	}
	got := layers.Find("log.retention.ms", "log.retention.minutes", "log.retention.hours")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTypedValues(t *testing.T) {
	got := config.StaticLayers(&config.Static{}).TopicConfig(some{
		"cleanup.policy": " compact , delete ", "min.cleanable.dirty.ratio": ".25",
		"compression.type": "zstd", "message.timestamp.type": "LogAppendTime",
		"unclean.leader.election.enable": "TRUE", "retention.bytes": "-7", "segment.ms": "+9"})
	if !got.CleanupCompact || !got.CleanupDelete || got.MinCleanableDirtyRatio != 250_000 ||
		got.Compression != "zstd" || !got.LogAppendTime || !got.UncleanLeaderElection ||
		got.RetentionBytes != -1 || got.SegmentMs != 9 || got.SegmentBytes != 1<<30 {
		t.Errorf("%+v", got)
	}
	none := config.StaticLayers(&config.Static{}).TopicConfig(some{"cleanup.policy": ""})
	if none.CleanupCompact || none.CleanupDelete {
		t.Error("an empty policy keeps everything")
	}
}

// TestBrokerValuesAgainstKafka compares the settings that a running broker can
// be given. Kafka answers INVALID_REQUEST with the same sentences.
func TestBrokerValuesAgainstKafka(t *testing.T) {
	file, err := os.Open("testdata/broker-values.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	compared := 0
	var definition *config.Definition
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		line := scanner.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(line, "  ") {
			definition, _ = config.Broker(line)
			continue
		}
		quoted, err := strconv.QuotedPrefix(line[2:])
		if err != nil {
			t.Fatal(err)
		}
		value, _ := strconv.Unquote(quoted)
		want := strings.TrimSpace(line[2+len(quoted):])
		if isKnownBrokerDifference(definition.Name, want) {
			continue
		}
		compared++
		got := "0"
		if _, err := definition.Canonical(value); err != nil {
			got = "42 " + err.Error()
		} else if err := config.CheckBroker(config.Layers{Broker: some{definition.Name: value},
			AllBrokers: config.Nothing{}, Static: config.Nothing{}}); err != nil {
			got = "42 " + err.Error()
		}
		if got != want {
			t.Errorf("%s=%q:\n got %s\nwant %s", definition.Name, value, got, want)
		}
	}
	if compared < 900 {
		t.Errorf("only %d values were compared", compared)
	}
}

// isKnownBrokerDifference: numbers are written without an exponent here; there
// is no remote storage that could conflict, no feature of eligible leader
// replicas that forbids a broker its own min.insync.replicas; and no connections
// at all is refused in a sentence of our own.
func isKnownBrokerDifference(name, want string) bool {
	return name == "log.cleaner.min.cleanable.ratio" && strings.Contains(want, "no more") ||
		strings.Contains(want, "ConfigException") || strings.Contains(want, "ELR") ||
		name == config.MaxConnections && strings.Contains(want, "at least 0")
}
