package config_test

import (
	"strings"
	"testing"

	"odradek/controller/config"
)

// TestAGroupFollowsTheNode: its own settings count before the node's, and the
// node's limits before both.
func TestAGroupFollowsTheNode(t *testing.T) {
	layers := config.Layers{Broker: config.Nothing{}, AllBrokers: config.Nothing{},
		Static: config.Nothing{}}
	var group config.Overrides = config.Nothing{}
	check := func(what string, session, heartbeat, assignment int64) {
		t.Helper()
		want := config.GroupConfig{SessionTimeoutMs: session, HeartbeatIntervalMs: heartbeat,
			AssignmentIntervalMs: assignment}
		if got := layers.GroupConfig(group); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("nothing is set", 45000, 5000, 1000)
	layers.Static = some{"group.consumer.session.timeout.ms": "50000",
		"group.consumer.heartbeat.interval.ms": "6000"}
	check("the node is started with", 50000, 6000, 1000)
	layers.AllBrokers = some{"group.consumer.assignment.interval.ms": "2000"}
	check("all brokers are told", 50000, 6000, 2000)
	layers.Broker = some{"group.consumer.assignment.interval.ms": "3000"}
	check("the broker is told", 50000, 6000, 3000)
	group = some{"consumer.session.timeout.ms": " +55000 ", "consumer.assignment.interval.ms": "0"}
	check("the group is told", 55000, 6000, 0)
	layers.Static = some{"group.consumer.max.session.timeout.ms": "50000",
		"group.consumer.min.assignment.interval.ms": "500"}
	check("the node has other limits since", 50000, 5000, 500)
	group = some{"consumer.session.timeout.ms": "nonsense of another version"}
	check("not understood", 45000, 5000, 3000)
}

// TestWhyAGroupHasNoSuchSetting: what Kafka has and what it has not.
func TestWhyAGroupHasNoSuchSetting(t *testing.T) {
	for name, want := range map[string]string{
		"share.isolation.level":      "is about share groups",
		"streams.session.timeout.ms": "is about streams groups",
		"shared":                     "Unknown group config name: shared",
		"retention.ms":               "Unknown group config name: retention.ms",
	} {
		if got := config.WhyNoGroupSetting(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
