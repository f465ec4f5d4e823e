package config_test

import (
	"slices"
	"strings"
	"testing"

	"odradek/controller/config"
	"odradek/core/batch"
)

// TestGroupSettingsAreTyped sets what is not a plain number.
func TestGroupSettingsAreTyped(t *testing.T) {
	node, warnings := load(t, config.Sources{FileName: "f", File: `
group.coordinator.rebalance.protocols=classic
group.consumer.assignors=range, uniform,range
group.consumer.migration.policy=Upgrade
offsets.retention.minutes=2
offsets.topic.compression.codec=3
offsets.topic.replication.factor=+2
`})
	got := node.Groups
	if got.ConsumerProtocol || !slices.Equal(got.Consumer.Assignors, []string{"range", "uniform"}) ||
		got.Consumer.MigrationPolicy != config.MigrateUp || got.Offsets.RetentionMs != 120_000 ||
		got.Offsets.TopicCompression != batch.LZ4 || got.Offsets.TopicReplicationFactor != 2 ||
		len(warnings) > 0 {
		t.Errorf("%+v %v", got, warnings)
	}
}

func TestMigrationPolicies(t *testing.T) {
	for policy, want := range map[config.MigrationPolicy][2]bool{
		config.MigrateBothWays: {true, true}, config.MigrateUp: {true, false},
		config.MigrateDown: {false, true}, config.MigrateNever: {false, false}} {
		if got := [2]bool{policy.AllowsUpgrade(), policy.AllowsDowngrade()}; got != want {
			t.Errorf("%s: %v", policy, got)
		}
	}
}

// TestGroupSettingsAgainstKafka starts with settings that Kafka 4.3 refuses to
// start with, in its words.
func TestGroupSettingsAgainstKafka(t *testing.T) {
	for _, c := range []struct{ settings, want string }{
		{"group.coordinator.rebalance.protocols=consumer",
			"Disabling the 'classic' protocol is not supported."},
		{"group.coordinator.rebalance.protocols=", "Configuration" +
			" 'group.coordinator.rebalance.protocols' must not be empty. Valid values include:" +
			" [consumer, classic, share, streams]"},
		{"group.coordinator.rebalance.protocols=Classic", "Invalid value Classic for configuration" +
			" group.coordinator.rebalance.protocols: String must be one of: consumer, classic, share," +
			" streams"},
		{"group.consumer.migration.policy=up", "Invalid value up for configuration" +
			" group.consumer.migration.policy: String must be one of (case insensitive): DISABLED," +
			" DOWNGRADE, UPGRADE, BIDIRECTIONAL"},
		{"offsets.topic.replication.factor=40000", "Invalid value 40000 for configuration" +
			" offsets.topic.replication.factor: Not a number of type SHORT"},
		{"group.consumer.heartbeat.interval.ms=4000", "group.consumer.heartbeat.interval.ms must be" +
			" greater than or equal to group.consumer.min.heartbeat.interval.ms"},
		{"group.consumer.heartbeat.interval.ms=16000", "group.consumer.heartbeat.interval.ms must be" +
			" less than or equal to group.consumer.max.heartbeat.interval.ms"},
		{"group.consumer.max.heartbeat.interval.ms=4000", "group.consumer.max.heartbeat.interval.ms" +
			" must be greater than or equal to group.consumer.min.heartbeat.interval.ms"},
		{"group.consumer.session.timeout.ms=44000", "group.consumer.session.timeout.ms must be" +
			" greater than or equal to group.consumer.min.session.timeout.ms"},
		{"group.consumer.session.timeout.ms=61000", "group.consumer.session.timeout.ms must be less" +
			" than or equal to group.consumer.max.session.timeout.ms"},
		{"group.consumer.max.session.timeout.ms=44000", "group.consumer.max.session.timeout.ms must" +
			" be greater than or equal to group.consumer.min.session.timeout.ms"},
		{"group.consumer.heartbeat.interval.ms=45000 group.consumer.max.heartbeat.interval.ms=45000",
			"group.consumer.heartbeat.interval.ms must be less than group.consumer.session.timeout.ms"},
		{"group.consumer.assignment.interval.ms=16000", "group.consumer.assignment.interval.ms must" +
			" be less than or equal to group.consumer.max.assignment.interval.ms"},
		{"group.consumer.min.assignment.interval.ms=2000", "group.consumer.assignment.interval.ms" +
			" must be greater than or equal to group.consumer.min.assignment.interval.ms"},
		{"group.consumer.min.assignment.interval.ms=16000", "group.consumer.max.assignment.interval.ms" +
			" must be greater than or equal to group.consumer.min.assignment.interval.ms"},
	} {
		_, _, err := config.Load(config.Sources{FileName: "f",
			File: strings.ReplaceAll(c.settings, " ", "\n")})
		if err == nil {
			t.Errorf("%s was taken", c.settings)
			continue
		}
		if got := strings.TrimPrefix(err.Error(), "f line 1: "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.settings, got, c.want)
		}
	}
	for _, taken := range []string{"group.min.session.timeout.ms=10\ngroup.max.session.timeout.ms=5",
		"group.consumer.heartbeat.interval.ms=15000", "group.consumer.session.timeout.ms=60000",
		"group.consumer.assignment.interval.ms=0"} {
		if _, _, err := config.Load(config.Sources{File: taken}); err != nil {
			t.Errorf("%s: %v", taken, err)
		}
	}
}

// TestWhatHasNoEffectHereIsSaid: share and streams groups are Kafka's.
func TestWhatHasNoEffectHereIsSaid(t *testing.T) {
	for setting, want := range map[string]string{
		"group.coordinator.rebalance.protocols=classic,consumer,streams": "line 1: streams in" +
			" group.coordinator.rebalance.protocols is taken and has no effect. ",
		"group.coordinator.append.linger.ms=5": "line 1: group.coordinator.append.linger.ms is taken" +
			" and has no effect. ",
		"group.streams.max.size=5": "line 1: group.streams.max.size is taken and has no effect: it is" +
			" about streams groups",
		"group.coordinator.threads=5": "line 1: group.coordinator.threads is taken and has no effect:",
	} {
		_, warnings, err := config.Load(config.Sources{File: setting})
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], want) {
			t.Errorf("%s: %v %v", setting, warnings, err)
		}
	}
}

// TestAnIntervalStaysWithinNewLimits: what was set while the node ran may lie
// outside of what it was started with later.
func TestAnIntervalStaysWithinNewLimits(t *testing.T) {
	layers := config.Layers{Broker: some{"group.consumer.assignment.interval.ms": "14000"},
		AllBrokers: config.Nothing{}, Static: some{"group.consumer.max.assignment.interval.ms": "3000"}}
	if got := layers.GroupSettings().Consumer.AssignmentIntervalMs; got != 3000 {
		t.Error(got)
	}
	layers.Static = config.Nothing{}
	if got := layers.GroupSettings().Consumer.AssignmentIntervalMs; got != 14000 {
		t.Error(got)
	}
}
