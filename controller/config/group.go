package config

import (
	"fmt"
	"strings"

	"odradek/core/assert"
)

// Names of a group's own settings. Source: Kafka 4.3, GroupConfig; KIP-848.
const (
	GroupAssignmentIntervalMs = "consumer.assignment.interval.ms"
	GroupHeartbeatIntervalMs  = "consumer.heartbeat.interval.ms"
	GroupSessionTimeoutMs     = "consumer.session.timeout.ms"
)

// groupDefinitions is ordered by name. Kafka's settings of share and streams
// groups are not here: there are no such groups.
//
//tidy:allow package-variable a read-only table
var groupDefinitions = [...]Definition{
	{Name: GroupAssignmentIntervalMs, Type: Int, Default: "1000", Importance: Medium,
		check:    least(0),
		Synonyms: follows(ConsumerAssignmentIntervalMs),
		Doc: "How many milliseconds pass at least between two assignments of the group, so that" +
			" members who come together are assigned together; 0 makes one for every change."},
	{Name: GroupHeartbeatIntervalMs, Type: Int, Default: "5000", Importance: Medium,
		check:    least(1),
		Synonyms: follows(ConsumerHeartbeatIntervalMs),
		Doc: "Every how many milliseconds a member of the group is told to send a heartbeat. It must" +
			" be less than consumer.session.timeout.ms."},
	{Name: GroupSessionTimeoutMs, Type: Int, Default: "45000", Importance: Medium,
		check:    least(1),
		Synonyms: follows(ConsumerSessionTimeoutMs),
		Doc: "After how many milliseconds without a heartbeat a member of the group is taken for" +
			" gone."},
}

// Group returns the definition of a group's setting; ok is false when there is
// none of that name.
func Group(name string) (definition *Definition, ok bool) {
	return find(groupDefinitions[:], name)
}

// Groups returns the definitions of all of a group's settings, by name. They
// must not be changed.
func Groups() []Definition { return groupDefinitions[:] }

// WhyNoGroupSetting is the sentence about a name that is none of Groups.
func WhyNoGroupSetting(name string) string {
	for _, absent := range []struct{ prefix, reason string }{
		{"share.", noShare}, {"streams.", noStreams},
	} {
		if strings.HasPrefix(name, absent.prefix) {
			return name + " " + absent.reason
		}
	}
	return "Unknown group config name: " + name
}

// GroupConfig is what holds for one group of the consumer protocol. All times
// are in milliseconds.
type GroupConfig struct {
	// SessionTimeoutMs and the others lie within the limits of
	// ConsumerGroupSettings. HeartbeatIntervalMs < SessionTimeoutMs, unless the node
	// was started with other limits after the group's settings were checked.
	SessionTimeoutMs     int64
	HeartbeatIntervalMs  int64
	AssignmentIntervalMs int64
}

// GroupConfig returns the settings of a group as they hold now. What was set for
// it comes in; use Nothing for a group that set nothing. What lies outside of the
// node's limits is brought within them, as Kafka does it.
func (l Layers) GroupConfig(group Overrides) GroupConfig {
	of := func(name string) int64 {
		return bounded(number(l.GroupValue(group, name)), l.groupLimits(name))
	}
	return GroupConfig{
		SessionTimeoutMs:     of(GroupSessionTimeoutMs),
		HeartbeatIntervalMs:  of(GroupHeartbeatIntervalMs),
		AssignmentIntervalMs: of(GroupAssignmentIntervalMs),
	}
}

// GroupValue returns a group's setting as it was set, in canonical form. The
// name must be one of Groups.
func (l Layers) GroupValue(group Overrides, name string) string {
	definition, known := Group(name)
	assert.That(known, "a group is only asked for settings there are")
	return l.OwnValue(group, definition)
}

// groupBounds are the names of the node's settings that bound a group's.
func groupBounds(name string) (low, high string) {
	switch name {
	case GroupSessionTimeoutMs:
		return ConsumerMinSessionTimeoutMs, ConsumerMaxSessionTimeoutMs
	case GroupHeartbeatIntervalMs:
		return ConsumerMinHeartbeatIntervalMs, ConsumerMaxHeartbeatIntervalMs
	}
	return ConsumerMinAssignmentIntervalMs, ConsumerMaxAssignmentIntervalMs
}

func (l Layers) groupLimits(name string) limits {
	lowName, highName := groupBounds(name)
	low, _, _ := l.BrokerValue(lowName)
	high, _, _ := l.BrokerValue(highName)
	return limits{number(low), number(high)}
}

// CheckGroup checks what was set for a group, one by one and together. The error
// is an *InvalidValue in Kafka's words. Source: Kafka, GroupConfig.validate.
func (l Layers) CheckGroup(group Overrides) error {
	for i := range groupDefinitions {
		if value, ok := group.Get(groupDefinitions[i].Name); ok {
			if _, err := groupDefinitions[i].Canonical(value); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{GroupHeartbeatIntervalMs, GroupSessionTimeoutMs,
		GroupAssignmentIntervalMs} {
		written, ok := group.Get(name)
		if !ok {
			continue
		}
		value, limits := number(l.GroupValue(group, name)), l.groupLimits(name)
		low, high := groupBounds(name)
		problem := ""
		if value < limits.low {
			problem = fmt.Sprintf("%s must be greater than or equal to %s", name, low)
		} else if value > limits.high {
			problem = fmt.Sprintf("%s must be less than or equal to %s", name, high)
		}
		if problem != "" {
			return &InvalidValue{Name: name, Value: written, Whole: true, Problem: problem}
		}
	}
	session := l.GroupValue(group, GroupSessionTimeoutMs)
	if number(session) <= number(l.GroupValue(group, GroupHeartbeatIntervalMs)) {
		return &InvalidValue{Name: GroupSessionTimeoutMs, Value: session, Whole: true,
			Problem: GroupSessionTimeoutMs + " must be greater than " + GroupHeartbeatIntervalMs}
	}
	return nil
}
